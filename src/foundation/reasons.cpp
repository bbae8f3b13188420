#include "foundation/reasons.h"

namespace understory {

tl::unexpected<Problem> fail_because(const ProblemKind& reason, const ProblemKind& kind, Problem::Details details) {
  details["reason"] = Problem(reason, details).sentence();
  details["because"] = reason.code;
  return fail(kind, std::move(details));
}

}  // namespace understory
