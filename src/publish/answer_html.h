// An answer as a piece of HTML: its sentences, cautions, figures, tables, and how to ask it again.
#pragma once
#include "publish/figure.h"

namespace understory::publish {

std::string answer_html(const findings::Answer& answer, const Catalogue& words, const FigureOptions& options);

}  // namespace understory::publish
