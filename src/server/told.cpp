#include "server/told.h"

#include "study/blind.h"

namespace understory::server {

using study::Source;

Result<void> is_open_to(const Visit& visit, Id study, Id wanted) {
  const auto where = study::where_is(visit.transaction, wanted);
  const bool open = visit.limits(study).open(where ? where->location : Id{}, wanted);
  if (!where || where->study != study || !open)
    return fail(problems::kNotFound, {{"what", "source"}, {"name", wanted.text()}});
  return {};
}

Result<Source> open_to(const Visit& visit, Id study, Id wanted) {
  TRY(is_open_to(visit, study, wanted));
  Source source = TRY(study::open_source(visit.transaction, study, wanted));
  if (study::is_blind(visit.transaction, wanted))
    study::hide_others(source, {{wanted}, study::find_coder_of(visit.transaction, study, visit.person.account)});
  return source;
}

std::string name_of(const std::vector<study::Location>& locations, Id location) {
  for (const study::Location& each : locations)
    if (each.id == location) return each.name;
  return "";
}

std::vector<Block> blocks_of(const Source& source) {
  std::vector<Block> blocks;
  for (const study::SourceTurn& turn : source.turns) blocks.push_back({turn.span, turn.speech});
  if (blocks.empty())
    for (const Span& paragraph : paragraphs(source.text)) blocks.push_back({paragraph, paragraph.start});
  return blocks;
}

}  // namespace understory::server
