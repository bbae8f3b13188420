// Which paths an expression reads: what has to be computed before it, and when it has to be computed again.
#include <algorithm>
#include <optional>

#include "collect/expression_parts.h"

namespace understory::collect {

namespace expressions {

namespace {

// The paths a term reads. `base`: names above and of the node relative paths begin at; none: in another instance.
class Reads {
 public:
  Reads(const Expression::Parsed& parsed, std::string context, std::vector<std::string>& found)
      : parsed_(parsed), context_(std::move(context)), found_(found) {}

  void of(int index, const std::optional<std::string>& base) {
    const Term& term = parsed_.terms[static_cast<std::size_t>(index)];
    std::optional<std::string> path;
    if (term.kind == Term::Kind::kPath) {
      if (term.from == Term::From::kRoot) path = "";
      if (term.from == Term::From::kContext) path = base;
      if (term.from == Term::From::kPart) {
        const Term& part = parsed_.terms[static_cast<std::size_t>(term.parts[0])];
        if (part.kind == Term::Kind::kCall && part.text == "current")
          path = context_;
        else
          of(term.parts[0], base);
        for (int predicate : term.predicates) of(predicate, std::nullopt);
      }
      bool open = false;
      for (const Step& step : term.steps) {
        if (path && !open) {
          if (step.axis == Axis::kParent) {
            path = path->substr(0, std::min(path->size(), path->rfind('/')));
          } else if (step.axis == Axis::kAttribute) {
            *path += "/@" + step.name;
          } else if (step.axis == Axis::kChild && step.name != "*") {
            *path += "/" + step.name;
          } else if (step.axis != Axis::kSelf) {
            open = true;
            if (step.axis == Axis::kAncestor || step.axis == Axis::kAncestorOrSelf) path = "";
            if (step.axis == Axis::kFollowingSibling || step.axis == Axis::kPrecedingSibling)
              path = path->substr(0, std::min(path->size(), path->rfind('/')));
          }
        }
        for (int predicate : step.predicates) of(predicate, open ? std::optional<std::string>() : path);
      }
      if (path && (open || !path->empty())) found_.push_back(open ? *path + "/*" : *path);
      return;
    }
    // Without an argument these speak of the context.
    if (term.kind == Term::Kind::kCall && term.parts.empty() && base &&
        (term.text == "string" || term.text == "number" || term.text == "string-length" || term.text == "current"))
      found_.push_back(*base);
    for (int part : term.parts) of(part, base);
  }

 private:
  const Expression::Parsed& parsed_;
  const std::string context_;
  std::vector<std::string>& found_;
};

}  // namespace

}  // namespace expressions

std::vector<std::string> Expression::reads(const std::string& context) const {
  std::vector<std::string> found;
  expressions::Reads(*parsed_, context, found).of(parsed_->root, context);
  return found;
}

}  // namespace understory::collect
