// What an export leaves out because it is coded blind is said on standard error.
#pragma once
#include <fmt/format.h>

#include <cstdio>

#include "study/material.h"

namespace understory::cli {

// False: nothing is left out.
inline bool tell_blind(const study::Material& material) {
  if (material.blind == 0) return false;
  std::fputs(fmt::format("Left out: {} codings, links and memos of others on sources that are coded blind. They are in "
                         "the export once blind coding has ended.\n",
                         material.blind)
                 .c_str(),
             stderr);
  return true;
}

}  // namespace understory::cli
