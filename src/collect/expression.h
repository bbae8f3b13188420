// Expressions of forms: XPath 1.0 as the ODK XForms specification has it, with ODK's functions. Pure: what it needs of
// the world (the time, chance, other lists) comes in by the Scope.
//
// Dates compare as days: number('1970-01-02') is 1. A path that leads nowhere, or only to what is not relevant, is ''
// where it is compared. An absolute path inside a repeat means the copy the expression stands in, as JavaRosa has it.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "collect/tree.h"
#include "foundation/clock.h"
#include "foundation/result.h"

namespace understory::collect {

// One element, or one of its attributes.
struct Found {
  const Element* element = nullptr;
  int attribute = -1;
  bool operator==(const Found&) const = default;
  std::string text() const;  // of an element: its own and all below it
};
using Nodes = std::vector<Found>;

struct Value : std::variant<std::string, double, bool, Nodes> {
  using variant::variant;
  std::string text() const;
  bool truth() const;
  double number() const { return number(0); }
  double number(int offset_minutes) const;  // of a dateTime: the local time's, at this offset from UTC
  const Nodes* nodes() const { return std::get_if<Nodes>(this); }
};

// 3 → "3", 0.1 → "0.1", never with an exponent; "NaN", "Infinity".
std::string said(double number);
// XPath's number of a text, and days since 1970-01-01 of a date or dateTime; NaN.
double number_of(std::string_view text, int offset_minutes);

struct Scope {
  const Element* document = nullptr;  // of the primary instance: "/" in a path
  Found context;                      // what the expression belongs to: ".", current()
  // Each may be empty: then what asks for it gets nothing.
  std::function<Tree(const std::string& id)> instance;  // whoever gives a tree keeps it while values are in use
  std::function<std::string(const std::string& value, const std::string& path)> choice_name;
  std::function<std::string(const std::string& id)> itext;
  std::function<std::string(const std::string& name)> property;
  std::function<double()> random;     // [0, 1)
  std::function<std::string()> guid;  // 36 characters
  std::string form_version;
  std::string language;  // ISO 639, for names of months and days; empty: English
  Milliseconds now = 0;
  int offset_minutes = 0;  // of local time from UTC
  // What may still be done, shared by all expressions of one recomputation: about one for each element looked at.
  std::int64_t* budget = nullptr;
};

class Expression {
 public:
  // kBadExpression with the character: not readable, longer than 100,000 bytes, nested deeper than 300.
  static Result<Expression> parse(std::string_view text);
  // kBadExpression: a function nobody knows or with the wrong number of arguments; the budget (10 million without one
  // in the scope) is used up.
  Result<Value> evaluate(const Scope& scope) const;

  const std::string& text() const;
  // Names of functions that are called and not known: evaluating them fails.
  const std::vector<std::string>& unknown_functions() const;
  // Paths of the primary instance it reads, standing at `context`: "/data/age"; one that ends in "/*" is everything
  // below. In no order, some perhaps more than once.
  std::vector<std::string> reads(const std::string& context) const;

  struct Parsed;

 private:
  std::shared_ptr<const Parsed> parsed_;
};

}  // namespace understory::collect
