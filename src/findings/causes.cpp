// What do people say the causes are?
#include "findings/answering.h"

namespace understory::findings {

using study::Evidence;

namespace {

std::string kind_of(const Question& question) { return question.kind.empty() ? "cause" : question.kind; }

// Is the first item of the whole first alone in every group where somebody was asked?
bool first_in_every_group(const Answer& answer) {
  for (const auto& cells : answer.cells)
    if (cells[0].asked > 0 && (cells[0].rank != 1 || cells[0].tied)) return false;
  return true;
}

void say_who_is_first(Answer& answer) {
  const Estimate& first = answer.overall[0];
  const std::string& label = answer.items[0].label;
  answer.sentences.push_back(share_sentence(label, first));
  std::int64_t groups = 0;
  for (const Group& group : answer.groups) groups += group.asked > 0;
  if (groups < 2) return;
  if (first_in_every_group(answer)) {
    answer.sentences.push_back(
        {"findings.first_everywhere", {{"item", label}, {"groups", groups}, {"by", answer.question.by}}});
    if (answer.p_first_everywhere >= 0)
      answer.sentences.push_back({"findings.first_everywhere_again",
                                  {{"item", label}, {"p", answer.p_first_everywhere}, {"by", answer.question.by}}});
  } else {
    Names where;
    std::int64_t count = 0;
    for (std::size_t g = 0; g < answer.groups.size(); ++g)
      if (answer.cells[g][0].rank == 1 && answer.cells[g][0].asked > 0) {
        where.list.push_back(answer.groups[g].label);
        ++count;
      }
    answer.sentences.push_back(
        {"findings.first_in_some",
         {{"item", label}, {"count", count}, {"groups", groups}, {"where", where}, {"by", answer.question.by}}});
  }
}

void say_what_follows(Answer& answer) {
  std::string list;
  for (std::size_t i = 1; i < answer.items.size() && i < 4 && answer.overall[i].mentioned > 0; ++i)
    list += (list.empty() ? "" : ", ") +
            fmt::format("{} ({}/{})", answer.items[i].label, answer.overall[i].mentioned, answer.overall[i].asked);
  if (!list.empty()) answer.sentences.push_back({"findings.then_follow", {{"items", list}}});
}

}  // namespace

Result<Tally> tally_causes(const Evidence& evidence, const Question& question, const std::string& language) {
  const std::string kind = kind_of(question);
  return tally(evidence, question, items_of_kind(evidence, kind, question.level, language), kind);
}

Result<Answer> ask_causes(const Evidence& evidence, const Question& question, const std::string& language) {
  const Tally counted = TRY(tally_causes(evidence, question, language));
  Answer answer = begin_answer(evidence, question);
  fill(answer, evidence, counted, {});
  if (answer.items.empty()) {
    answer.warnings.push_back({"findings.warn.no_codes", {{"kind", kind_of(question)}}});
    return answer;
  }
  const std::vector<Message> differences = std::move(answer.sentences);
  answer.sentences.clear();
  if (answer.overall[0].mentioned > 0) {
    say_who_is_first(answer);
    say_what_follows(answer);
    answer.sentences.insert(answer.sentences.end(), differences.begin(), differences.end());
  } else {
    answer.sentences.push_back({"findings.nothing_coded", {{"n", answer.overall[0].asked}}});
  }
  add_warnings(answer, evidence, counted);
  return answer;
}

}  // namespace understory::findings
