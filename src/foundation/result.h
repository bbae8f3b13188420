// Result<T>: a value, or a Problem that the caller can act on. TRY hands a problem up.
#pragma once
#include <tl/expected.hpp>
#include <utility>

#include "foundation/problem.h"
#include "foundation/problems.h"

namespace understory {

template <class T>
using Result = tl::expected<T, Problem>;

inline tl::unexpected<Problem> fail(const ProblemKind& kind, Problem::Details details = {}) {
  return tl::unexpected<Problem>(Problem(kind, std::move(details)));
}

namespace detail {
template <class T>
T take(Result<T>&& result) {
  return std::move(*result);
}
inline void take(Result<void>&&) {}
}  // namespace detail

}  // namespace understory

// auto study = TRY(find_study(transaction, name));   (a statement expression: GCC and Clang both know it)
#define TRY(expression)                                                                           \
  ({                                                                                              \
    auto try_result = (expression);                                                               \
    if (!try_result) return tl::unexpected<::understory::Problem>(std::move(try_result.error())); \
    ::understory::detail::take(std::move(try_result));                                            \
  })
