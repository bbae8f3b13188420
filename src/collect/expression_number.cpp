// Functions about numbers.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "collect/expression_parts.h"

namespace understory::collect::expressions {

namespace {

template <double (*kFunction)(double)>
Value of_one(Call& call) {
  return kFunction(call.number(0));
}

template <double (*kFunction)(double, double)>
Value of_two(Call& call) {
  return kFunction(call.number(0), call.number(1));
}

double half_up(double number) { return std::floor(number + 0.5); }

Value round_to(Call& call) {
  const double number = call.number(0);
  if (call.count() < 2 || !std::isfinite(number)) return std::isfinite(number) ? half_up(number) : number;
  const double places = std::clamp(std::trunc(call.number(1)), -300.0, 300.0);
  if (std::isnan(places)) return kNoNumber;
  const double power = std::pow(10.0, std::abs(places));
  const double scaled = places < 0 ? number / power : number * power;
  if (std::abs(scaled) > 9e15) return number;  // it has no digits there
  // 1.005 is a little less than it says; what people read decides.
  const double rounded = half_up(scaled + std::copysign(std::abs(scaled) * 1e-15, scaled));
  return places < 0 ? rounded * power : rounded / power;
}

// Over all numbers of all arguments.
template <typename Combine>
Value over_all(Call& call, double begin, bool none_is_nothing, Combine combine) {
  double total = begin;
  bool any = false;
  for (std::size_t i = 0; i < call.count(); ++i)
    for (const std::string& each : call.texts(i)) {
      const double number = number_of(each, call.scope().offset_minutes);
      total = std::isnan(number) || std::isnan(total) ? kNoNumber : combine(total, number);
      any = true;
    }
  return any || !none_is_nothing ? total : kNoNumber;
}

Value number(Call& call) {
  if (call.count() > 0) return call.number(0);
  return number_of(call.place().node.element ? call.place().node.text() : "", call.scope().offset_minutes);
}

double exp10_of(double x) { return std::pow(10.0, x); }

}  // namespace

const Function kNumberFunctions[] = {
    {"number", 0, 1, number},
    {"int", 1, 1, of_one<std::trunc>},
    {"round", 1, 2, round_to},
    {"floor", 1, 1, of_one<std::floor>},
    {"ceiling", 1, 1, of_one<std::ceil>},
    {"abs", 1, 1, of_one<std::fabs>},
    {"pow", 2, 2, of_two<std::pow>},
    {"sqrt", 1, 1, of_one<std::sqrt>},
    {"exp", 1, 1, of_one<std::exp>},
    {"exp10", 1, 1, of_one<exp10_of>},
    {"log", 1, 1, of_one<std::log>},
    {"log10", 1, 1, of_one<std::log10>},
    {"sin", 1, 1, of_one<std::sin>},
    {"cos", 1, 1, of_one<std::cos>},
    {"tan", 1, 1, of_one<std::tan>},
    {"asin", 1, 1, of_one<std::asin>},
    {"acos", 1, 1, of_one<std::acos>},
    {"atan", 1, 1, of_one<std::atan>},
    {"atan2", 2, 2, of_two<std::atan2>},
    {"pi", 0, 0, [](Call&) -> Value { return std::numbers::pi; }},
    {"random", 0, 0, [](Call& c) -> Value { return c.scope().random ? c.scope().random() : 0.0; }},
    {"sum", 1, kAny, [](Call& c) { return over_all(c, 0, false, [](double a, double b) { return a + b; }); }},
    {"max", 1, kAny,
     [](Call& c) { return over_all(c, -HUGE_VAL, true, [](double a, double b) { return std::max(a, b); }); }},
    {"min", 1, kAny,
     [](Call& c) { return over_all(c, HUGE_VAL, true, [](double a, double b) { return std::min(a, b); }); }},
    {"", 0, 0, nullptr}};

}  // namespace understory::collect::expressions
