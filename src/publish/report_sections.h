// The answers of a report, in order, for all of its forms.
#pragma once
#include "publish/document.h"
#include "study/evidence.h"

namespace understory::publish {

struct ReportSection {
  std::string ask, heading, note;
  findings::Answer answer;
};
Result<std::vector<ReportSection>> report_sections(const study::Evidence& evidence, const ReportOptions& options,
                                                   const Progress& progress);

}  // namespace understory::publish
