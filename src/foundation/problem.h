// What can go wrong in a way that a caller or a person can act on. Everything else is an exception.
//
// A Problem is one entry of the catalogue in problems.h with details filled in. Its sentence says what, where and
// what to do; it never carries a story, a name or a contact, because problems are logged and shown.
#pragma once
#include <map>
#include <string>
#include <string_view>

namespace understory {

// One entry of the catalogue. `code` is stable: clients and translations ("problem.<code>") depend on it.
struct ProblemKind {
  std::string_view code;
  int status;                // HTTP status
  std::string_view english;  // sentence with {details} in braces
};

class Problem {
 public:
  using Details = std::map<std::string, std::string, std::less<>>;

  explicit Problem(const ProblemKind& kind, Details details = {}) : kind_(&kind), details_(std::move(details)) {}

  const ProblemKind& kind() const { return *kind_; }
  std::string_view code() const { return kind_->code; }
  int status() const { return kind_->status; }
  const Details& details() const { return details_; }
  bool is(const ProblemKind& kind) const { return kind_->code == kind.code; }

  // The English sentence with the details in their places. For other languages: Catalogue::sentence(problem).
  std::string sentence() const;

 private:
  const ProblemKind* kind_;
  Details details_;
};

}  // namespace understory
