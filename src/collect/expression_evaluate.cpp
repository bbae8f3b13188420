#include <algorithm>
#include <charconv>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include "collect/expression_parts.h"
#include "foundation/text.h"
#include "foundation/xml.h"

namespace understory::collect {

namespace {

constexpr std::size_t kTextLimit = 1'000'000;  // of a result: chains of concat() must not fill the memory

void gather(const Element& element, std::string& text) {
  if (text.size() > kTextLimit) return;
  text += element.text;
  for (const auto& child : element.children) gather(*child, text);
}

}  // namespace

std::string Found::text() const {
  if (attribute >= 0) return element->attributes[static_cast<std::size_t>(attribute)].second;
  if (element->children.empty()) return element->text;
  std::string text;
  gather(*element, text);
  return text;
}

std::string said(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  if (number == 0) return "0";  // no -0
  char text[400];
  const auto end = std::to_chars(text, text + sizeof text, number, std::chars_format::fixed).ptr;
  return std::string(text, end);
}

double number_of(std::string_view text, int offset_minutes) {
  text = trim(text);
  if (text.empty()) return expressions::kNoNumber;
  std::string_view digits = text[0] == '-' ? text.substr(1) : text;
  if (!digits.empty() && digits.find_first_not_of("0123456789.") == std::string_view::npos) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error == std::errc() && end == text.data() + text.size()) return number;
    return expressions::kNoNumber;
  }
  const auto moment = expressions::moment_of(text);
  if (!moment) return expressions::kNoNumber;
  const expressions::Moment here = expressions::local(*moment, offset_minutes);
  return static_cast<double>(here.days) + here.seconds / 86'400;
}

std::string Value::text() const {
  if (const auto* text = std::get_if<std::string>(this)) return *text;
  if (const auto* number = std::get_if<double>(this)) return said(*number);
  if (const auto* truth = std::get_if<bool>(this)) return *truth ? "true" : "false";
  const Nodes& nodes = std::get<Nodes>(*this);
  return nodes.empty() ? std::string() : nodes.front().text();
}

bool Value::truth() const {
  if (const auto* text = std::get_if<std::string>(this)) return !text->empty();
  if (const auto* number = std::get_if<double>(this)) return *number != 0 && !std::isnan(*number);
  if (const auto* truth = std::get_if<bool>(this)) return *truth;
  // As JavaRosa and the spec's own example have it, a node is true by its value.
  const Nodes& nodes = std::get<Nodes>(*this);
  return !nodes.empty() && (nodes.size() > 1 || !nodes.front().text().empty());
}

double Value::number(int offset_minutes) const {
  if (const auto* number = std::get_if<double>(this)) return *number;
  if (const auto* truth = std::get_if<bool>(this)) return *truth ? 1 : 0;
  return number_of(text(), offset_minutes);
}

namespace expressions {

Evaluator::Evaluator(const Expression::Parsed& parsed, const Scope& scope)
    : parsed_(parsed), scope_(scope), budget_(scope.budget ? scope.budget : &own_budget_) {}

bool Evaluator::spend(std::size_t steps) {
  *budget_ -= static_cast<std::int64_t>(steps);
  if (*budget_ < 0) stop("it takes too long");
  return stopped_.empty();
}

void Evaluator::stop(std::string reason) {
  if (stopped_.empty()) stopped_ = std::move(reason);
}

Value Evaluator::evaluate(int index, const Place& place) {
  if (!spend(1)) return std::string();
  const Term& term = parsed_.terms[static_cast<std::size_t>(index)];
  switch (term.kind) {
    case Term::Kind::kNumber: return term.number;
    case Term::Kind::kText: return term.text;
    case Term::Kind::kNegate: return -evaluate(term.parts[0], place).number(scope_.offset_minutes);
    case Term::Kind::kOperator: return operate(term, place);
    case Term::Kind::kPath: return walk(term, place, false);
    case Term::Kind::kCall: break;
  }
  if (!term.function) {
    stop("the function " + term.text + "() is not known");
    return std::string();
  }
  if (term.parts.size() < term.function->least || term.parts.size() > term.function->most) {
    stop(term.text + "() cannot have " + std::to_string(term.parts.size()) + " arguments");
    return std::string();
  }
  Call call(*this, term, place);
  Value value = term.function->call(call);
  if (const auto* text = std::get_if<std::string>(&value)) {
    spend(text->size() / 64);
    if (text->size() > kTextLimit) stop("its result is longer than a million bytes");
  }
  return value;
}

Nodes Evaluator::every(int index, const Place& place) {
  const bool before = std::exchange(pin_, false);
  const Value value = evaluate(index, place);
  pin_ = before;
  return value.nodes() ? *value.nodes() : Nodes{};
}

namespace {

bool ordered(Operator op, double left, double right) {
  switch (op) {
    case Operator::kLess: return left < right;
    case Operator::kLessEqual: return left <= right;
    case Operator::kMore: return left > right;
    case Operator::kMoreEqual: return left >= right;
    case Operator::kEqual: return left == right;
    default: return !(left == right);
  }
}

bool equal_texts(const std::string& left, const std::string& right, int offset) {
  if (left == right) return true;
  // "2024-01-01" and "2024-01-01T00:00:00.000+07:00" are one moment, however they are written.
  if (left.size() < 10 || right.size() < 10 || left.size() == right.size() || left[4] != '-' || right[4] != '-')
    return false;
  return moment_of(left) && moment_of(right) && number_of(left, offset) == number_of(right, offset);
}

}  // namespace

bool Evaluator::compare(Operator op, const Value& left, const Value& right) {
  const int offset = scope_.offset_minutes;
  const bool equality = op == Operator::kEqual || op == Operator::kUnequal;
  // Each node against each: true if it is for any two. No nodes are ''.
  const Nodes* many = left.nodes() && left.nodes()->size() > 1 ? left.nodes() : nullptr;
  if (many && !std::holds_alternative<bool>(right)) {
    for (const Found& each : *many) {
      if (!spend(1)) return false;
      if (compare(op, each.text(), right)) return true;
    }
    return false;
  }
  if (right.nodes() && right.nodes()->size() > 1 && !std::holds_alternative<bool>(left)) {
    for (const Found& each : *right.nodes()) {
      if (!spend(1)) return false;
      if (compare(op, left, each.text())) return true;
    }
    return false;
  }
  if (!equality) return ordered(op, left.number(offset), right.number(offset));
  if (std::holds_alternative<bool>(left) || std::holds_alternative<bool>(right))
    return (left.truth() == right.truth()) == (op == Operator::kEqual);
  if (std::holds_alternative<double>(left) || std::holds_alternative<double>(right))
    return ordered(op, left.number(offset), right.number(offset));
  return equal_texts(left.text(), right.text(), offset) == (op == Operator::kEqual);
}

Value Evaluator::operate(const Term& term, const Place& place) {
  const int offset = scope_.offset_minutes;
  if (term.op == Operator::kOr || term.op == Operator::kAnd) {
    const bool decides = term.op == Operator::kOr;
    for (int part : term.parts)
      if (evaluate(part, place).truth() == decides) return decides;
    return !decides;
  }
  Value left = evaluate(term.parts[0], place);
  for (std::size_t i = 1; i < term.parts.size() && stopped_.empty(); ++i) {
    const Value right = evaluate(term.parts[i], place);
    const auto a = [&] { return left.number(offset); };
    const auto b = [&] { return right.number(offset); };
    switch (term.op) {
      case Operator::kPlus: left = a() + b(); break;
      case Operator::kMinus: left = a() - b(); break;
      case Operator::kTimes: left = a() * b(); break;
      case Operator::kDivide: left = a() / b(); break;
      case Operator::kModulo: left = std::fmod(a(), b()); break;
      case Operator::kUnion: {
        Nodes nodes = left.nodes() ? *left.nodes() : Nodes{};
        if (right.nodes()) nodes.insert(nodes.end(), right.nodes()->begin(), right.nodes()->end());
        left = in_document_order(std::move(nodes));
        break;
      }
      default: left = compare(term.op, left, right);
    }
  }
  return left;
}

namespace {

void number_all(const Element& element, std::unordered_map<const Element*, std::size_t>& numbers) {
  numbers.emplace(&element, numbers.size());
  for (const auto& child : element.children) number_all(*child, numbers);
}

}  // namespace

// Each node once, in the order of its document.
Nodes Evaluator::in_document_order(Nodes nodes) {
  std::unordered_map<const Element*, std::size_t> numbers;
  std::unordered_set<const Element*> documents;
  for (const Found& each : nodes)
    if (const Element& document = each.element->document(); documents.insert(&document).second)
      number_all(document, numbers);
  if (!spend(numbers.size() + nodes.size())) return {};
  std::stable_sort(nodes.begin(), nodes.end(), [&](const Found& a, const Found& b) {
    return std::pair(numbers[a.element], a.attribute) < std::pair(numbers[b.element], b.attribute);
  });
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  return nodes;
}

Nodes Evaluator::open_nodes(int index, const Place& place) {
  const Term& term = parsed_.terms[static_cast<std::size_t>(index)];
  if (term.kind == Term::Kind::kPath) return walk(term, place, true);
  const Value value = evaluate(index, place);
  return value.nodes() ? *value.nodes() : Nodes{};
}

Nodes Evaluator::walk(const Term& term, const Place& place, bool last_open) {
  Nodes nodes;
  const Element* pinned = nullptr;     // the element a step stands at that the context lies in
  std::vector<const Element*> around;  // the context and what it lies in, from outside in
  if (term.from == Term::From::kRoot) {
    if (!scope_.document) return {};
    nodes.push_back({scope_.document, -1});
    if (pin_)
      for (const Element* above = scope_.context.element; above; above = above->parent) around.push_back(above);
    std::reverse(around.begin(), around.end());
    if (!around.empty() && around.front() == scope_.document) pinned = scope_.document;
  } else if (term.from == Term::From::kContext) {
    if (place.node.element) nodes.push_back(place.node);
  } else {
    const Value part = evaluate(term.parts[0], place);
    if (!part.nodes()) {
      // (1 + 2)[…] and 'a'/b are nothing; a value alone stays what it is elsewhere.
      stop("a value that is no node has no parts");
      return {};
    }
    nodes = *part.nodes();
    keep(nodes, term.predicates);
  }
  for (std::size_t i = 0; i < term.steps.size() && stopped_.empty(); ++i) {
    const Step& step = term.steps[i];
    if (pinned) {
      const bool goes_on = step.axis == Axis::kChild && step.predicates.empty() && i + 1 < around.size() &&
                           around[i + 1]->name == step.name && !(last_open && i + 1 == term.steps.size());
      pinned = goes_on ? around[i + 1] : nullptr;
      if (pinned) {
        nodes = {{pinned, -1}};
        if (!spend(1)) return {};
        continue;
      }
    }
    Nodes next;
    for (const Found& from : nodes) {
      Nodes found;
      take_step(step, from, found);
      keep(found, step.predicates);
      next.insert(next.end(), found.begin(), found.end());
      if (!spend(1)) return {};
    }
    const bool apart = step.axis == Axis::kChild || step.axis == Axis::kSelf || step.axis == Axis::kAttribute;
    nodes = nodes.size() > 1 && !apart ? in_document_order(std::move(next)) : std::move(next);
  }
  // What is not relevant is not there, but for what the expression itself belongs to.
  std::erase_if(nodes,
                [&](const Found& each) { return !each.element->relevant && each.element != scope_.context.element; });
  return nodes;
}

void Evaluator::take_step(const Step& step, const Found& from, Nodes& found) {
  const Element* element = from.element;
  const bool any = step.name == "*";
  const auto take = [&](const Element* each) {
    if (each && (any || each->name == step.name)) found.push_back({each, -1});
  };
  if (from.attribute >= 0) {  // above an attribute is its element
    if (step.axis == Axis::kSelf && any) found.push_back(from);
    if (step.axis == Axis::kParent) take(element);
    return;
  }
  const auto below = [&](auto&& self, const Element* each) -> void {
    for (const auto& child : each->children) {
      if (!spend(1)) return;
      take(child.get());
      self(self, child.get());
    }
  };
  switch (step.axis) {
    case Axis::kChild:
      if (!spend(1 + element->children.size() / 16)) return;
      for (const auto& child : element->children) take(child.get());
      break;
    case Axis::kParent: take(element->parent); break;
    case Axis::kSelf: take(element); break;
    case Axis::kAttribute:
      for (std::size_t i = 0; i < element->attributes.size(); ++i)
        if (const char* name = element->attributes[i].first.c_str();
            (any || local_name(name) == step.name) && std::string_view(name).rfind("xmlns", 0) != 0)
          found.push_back({element, static_cast<int>(i)});
      break;
    case Axis::kDescendantOrSelf: take(element); [[fallthrough]];
    case Axis::kDescendant: below(below, element); break;
    case Axis::kAncestorOrSelf: take(element); [[fallthrough]];
    case Axis::kAncestor:
      for (const Element* above = element->parent; above; above = above->parent) take(above);
      break;
    case Axis::kFollowingSibling:
    case Axis::kPrecedingSibling: {
      if (!element->parent) break;
      bool after = false;
      for (const auto& each : element->parent->children) {
        if (!spend(1)) return;
        if (each.get() == element)
          after = true;
        else if (after == (step.axis == Axis::kFollowingSibling))
          take(each.get());
      }
      if (step.axis == Axis::kPrecedingSibling) std::reverse(found.begin(), found.end());
    }
  }
}

// Those of the nodes each predicate is true for; a number is a position.
void Evaluator::keep(Nodes& nodes, const std::vector<int>& predicates) {
  for (int predicate : predicates) {
    Nodes kept;
    for (std::size_t i = 0; i < nodes.size() && stopped_.empty(); ++i) {
      const Value value = evaluate(predicate, {nodes[i], i + 1, nodes.size()});
      const auto* number = std::get_if<double>(&value);
      if (number ? *number == static_cast<double>(i + 1) : value.truth()) kept.push_back(nodes[i]);
    }
    nodes = std::move(kept);
  }
}

Nodes Call::nodes(std::size_t i) {
  const Value given = value(i);
  return given.nodes() ? *given.nodes() : Nodes{};
}

std::vector<std::string> Call::texts(std::size_t i) {
  const Value given = value(i);
  if (!given.nodes()) return {given.text()};
  std::vector<std::string> texts;
  for (const Found& each : *given.nodes()) {
    texts.push_back(each.text());
    if (!spend(1 + texts.back().size() / 64)) break;
  }
  return texts;
}

}  // namespace expressions

Result<Value> Expression::evaluate(const Scope& scope) const {
  expressions::Evaluator evaluator(*parsed_, scope);
  Value value = evaluator.evaluate(parsed_->root, {scope.context, 1, 1});
  if (!evaluator.stopped().empty())
    return fail(
        problems::kBadExpression,
        {{"expression", std::string(shortened(parsed_->text, 300))}, {"at", "1"}, {"reason", evaluator.stopped()}});
  return value;
}

}  // namespace understory::collect
