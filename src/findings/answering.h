// What the questions share: estimates from a tally, tests of difference, cautions. One file per question stands beside.
#pragma once
#include "findings/answer.h"
#include "findings/tally.h"

namespace understory::findings {

// Study, question and hash.
Answer begin_answer(const study::Evidence& evidence, const Question& question);

struct Filling {
  bool ranked = true;       // items compete for the first place
  bool by_size = true;      // most mentioned first; else in the order given
  bool differences = true;  // test whether groups differ
};
// Groups, items, cells, overall, chances of being first, and the table of differences.
void fill(Answer& answer, const study::Evidence& evidence, const Tally& tally, const Filling& filling);

// Purposive sample, thin evidence, few conversations, unread sources, unknown speakers, groups not told apart.
void add_warnings(Answer& answer, const study::Evidence& evidence, const Tally& tally);
// Of those, what is said of single groups: too few people, too few conversations.
void warn_of_thin(Answer& answer, const std::vector<Group>& groups);

// "Most of those asked named X" only when the lower bound is above one half; "more than half of those interviewed" when
// only the share is; else the plain count.
Message share_sentence(const std::string& label, const Estimate& estimate);

// How each question counts. Shared by ask() and codings_behind().
Result<Tally> tally_causes(const study::Evidence& evidence, const Question& question, const std::string& language);
Result<Tally> tally_risks(const study::Evidence& evidence, const Question& question, const std::string& language);
Result<Tally> tally_strategies(const study::Evidence& evidence, const Question& question, const std::string& language);
Result<Tally> tally_trend(const study::Evidence& evidence, const Question& question, const std::string& language);
// Every main code of every kind (or of the question's).
Result<Tally> tally_codes(const study::Evidence& evidence, const Question& question, const std::string& language);
// The same of all people together, whatever the question goes by.
Result<Tally> tally_codes_together(const study::Evidence& evidence, Question question, const std::string& language);

Result<Answer> ask_causes(const study::Evidence& evidence, const Question& question, const std::string& language);
Result<Answer> ask_risks(const study::Evidence& evidence, const Question& question, const std::string& language);
Result<Answer> ask_strategies(const study::Evidence& evidence, const Question& question, const std::string& language);
Result<Answer> ask_trend(const study::Evidence& evidence, const Question& question, const std::string& language);
Result<Answer> ask_cooccurrence(const study::Evidence& evidence, const Question& question, const std::string& language);
Result<Answer> ask_links(const study::Evidence& evidence, const Question& question, const std::string& language);
Result<Answer> ask_agreement(const study::Evidence& evidence, const Question& question, const std::string& language);
Result<Answer> ask_saturation(const study::Evidence& evidence, const Question& question, const std::string& language);

}  // namespace understory::findings
