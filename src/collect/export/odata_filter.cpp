#include "collect/export/odata_filter.h"

#include <algorithm>
#include <chrono>

#include "collect/export/odata_reader.h"
#include "foundation/text.h"

namespace understory::collect {

namespace {

// The parts of a moment on the calendar and clock of the place it was told at.
Value part_of(const Value& moment, int which) {
  using namespace std::chrono;
  const sys_time<milliseconds> local{milliseconds(moment.moment + moment.zone * 60'000LL)};
  const auto midnight = floor<days>(local);
  const year_month_day date(midnight);
  const hh_mm_ss time(local - midnight);
  switch (which) {
    case 0: return Value::of(static_cast<double>(static_cast<int>(date.year())));
    case 1: return Value::of(static_cast<double>(static_cast<unsigned>(date.month())));
    case 2: return Value::of(static_cast<double>(static_cast<unsigned>(date.day())));
    case 3: return Value::of(static_cast<double>(time.hours().count()));
    case 4: return Value::of(static_cast<double>(time.minutes().count()));
    default: return Value::of(static_cast<double>(time.seconds().count()));
  }
}

double characters(std::string_view text) {
  return static_cast<double>(std::count_if(text.begin(), text.end(), [](char byte) { return (byte & 0xC0) != 0x80; }));
}

}  // namespace

Result<ODataFilter> ODataFilter::read(std::string_view text, const Outline& outline, const ODataNames& names,
                                      int table) {
  ODataFilter filter;
  ODataReader reader(text, "$filter", outline, names, table, filter);
  TRY(reader.check_length());
  if (reader.at_end()) return filter;
  filter.root_ = TRY(reader.read_or());
  if (!reader.at_end()) return reader.unexpected();
  const Term& root = filter.terms_[static_cast<std::size_t>(filter.root_)];
  if (root.sort != Sort::kTruth && root.sort != Sort::kNull)
    return reader.bad(root.at, "this is " + std::string(name_of(root.sort)) + ", and neither yes nor no");
  return filter;
}

bool ODataFilter::lets_through(const RowView& row) const {
  if (root_ < 0) return true;
  const Value found = value(root_, row);
  return found.sort == Sort::kTruth && found.truth;
}

Value ODataFilter::value(int index, const RowView& row) const {
  const Term& term = terms_[static_cast<std::size_t>(index)];
  switch (term.act) {
    case Act::kLiteral: return term.literal;
    case Act::kField: return field_value(term.field, row);
    case Act::kAnd:
    case Act::kOr: {
      // The side that decides needs no other: no and anything is no, yes or anything is yes.
      const bool decides = term.act == Act::kOr;
      const Value left = value(term.of[0], row);
      if (left.sort == Sort::kTruth && left.truth == decides) return left;
      const Value right = value(term.of[1], row);
      if (right.sort == Sort::kTruth && right.truth == decides) return right;
      return left.sort == Sort::kNull ? left : right;
    }
    case Act::kNot: {
      Value of = value(term.of[0], row);
      of.truth = !of.truth;
      return of;
    }
    case Act::kIn: {
      const Value left = value(term.of[0], row);
      for (std::size_t i = 1; i < term.of.size(); ++i)
        if (collect::compare(left, value(term.of[i], row)) == 0) return Value::of(true);
      return Value::of(false);
    }
    default: return call(term, row);
  }
}

Value ODataFilter::call(const Term& term, const RowView& row) const {
  const Value first = value(term.of[0], row);
  const Value second = term.of.size() > 1 ? value(term.of[1], row) : Value();
  if (term.act >= Act::kEqual && term.act <= Act::kGreaterEqual) {
    const int order = collect::compare(first, second);
    if (term.act == Act::kEqual) return Value::of(order == 0);
    if (term.act == Act::kNotEqual) return Value::of(order != 0);
    if (first.sort == Sort::kNull || second.sort == Sort::kNull) return Value::of(false);
    if (term.act == Act::kLess) return Value::of(order < 0);
    if (term.act == Act::kLessEqual) return Value::of(order <= 0);
    if (term.act == Act::kGreater) return Value::of(order > 0);
    return Value::of(order >= 0);
  }
  if (first.sort == Sort::kNull || (term.of.size() > 1 && second.sort == Sort::kNull)) return {};
  switch (term.act) {
    case Act::kContains: return Value::of(first.text.find(second.text) != std::string::npos);
    case Act::kStartsWith: return Value::of(first.text.rfind(second.text, 0) == 0);
    case Act::kEndsWith:
      return Value::of(first.text.size() >= second.text.size() &&
                       first.text.compare(first.text.size() - second.text.size(), std::string::npos, second.text) == 0);
    case Act::kToLower: return Value::of(std::string_view(lower_case(first.text)));
    case Act::kToUpper: return Value::of(std::string_view(upper_case(first.text)));
    case Act::kTrim: return Value::of(trim(first.text));
    case Act::kLength: return Value::of(characters(first.text));
    default: return part_of(first, static_cast<int>(term.act) - static_cast<int>(Act::kYear));
  }
}

Result<ODataOrder> ODataOrder::read(std::string_view text, const Outline& outline, const ODataNames& names, int table) {
  ODataOrder order;
  ODataReader reader(text, "$orderby", outline, names, table, order.terms_);
  TRY(reader.check_length());
  if (reader.at_end()) return order;
  do {
    const std::size_t at = reader.at();
    const int term = TRY(reader.read_primary());
    if (order.terms_.terms_[static_cast<std::size_t>(term)].sort == Sort::kPlace)
      return reader.bad(at, "places have no order");
    const bool falling = reader.take_word("desc");
    if (!falling) reader.take_word("asc");
    order.by_.push_back({term, falling});
  } while (reader.take(','));
  if (!reader.at_end()) return reader.unexpected();
  return order;
}

std::vector<Value> ODataOrder::keys(const RowView& row) const {
  std::vector<Value> keys;
  for (const By& by : by_) keys.push_back(terms_.value(by.term, row));
  return keys;
}

int ODataOrder::compare(const std::vector<Value>& left, const std::vector<Value>& right) const {
  for (std::size_t i = 0; i < by_.size(); ++i)
    if (const int order = collect::compare(left[i], right[i]); order != 0) return by_[i].falling ? -order : order;
  return 0;
}

}  // namespace understory::collect
