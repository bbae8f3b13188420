// Open answers within repeats: each row's are sources of their own.
#include <algorithm>

#include "study/from_submissions_parts.h"

namespace understory::study {

namespace {

// "2"; of a repeat within another "1.2".
std::string position_of(const std::vector<collect::Table>& tables, const collect::Record& record, int table,
                        const collect::Rows::Row& row) {
  std::string position = std::to_string(row.position + 1);
  for (int above = tables[static_cast<std::size_t>(table)].parent, at = row.parent; above > 0;
       above = tables[static_cast<std::size_t>(above)].parent) {
    const auto& rows = record.tables()[static_cast<std::size_t>(above)].rows;
    if (at < 0 || at >= std::ssize(rows)) break;
    position = std::to_string(rows[static_cast<std::size_t>(at)].position + 1) + "." + position;
    at = rows[static_cast<std::size_t>(at)].parent;
  }
  return position;
}

}  // namespace

std::vector<FromSubmissions::RowKey> FromSubmissions::keys_of(const SubmissionMapping::RowAnswers& rows,
                                                              const collect::Record& record) const {
  std::vector<RowKey> keys;
  const auto found = repeats_.find(rows.repeat);
  if (found == repeats_.end()) return keys;
  std::map<std::string, int> alike;
  for (const collect::Rows::Row& each : record.tables()[static_cast<std::size_t>(found->second)].rows) {
    RowKey key;
    key.table = found->second;
    key.row = &each;
    key.position = position_of(tables_, record, key.table, each);
    if (!rows.respondent) {
      key.key = "row " + key.position;
    } else {
      key.pseudonym = Row{*this, key.table, &each}.text(rows.respondent->name);
      if (key.pseudonym.size() > kLongestName) key.pseudonym.clear();
      if (!key.pseudonym.empty()) {
        key.key = "name " + key.pseudonym;
        if (const int before = alike[key.pseudonym]++; before > 0) key.key += "\n" + std::to_string(before + 1);
      }
    }
    keys.push_back(std::move(key));
  }
  return keys;
}

std::string FromSubmissions::guid_of_row(const std::string& instance_id, const std::string& question,
                                         const RowKey& key) const {
  return guid_of(instance_id, question + "\n" + key.key);
}

std::vector<std::string> FromSubmissions::guids_of_rows(const std::string& instance_id, const collect::Record& record,
                                                        bool others) const {
  std::vector<std::string> guids;
  for (const auto& rows : mapping_.rows) {
    if (rows.respondent && !others) continue;
    for (const RowKey& key : keys_of(rows, record))
      if (!key.key.empty())
        for (const auto& answer : rows.answers) guids.push_back(guid_of_row(instance_id, answer.question, key));
  }
  return guids;
}

std::vector<std::string> FromSubmissions::may_have_made(const std::string& instance_id,
                                                        const std::vector<collect::Record>& said) const {
  std::vector<std::string> guids = guids_of(instance_id);
  for (const collect::Node& node : form_.nodes) guids.push_back(guid_of(instance_id, node.path));
  for (const collect::Record& record : said) {
    for (std::string& guid : guids_of_rows(instance_id, record, true)) guids.push_back(std::move(guid));
    for (std::size_t table = 1; table < tables_.size(); ++table)
      for (const collect::Rows::Row& row : record.tables()[table].rows) {
        const std::string key = "row " + position_of(tables_, record, static_cast<int>(table), row);
        for (const auto& column : tables_[table].columns)
          guids.push_back(guid_of(instance_id, form_.nodes[static_cast<std::size_t>(column.node)].path + "\n" + key));
      }
  }
  return guids;
}

// A row's position says little about whose it is: an edit that takes out the first moves all others. So rows of other
// people go by their pseudonyms; and where one that the study holds is gone, no new one is taken, since it may be the
// same person under another pseudonym, who would count twice.
void FromSubmissions::take_rows(const SubmissionMapping::RowAnswers& rows, const std::string& instance_id,
                                const collect::Record& record, const std::vector<collect::Record>& before,
                                const Row& root, const std::string& name) {
  const std::vector<RowKey> keys = keys_of(rows, record);
  std::map<std::string, bool> there;  // key → an earlier instance said it too
  for (const RowKey& key : keys) there[key.key] = false;
  bool gone = false;
  for (const collect::Record& earlier : before)
    for (const RowKey& key : keys_of(rows, earlier)) {
      if (key.key.empty() || !there.emplace(key.key, true).second) continue;
      for (const auto& answer : rows.answers)
        if (const auto held = surroundings_.held(guid_of_row(instance_id, answer.question, key))) {
          gone = true;
          material_.report.note("source", Outcome::kUnusable, *held, Message{"taking.row_gone", {}});
        }
    }
  for (const RowKey& key : keys) {
    const Row row{*this, key.table, key.row};
    const auto says_something = [&] {
      return std::any_of(rows.answers.begin(), rows.answers.end(),
                         [&](const auto& answer) { return !row.text(answer.question).empty(); });
    };
    if (key.key.empty()) {
      if (says_something())
        material_.report.note("submission", Outcome::kUnusable, instance_id,
                              Message{"taking.row_no_pseudonym", {{"position", key.position}}});
      continue;
    }
    std::vector<std::string> guids;
    for (const auto& answer : rows.answers) guids.push_back(guid_of_row(instance_id, answer.question, key));
    if (std::any_of(guids.begin(), guids.end(), surroundings_.erased) ||
        (rows.respondent && surroundings_.erased_person(instance_id, key.pseudonym)) ||
        (rows.respondent && std::any_of(rows.answers.begin(), rows.answers.end(), [&](const auto& answer) {
           return erased_before(guid_of_row(instance_id, answer.question, key), key.pseudonym, row, answer);
         }))) {
      material_.report.note("submission", Outcome::kKept, instance_id,
                            Message{"taking.row_stays_out", {{"position", key.position}}});
      continue;
    }
    const bool is_new = std::none_of(guids.begin(), guids.end(),
                                     [&](const std::string& guid) { return surroundings_.held(guid).has_value(); });
    if (rows.respondent && gone && is_new) {
      material_.report.note("submission", Outcome::kUnusable, key.pseudonym, Message{"taking.row_changed", {}});
      continue;
    }
    std::vector<MaterialSource> sources;
    bool as_before = true;
    for (std::size_t i = 0; i < rows.answers.size(); ++i) {
      const char* text = row.cell(rows.answers[i].question);
      if (!text) {
        if (const auto held = surroundings_.held(guids[i]))
          material_.report.note("source", Outcome::kUnusable, *held, Message{"taking.no_answer", {}});
        continue;
      }
      MaterialSource source = open_answer(rows.answers[i], text, root);
      source.guid = guids[i];
      const std::string& question = node_of(rows.answers[i].question).name;
      source.name = rows.respondent ? key.pseudonym + "/" + question : name + "/" + question + " " + key.position;
      as_before = may_add(source) && as_before;
      sources.push_back(std::move(source));
    }
    if (!as_before) continue;
    const int who = rows.respondent ? person(*rows.respondent, row, root, key.pseudonym)
                                    : person(*mapping_.respondent, root, root, name);
    keep(std::move(sources), who, root);
  }
}

}  // namespace understory::study
