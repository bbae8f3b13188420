#include <algorithm>
#include <charconv>

#include "collect/expression_parts.h"
#include "foundation/text.h"

namespace understory::collect {

namespace expressions {

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }));
}

namespace {

constexpr std::size_t kLengthLimit = 100'000;
constexpr int kDepthLimit = 300;

bool begins_name(char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_' || (c & 0x80); }
bool in_name(char c) { return begins_name(c) || std::isdigit(static_cast<unsigned char>(c)) || c == '-' || c == '.'; }

struct Binding {
  std::string_view sign;
  Operator op;
  int strength;
};
// Longer signs before those they begin with.
constexpr Binding kBindings[] = {
    {"or", Operator::kOr, 1},      {"and", Operator::kAnd, 2},      {"!=", Operator::kUnequal, 3},
    {"=", Operator::kEqual, 3},    {"<=", Operator::kLessEqual, 4}, {">=", Operator::kMoreEqual, 4},
    {"<", Operator::kLess, 4},     {">", Operator::kMore, 4},       {"+", Operator::kPlus, 5},
    {"-", Operator::kMinus, 5},    {"*", Operator::kTimes, 6},      {"div", Operator::kDivide, 6},
    {"mod", Operator::kModulo, 6}, {"|", Operator::kUnion, 8},
};
constexpr int kNegation = 7;

class Parser {
 public:
  explicit Parser(std::string_view text, Expression::Parsed& parsed) : text_(text), parsed_(parsed) {}

  Result<void> parse() {
    if (text_.size() > kLengthLimit) return bad("it is longer than 100,000 bytes");
    parsed_.root = TRY(expression(0));
    skip();
    if (at_ < text_.size()) return bad(text_[at_] == ')' ? "this ) closes nothing" : "nothing was expected here");
    return {};
  }

 private:
  tl::unexpected<Problem> bad(std::string reason) const {
    const std::size_t at = std::min(at_, text_.size());
    return fail(problems::kBadExpression, {{"expression", std::string(shortened(text_, 300))},
                                           {"at", std::to_string(1 + characters(text_.substr(0, at)))},
                                           {"reason", std::move(reason)}});
  }

  void skip() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
  }
  bool sees(std::string_view sign) {
    skip();
    return text_.substr(at_, sign.size()) == sign;
  }
  bool takes(std::string_view sign) {
    if (!sees(sign)) return false;
    at_ += sign.size();
    return true;
  }

  int add(Term term) {
    for (int part : term.parts) term.depth = std::max(term.depth, 1 + depth_of(part));
    for (int predicate : term.predicates) term.depth = std::max(term.depth, 1 + depth_of(predicate));
    for (const Step& step : term.steps)
      for (int predicate : step.predicates) term.depth = std::max(term.depth, 1 + depth_of(predicate));
    parsed_.terms.push_back(std::move(term));
    return static_cast<int>(parsed_.terms.size()) - 1;
  }
  int depth_of(int term) const { return parsed_.terms[static_cast<std::size_t>(term)].depth; }

  const Binding* operator_here() {
    skip();
    for (const Binding& binding : kBindings) {
      if (text_.substr(at_, binding.sign.size()) != binding.sign) continue;
      const std::size_t end = at_ + binding.sign.size();
      if (begins_name(binding.sign[0]) && end < text_.size() && in_name(text_[end])) continue;
      return &binding;
    }
    return nullptr;
  }

  // A chain of one operator ("a or b or c …") is one term, however long.
  Result<int> expression(int weakest) {
    if (++nested_ > kDepthLimit) return bad("it is nested too deep");
    int left = TRY(operand());
    int chain = -1;  // the term the last operator here was added to: (a or b) or c are two
    for (const Binding* binding = operator_here(); binding && binding->strength > weakest; binding = operator_here()) {
      at_ += binding->sign.size();
      const int right = TRY(expression(binding->strength));
      Term& before = parsed_.terms[static_cast<std::size_t>(left)];
      if (before.kind == Term::Kind::kOperator && before.op == binding->op && chain == left) {
        before.parts.push_back(right);
        before.depth = std::max(before.depth, 1 + depth_of(right));
      } else {
        Term term;
        term.kind = Term::Kind::kOperator;
        term.op = binding->op;
        term.parts = {left, right};
        left = add(std::move(term));
      }
      chain = left;
      if (depth_of(left) > kDepthLimit) return bad("it is nested too deep");
    }
    --nested_;
    return left;
  }

  Result<int> operand() {
    if (takes("-")) {
      Term term;
      term.kind = Term::Kind::kNegate;
      term.parts = { TRY(expression(kNegation)) };
      return add(std::move(term));
    }
    return path();
  }

  Result<int> path() {
    skip();
    if (at_ >= text_.size()) return bad("something is missing at the end");
    const char c = text_[at_];
    Term term;
    term.kind = Term::Kind::kPath;
    if (c == '/') {
      term.from = Term::From::kRoot;
      if (takes("//"))
        term.steps.push_back({Axis::kDescendantOrSelf, "*", {}});
      else if (++at_; !step_here())
        return add(std::move(term));
      TRY(steps(term));
      return add(std::move(term));
    }
    if (c == '$') return bad("variables are not known in forms");
    if (step_here() && !call_here()) {
      TRY(steps(term));
      return add(std::move(term));
    }
    const int part = TRY(primary());
    while (sees("[")) term.predicates.push_back(TRY(predicate()));
    if (!sees("/") && term.predicates.empty()) return part;
    term.from = Term::From::kPart;
    term.parts = {part};
    if (takes("//"))
      term.steps.push_back({Axis::kDescendantOrSelf, "*", {}});
    else if (!takes("/"))
      return add(std::move(term));
    TRY(steps(term));
    return add(std::move(term));
  }

  bool step_here() {
    skip();
    if (at_ >= text_.size()) return false;
    const char c = text_[at_];
    if (c == '.') return at_ + 1 >= text_.size() || !std::isdigit(static_cast<unsigned char>(text_[at_ + 1]));
    return c == '@' || c == '*' || begins_name(c);
  }

  // A name with "(" behind it that is no test of a node's kind.
  bool call_here() {
    std::size_t end = at_;
    while (end < text_.size() && (in_name(text_[end]) || text_[end] == ':')) ++end;
    const std::string_view name = text_.substr(at_, end - at_);
    while (end < text_.size() && std::isspace(static_cast<unsigned char>(text_[end]))) ++end;
    return end < text_.size() && text_[end] == '(' && name != "node" && name != "text" &&
           name.find("::") == std::string_view::npos;
  }

  Result<void> steps(Term& term) {
    do {
      if (term.steps.size() > 1'000) return bad("the path is too long");
      TRY(step(term));
      if (takes("//")) {
        term.steps.push_back({Axis::kDescendantOrSelf, "*", {}});
        continue;
      }
      if (!takes("/")) return {};
    } while (true);
  }

  std::string_view name() {
    skip();
    const std::size_t begin = at_;
    if (at_ < text_.size() && begins_name(text_[at_]))
      while (at_ < text_.size() && in_name(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  Result<void> step(Term& term) {
    Step step;
    skip();
    if (takes("..")) {
      step.axis = Axis::kParent;
      step.name = "*";
    } else if (takes(".")) {
      step.axis = Axis::kSelf;
      step.name = "*";
    } else {
      if (takes("@")) {
        step.axis = Axis::kAttribute;
      } else {
        const std::size_t begin = at_;
        const std::string_view axis = name();
        if (!axis.empty() && takes("::")) {
          const auto known = axis_of(axis);
          at_ = known ? at_ : begin;
          if (!known) return bad("this axis is not known");
          step.axis = *known;
        } else {
          at_ = begin;
        }
      }
      if (takes("*")) {
        step.name = "*";
      } else {
        std::string_view tested = name();
        if (tested.empty()) return bad("a name was expected here");
        if (at_ < text_.size() && text_[at_] == ':' && text_.substr(at_, 2) != "::") {
          ++at_;  // the prefix: names are told apart without
          if (takes("*"))
            tested = "*";
          else
            tested = name();
          if (tested.empty()) return bad("a name was expected here");
        }
        if ((tested == "node" || tested == "text") && takes("(")) {
          if (!takes(")")) return bad("a ) was expected here");
          if (tested == "text") step.axis = Axis::kSelf;  // an element's text is its value here
          tested = "*";
        }
        step.name = tested;
      }
    }
    while (sees("[")) step.predicates.push_back(TRY(predicate()));
    term.steps.push_back(std::move(step));
    return {};
  }

  static std::optional<Axis> axis_of(std::string_view name) {
    if (name == "child") return Axis::kChild;
    if (name == "parent") return Axis::kParent;
    if (name == "self") return Axis::kSelf;
    if (name == "attribute") return Axis::kAttribute;
    if (name == "descendant") return Axis::kDescendant;
    if (name == "descendant-or-self") return Axis::kDescendantOrSelf;
    if (name == "ancestor") return Axis::kAncestor;
    if (name == "ancestor-or-self") return Axis::kAncestorOrSelf;
    if (name == "following-sibling") return Axis::kFollowingSibling;
    if (name == "preceding-sibling") return Axis::kPrecedingSibling;
    return std::nullopt;
  }

  Result<int> predicate() {
    takes("[");
    const int inside = TRY(expression(0));
    if (!takes("]")) return bad("a ] was expected here");
    return inside;
  }

  Result<int> primary() {
    skip();
    const char c = text_[at_];
    Term term;
    if (takes("(")) {
      const int inside = TRY(expression(0));
      if (!takes(")")) return bad("a ) was expected here");
      return inside;
    }
    if (c == '\'' || c == '"') {
      const std::size_t end = text_.find(c, at_ + 1);
      if (end == std::string_view::npos) return bad("this quotation mark is never closed");
      term.kind = Term::Kind::kText;
      term.text = text_.substr(at_ + 1, end - at_ - 1);
      at_ = end + 1;
      return add(std::move(term));
    }
    if (std::isdigit(static_cast<unsigned char>(c)) || c == '.') {
      const std::size_t begin = at_;
      while (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_]))) ++at_;
      if (at_ < text_.size() && text_[at_] == '.') ++at_;
      while (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_]))) ++at_;
      term.kind = Term::Kind::kNumber;
      std::from_chars(text_.data() + begin, text_.data() + at_, term.number, std::chars_format::fixed);
      return add(std::move(term));
    }
    if (begins_name(c) && call_here()) return call();
    return bad("this cannot stand here");
  }

  Result<int> call() {
    Term term;
    term.kind = Term::Kind::kCall;
    const std::size_t begin = at_;
    while (at_ < text_.size() && (in_name(text_[at_]) || text_[at_] == ':')) ++at_;
    term.text = text_.substr(begin, at_ - begin);
    term.function = find_function(term.text);
    if (!term.function) parsed_.unknown.push_back(term.text);
    takes("(");
    if (!takes(")")) {
      do {
        if (term.parts.size() >= kAny) return bad("there are too many arguments");
        term.parts.push_back(TRY(expression(0)));
      } while (takes(","));
      if (!takes(")")) return bad("a ) was expected here");
    }
    return add(std::move(term));
  }

  std::string_view text_;
  Expression::Parsed& parsed_;
  std::size_t at_ = 0;
  int nested_ = 0;
};

}  // namespace

const Function* find_function(std::string_view name) {
  for (const Function* functions : {kTextFunctions, kNumberFunctions, kDateFunctions, kNodeFunctions, kPlaceFunctions})
    for (; !functions->name.empty(); ++functions)
      if (functions->name == name) return functions;
  return nullptr;
}

}  // namespace expressions

Result<Expression> Expression::parse(std::string_view text) {
  auto parsed = std::make_shared<Parsed>();
  parsed->text = text;
  TRY(expressions::Parser(parsed->text, *parsed).parse());
  Expression expression;
  expression.parsed_ = std::move(parsed);
  return expression;
}

const std::string& Expression::text() const { return parsed_->text; }
const std::vector<std::string>& Expression::unknown_functions() const { return parsed_->unknown; }

}  // namespace understory::collect
