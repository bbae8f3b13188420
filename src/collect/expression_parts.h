// An expression as it is parsed, and what functions may ask of the one who evaluates. Used by expression*.cpp,
// and by answers.cpp for its dates.
#pragma once
#include <limits>
#include <optional>

#include "collect/expression.h"

namespace understory::collect {

namespace expressions {

enum class Axis {
  kChild,
  kParent,
  kSelf,
  kAttribute,
  kDescendant,
  kDescendantOrSelf,
  kAncestor,
  kAncestorOrSelf,
  kFollowingSibling,
  kPrecedingSibling
};

struct Step {
  Axis axis = Axis::kChild;
  std::string name;  // without prefix; "*": any
  std::vector<int> predicates;
};

enum class Operator {
  kOr,
  kAnd,
  kEqual,
  kUnequal,
  kLess,
  kLessEqual,
  kMore,
  kMoreEqual,
  kPlus,
  kMinus,
  kTimes,
  kDivide,
  kModulo,
  kUnion
};

struct Function;

struct Term {
  enum class Kind { kNumber, kText, kNegate, kOperator, kCall, kPath };
  enum class From { kContext, kRoot, kPart };  // where a path begins
  Kind kind = Kind::kNumber;
  Operator op = Operator::kOr;
  double number = 0;
  std::string text;        // the literal; the function's name
  std::vector<int> parts;  // operands, arguments; of a path from a part: that part
  From from = From::kContext;
  std::vector<int> predicates;  // of the part
  std::vector<Step> steps;
  const Function* function = nullptr;
  int depth = 1;
};

constexpr double kNoNumber = std::numeric_limits<double>::quiet_NaN();

class Evaluator {
 public:
  Evaluator(const Expression::Parsed& parsed, const Scope& scope);

  struct Place {  // what is looked at while a part is evaluated
    Found node;
    std::size_t position = 1, size = 1;
  };
  Value evaluate(int term, const Place& place);
  // The nodes of a path, each copy of a repeat (no pinning to the one the expression stands in).
  Nodes every(int term, const Place& place);

  // The nodes of a path whose last step is not pinned: count(/data/child), standing in a child, is of all children.
  Nodes open_nodes(int term, const Place& place);

  const Scope& scope() const { return scope_; }
  // False once the budget is used up: then everything ends quickly, and its result is nobody's.
  bool spend(std::size_t steps);
  void stop(std::string reason);
  const std::string& stopped() const { return stopped_; }

 private:
  Value operate(const Term& term, const Place& place);
  bool compare(Operator op, const Value& left, const Value& right);
  Nodes walk(const Term& term, const Place& place, bool last_open);
  void take_step(const Step& step, const Found& from, Nodes& found);
  void keep(Nodes& nodes, const std::vector<int>& predicates);
  Nodes in_document_order(Nodes nodes);

  const Expression::Parsed& parsed_;
  const Scope& scope_;
  std::int64_t own_budget_ = 10'000'000;
  std::int64_t* budget_;
  bool pin_ = true;
  std::string stopped_;
};

// A call of a function: its arguments are evaluated when they are asked for.
class Call {
 public:
  Call(Evaluator& evaluator, const Term& term, const Evaluator::Place& place)
      : evaluator_(evaluator), term_(term), place_(place) {}
  std::size_t count() const { return term_.parts.size(); }
  Value value(std::size_t i) { return evaluator_.evaluate(term_.parts[i], place_); }
  std::string text(std::size_t i) { return value(i).text(); }
  double number(std::size_t i) { return value(i).number(scope().offset_minutes); }
  bool truth(std::size_t i) { return value(i).truth(); }
  // Nodes of a path; a value that is none gives none.
  Nodes nodes(std::size_t i);
  Nodes every(std::size_t i) { return evaluator_.every(term_.parts[i], place_); }
  Nodes open_nodes(std::size_t i) { return evaluator_.open_nodes(term_.parts[i], place_); }
  // All texts of an argument: of each node, or of the value.
  std::vector<std::string> texts(std::size_t i);
  const Scope& scope() const { return evaluator_.scope(); }
  const Evaluator::Place& place() const { return place_; }
  bool spend(std::size_t steps) { return evaluator_.spend(steps); }
  void stop(std::string reason) { evaluator_.stop(std::move(reason)); }

 private:
  Evaluator& evaluator_;
  const Term& term_;
  const Evaluator::Place& place_;
};

constexpr std::size_t kAny = 10'000;
struct Function {
  std::string_view name;
  std::size_t least, most;  // arguments
  Value (*call)(Call& call);
};
const Function* find_function(std::string_view name);
// By what they are about; each ends with a function without a name.
extern const Function kTextFunctions[], kNumberFunctions[], kDateFunctions[], kNodeFunctions[], kPlaceFunctions[];

// A moment as a date or dateTime says it. Days are whole days of the date it says; minutes are from its midnight.
struct Moment {
  std::int64_t days = 0;  // since 1970-01-01
  double seconds = 0;     // of the day
  bool timed = false;     // a dateTime
  std::optional<int> offset_minutes;
};
std::optional<Moment> moment_of(std::string_view text);
bool is_time(std::string_view text);
// The moment in local time at this offset.
Moment local(const Moment& moment, int offset_minutes);
std::string date_text(std::int64_t days);
std::vector<std::string_view> list_items(std::string_view text);  // by white space
std::size_t characters(std::string_view text);

}  // namespace expressions

struct Expression::Parsed {
  std::string text;
  std::vector<expressions::Term> terms;
  int root = 0;
  std::vector<std::string> unknown;
};

}  // namespace understory::collect
