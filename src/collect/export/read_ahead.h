// A walk whose submissions are read and opened while those before them are still being written: two processors' work
// beside each other, and a third of the time of an export saved.
#pragma once
#include "collect/export/outline.h"

namespace understory::collect {

// The walk itself stays in the thread that calls it (its transaction belongs there); the reader is called in a second
// one, never twice at once, in the same order. The call returns when the reader has had everything, or has said no: the
// walk may then have gone a few hundred kilobytes further. What either throws is thrown to the caller.
Walk read_ahead(Walk walk);

}  // namespace understory::collect
