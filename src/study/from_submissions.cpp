#include "study/from_submissions.h"

#include <algorithm>
#include <set>

#include "foundation/clock.h"
#include "study/from_submissions_parts.h"
#include "study/vocabulary.h"

namespace understory::study {

namespace {

// The words of a label in the language of the conversation ("Khmer (km)"), else in the form's first.
std::string label_in(const collect::Words& words, const std::string& language) {
  const collect::Words::In* best = words.each.empty() ? nullptr : &words.each[0];
  for (const auto& each : words.each)
    if (each.language == language || each.language.ends_with("(" + language + ")")) best = &each;
  if (!best) return "";
  std::string label;
  for (std::size_t i = 0; i < best->text.size(); ++i) {  // "$$" stands for "$" (collect/form.h)
    label += best->text[i];
    if (best->text[i] == '$' && i + 1 < best->text.size() && best->text[i + 1] == '$') ++i;
  }
  return label;
}

// "SR-24/why (2)" → "SR-24/why": which of several it was may change when one before it is rejected.
std::string_view without_number(std::string_view name) {
  const std::size_t at = name.rfind(" (");
  if (at == std::string_view::npos || !name.ends_with(')') || at + 3 > name.size() - 1) return name;
  const std::string_view number = name.substr(at + 2, name.size() - at - 3);
  return number.find_first_not_of("0123456789") == std::string_view::npos ? name.substr(0, at) : name;
}

// One line, so that nobody's words can begin a turn of somebody else.
std::string one_line(std::string_view text) {
  std::string line;
  for (char letter : trim(text)) {
    const bool space = letter == '\n' || letter == '\r';
    if (space && line.ends_with(' ')) continue;
    line += space ? ' ' : letter;
  }
  return line;
}

}  // namespace

FromSubmissions::FromSubmissions(const SubmissionMapping& mapping, const collect::Form& form,
                                 const std::vector<collect::Table>& tables, SubmissionSurroundings surroundings)
    : mapping_(mapping), form_(form), tables_(tables), surroundings_(std::move(surroundings)) {
  for (std::size_t table = 0; table < tables.size(); ++table) {
    repeats_.emplace(form.nodes[static_cast<std::size_t>(tables[table].node)].path, static_cast<int>(table));
    for (std::size_t column = 0; column < tables[table].columns.size(); ++column)
      columns_.emplace(form.nodes[static_cast<std::size_t>(tables[table].columns[column].node)].path,
                       std::pair(static_cast<int>(table), static_cast<int>(column)));
  }
  material_.origin = "submissions";
  material_.report.file = form.id;
  material_.report.format = "submissions";
}

// RFC 9562 version 8: a GUID that its words and the workspace's key decide.
std::string FromSubmissions::guid_of(const std::string& instance_id, std::string_view path) const {
  // Numbers of instances are one form's own.
  std::string bytes = "submission\n" + form_.id + "\n" + instance_id + "\n" + std::string(path);
  bytes = surroundings_.keyed_hash(bytes);
  std::string hex;
  for (std::size_t i = 0; i < 16; ++i) hex += fmt::format("{:02x}", static_cast<unsigned char>(bytes.at(i)));
  hex[12] = '8';
  hex[16] = 'a';
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" +
         hex.substr(20);
}

bool is_guid_of_submission(std::string_view guid) { return guid.size() == 36 && guid[14] == '8' && guid[19] == 'a'; }

std::vector<std::string> FromSubmissions::guids_of(const std::string& instance_id) const {
  std::vector<std::string> guids;
  for (const auto& answer : mapping_.answers) guids.push_back(guid_of(instance_id, answer.question));
  if (mapping_.group) guids.push_back(guid_of(instance_id, mapping_.group->name));
  return guids;
}

std::string FromSubmissions::value(std::string_view fact, std::string answer) const {
  if (answer.empty()) return answer;
  if (const auto of_fact = mapping_.values.find(std::string(fact)); of_fact != mapping_.values.end())
    if (const auto found = of_fact->second.find(answer); found != of_fact->second.end()) return found->second;
  if (fact != "gender" && fact != "language" && fact != "place") std::replace(answer.begin(), answer.end(), '_', ' ');
  return answer;
}

int FromSubmissions::location(const std::string& name) {
  if (name.empty()) return -1;
  const auto [found, is_new] = locations_.try_emplace(name, static_cast<int>(material_.locations.size()));
  if (is_new) material_.locations.push_back({"", name, "", false});
  return found->second;
}

int FromSubmissions::respondent(MaterialRespondent respondent) {
  const auto [found, is_new] =
      respondents_.try_emplace(respondent.name, static_cast<int>(material_.respondents.size()));
  told_now_.insert(found->second);
  if (is_new) {
    material_.respondents.push_back(std::move(respondent));
    return found->second;
  }
  const MaterialRespondent& first = material_.respondents[static_cast<std::size_t>(found->second)];
  if (first.age_band != respondent.age_band || first.gender != respondent.gender || first.role != respondent.role ||
      first.place_code != respondent.place_code || first.attributes != respondent.attributes)
    material_.report.remark("respondent", respondent.name, Message{"taking.other_facts", {}});
  return found->second;
}

int FromSubmissions::person(const SubmissionMapping::Person& questions, const Row& row, const Row& root,
                            std::string name) {
  MaterialRespondent person;
  person.name = std::move(name);
  person.age_band = value("age_band", row.text(questions.age_band));
  person.gender = value("gender", row.text(questions.gender));
  person.role = value("role", row.text(questions.role));
  person.language = value("language", row.text(questions.language));
  if (person.language.empty()) person.language = value("language", root.text(mapping_.language));
  // What merge() would refuse is no reason to take nothing of all submissions: it is named and stays a plain fact.
  const auto keep_as_fact = [&](std::string& fact, const char* called, const char* why) {
    material_.report.remark("respondent", person.name, Message{why, {{"value", fact}}});
    person.attributes[called] = std::exchange(fact, "");
  };
  if (!person.age_band.empty() && !is_one_of(kAgeBands, person.age_band))
    keep_as_fact(person.age_band, "age", "taking.no_age_band");
  if (!person.gender.empty() && !is_one_of(kGenders, person.gender))
    keep_as_fact(person.gender, "gender", "taking.no_gender");
  person.place_code = value("place", row.text(questions.place));
  if (person.place_code.empty()) person.place_code = value("place", root.text(mapping_.place));
  std::string where;
  if (!person.place_code.empty() && surroundings_.is_place(person.place_code))
    where = surroundings_.location_of(person.place_code);
  else if (!person.place_code.empty())
    keep_as_fact(person.place_code, "place", "taking.no_place");
  if (where.empty()) where = mapping_.location;
  if (where.empty()) material_.report.remark("respondent", person.name, Message{"taking.no_location", {}});
  person.location = location(where);
  for (const auto& [question, attribute] : questions.attributes)
    if (std::string answer = value(attribute, row.text(question)); !answer.empty())
      person.attributes[attribute] = std::move(answer);
  return respondent(std::move(person));
}

void FromSubmissions::leave_out(const std::string& instance_id, const char* why,
                                const std::vector<const collect::Record*>& said) {
  std::vector<std::string> guids = guids_of(instance_id);
  for (const collect::Record* record : said)
    for (std::string& guid : guids_of_rows(instance_id, *record, true)) guids.push_back(std::move(guid));
  std::set<std::string> named;
  for (const std::string& guid : guids)
    if (const auto name = surroundings_.held(guid); name && named.insert(guid).second)
      material_.report.note("submission", Outcome::kUnusable, *name,
                            Message{"taking.left_out", {{"why", Names{{"#" + std::string(why)}}}}});
  material_.report.count("submission left out", Outcome::kKept);
}

bool FromSubmissions::may_add(MaterialSource& source) {
  if (const int before = names_[source.name]++; before > 0) {
    material_.report.remark("source", source.name, Message{"taking.same_code", {{"n", std::to_string(before + 1)}}});
    source.name += " (" + std::to_string(before + 1) + ")";
  }
  const auto held = surroundings_.held(source.guid);
  if (!held || without_number(*held) == without_number(source.name)) return true;
  material_.report.note("submission", Outcome::kUnusable, *held,
                        Message{"taking.code_changed", {{"name", source.name}}});
  return false;
}

void FromSubmissions::add(const std::string& instance_id, const collect::Record& record,
                          const std::vector<collect::Record>& before) {
  std::vector<const collect::Record*> said;
  for (const collect::Record& earlier : before) said.push_back(&earlier);
  said.push_back(&record);
  const std::vector<collect::Rows>& tables = record.tables();
  if (tables.empty() || tables[0].rows.empty()) return leave_out(instance_id, "taking.empty", said);
  const Row root{*this, 0, &tables[0].rows[0]};
  for (const auto& condition : mapping_.consent)
    if (root.text(condition.question) != condition.is) return leave_out(instance_id, "taking.no_consent", said);
  std::vector<std::string> own = guids_of(instance_id);
  for (const collect::Record* each : said)
    for (std::string& guid : guids_of_rows(instance_id, *each, false)) own.push_back(std::move(guid));
  for (const std::string& guid : own)
    if (surroundings_.erased(guid)) {
      material_.report.note("submission", Outcome::kKept, instance_id, Message{"taking.stays_out", {}});
      return;
    }
  const auto name_in = [&](const std::string& question) {
    std::string name = root.text(question);
    return name.size() > kLongestName ? std::string() : name;
  };
  const std::string name = mapping_.respondent ? name_in(mapping_.respondent->name) : "";
  const std::string group = mapping_.group ? name_in(mapping_.group->name) : "";
  const bool of_others = std::any_of(mapping_.rows.begin(), mapping_.rows.end(),
                                     [](const auto& rows) { return rows.respondent.has_value(); });
  if (name.empty() && group.empty() && !of_others) {
    material_.report.note("submission", Outcome::kUnusable, instance_id, Message{"taking.no_pseudonym", {}});
    return;
  }
  if (!name.empty() && surroundings_.erased_person(instance_id, name)) {
    material_.report.note("submission", Outcome::kKept, instance_id, Message{"taking.stays_out", {}});
    return;
  }
  // Erased before any submission was taken: nobody knew then which submission would bring it once more.
  if (!name.empty())
    for (const auto& answer : mapping_.answers)
      if (erased_before(guid_of(instance_id, answer.question), name, root, answer)) {
        material_.report.note("submission", Outcome::kKept, instance_id, Message{"taking.stays_out", {}});
        return;
      }
  material_.report.count("submission", Outcome::kRead);
  told_now_.clear();
  Taken taken{instance_id, {}, {}};
  const int first = static_cast<int>(material_.sources.size());
  if (!name.empty()) take_answers(instance_id, root, name);
  if (!group.empty()) take_group(instance_id, record, root, group);
  for (const auto& rows : mapping_.rows)
    if (rows.respondent || !name.empty()) take_rows(rows, instance_id, record, before, root, name);
  for (int source = first; source < static_cast<int>(material_.sources.size()); ++source)
    taken.sources.push_back(source);
  taken.respondents.assign(told_now_.begin(), told_now_.end());
  if (!taken.sources.empty() || !taken.respondents.empty()) taken_.push_back(std::move(taken));
}

bool FromSubmissions::erased_before(const std::string& guid, const std::string& name, const Row& row,
                                    const SubmissionMapping::Answer& answer) const {
  const char* text = row.cell(answer.question);
  return text && surroundings_.erased_answer(name + "/" + node_of(answer.question).name, text) &&
         !surroundings_.held(guid);
}

const collect::Node& FromSubmissions::node_of(const std::string& question) const {
  const auto& [table, column] = columns_.at(question);
  return form_.nodes[static_cast<std::size_t>(
      tables_[static_cast<std::size_t>(table)].columns[static_cast<std::size_t>(column)].node)];
}

MaterialSource FromSubmissions::open_answer(const SubmissionMapping::Answer& answer, const char* text,
                                            const Row& root) const {
  const collect::Node& node = node_of(answer.question);
  MaterialSource source;
  source.kind = "open_answer";
  source.asked = answer.asked;
  source.text = text;
  source.is_read = trim(source.text).empty();  // there is nothing to read
  source.question = label_in(node.label, value("language", root.text(mapping_.language)));
  if (source.question.empty()) source.question = node.name;
  return source;
}

void FromSubmissions::keep(std::vector<MaterialSource> sources, int who, const Row& root) {
  const MaterialRespondent& respondent = material_.respondents[static_cast<std::size_t>(who)];
  std::string told_on = root.text(mapping_.told_on).substr(0, 10);
  if (!is_date(told_on)) told_on.clear();
  for (MaterialSource& source : sources) {
    source.language = respondent.language;
    source.location = respondent.location;
    source.told_on = told_on;
    source.speakers.push_back({"", who});
    material_.sources.push_back(std::move(source));
  }
}

void FromSubmissions::take_answers(const std::string& instance_id, const Row& root, const std::string& name) {
  std::vector<MaterialSource> sources;
  bool as_before = true;
  for (const auto& answer : mapping_.answers) {
    const char* text = root.cell(answer.question);
    if (!text) {  // not asked: not relevant, or not in this version
      if (const auto held = surroundings_.held(guid_of(instance_id, answer.question)))
        material_.report.note("source", Outcome::kUnusable, *held, Message{"taking.no_answer", {}});
      continue;
    }
    MaterialSource source = open_answer(answer, text, root);
    source.guid = guid_of(instance_id, answer.question);
    source.name = name + "/" + node_of(answer.question).name;
    as_before = may_add(source) && as_before;
    sources.push_back(std::move(source));
  }
  if (!as_before) return;
  keep(std::move(sources), person(*mapping_.respondent, root, root, name), root);
}

void FromSubmissions::take_group(const std::string& instance_id, const collect::Record& record, const Row& root,
                                 const std::string& name) {
  const SubmissionMapping::Group& group = *mapping_.group;
  const auto rows_of = [&](const std::string& repeat) {
    std::vector<Row> rows;
    if (const auto found = repeats_.find(repeat); !repeat.empty() && found != repeats_.end())
      for (const auto& row : record.tables()[static_cast<std::size_t>(found->second)].rows)
        rows.push_back({*this, found->second, &row});
    return rows;
  };
  MaterialSource source;
  source.guid = guid_of(instance_id, group.name);
  source.name = name + " focus group";
  source.kind = "focus_group";
  source.language = value("language", root.text(mapping_.language));
  source.told_on = root.text(mapping_.told_on).substr(0, 10);
  if (!is_date(source.told_on)) source.told_on.clear();
  if (!may_add(source)) return;

  std::string called = "Facilitator";
  for (const std::string& language : {std::string(), source.language})
    if (const auto found = group.facilitator_called.find(language); found != group.facilitator_called.end())
      called = found->second;
  std::vector<std::string> turns;
  for (const Row& row : rows_of(group.turns)) {
    const std::string said = one_line(row.text(group.said));
    if (said.empty()) continue;
    const bool facilitator = !group.who_speaks.empty() && row.text(group.who_speaks) == group.facilitator;
    const std::string label = one_line(facilitator ? called : row.text(group.speaker));
    turns.push_back(label.empty() ? "– " + said : label + ": " + said);
  }
  const bool told_apart = !turns.empty();
  for (const Row& row : rows_of(group.together))
    if (const std::string said = one_line(row.text(group.together_said)); !said.empty()) turns.push_back("– " + said);
  if (turns.empty()) {
    material_.report.note("submission", Outcome::kUnusable, source.name, Message{"taking.nothing_said", {}});
    return;
  }
  source.text = join(turns, "\n\n") + "\n";

  if (told_apart) {
    std::map<std::string, int> labels;
    const std::vector<Row> participants = rows_of(group.participants);
    for (const Row& row : participants) ++labels[one_line(row.text(group.label))];
    for (const Row& row : participants) {
      const std::string label = one_line(row.text(group.label));
      std::string pseudonym = row.text(group.person.name);
      if (label.empty() && pseudonym.empty()) continue;
      if (pseudonym.empty()) pseudonym = name + " " + label;
      if (surroundings_.erased_person(instance_id, pseudonym)) {  // what they said stays nobody's
        material_.report.note("respondent", Outcome::kKept, source.name,
                              Message{"taking.row_stays_out", {{"position", std::to_string(row.row->position + 1)}}});
        continue;
      }
      const int who = person(group.person, row, root, pseudonym);
      if (source.location < 0) source.location = material_.respondents[static_cast<std::size_t>(who)].location;
      if (labels[label] > 1)  // whose turns are whose cannot be told: better nobody's than the wrong person's
        material_.report.note("respondent", Outcome::kChanged, source.name,
                              Message{"taking.same_label", {{"label", label}}});
      source.speakers.push_back({labels[label] > 1 ? "" : label, who});
    }
  } else {
    SubmissionMapping::Person questions;
    questions.age_band = group.age_band;
    questions.gender = group.gender;
    questions.role = group.role;
    const int who = person(questions, root, root, name);
    MaterialRespondent& respondent = material_.respondents[static_cast<std::size_t>(who)];
    respondent.kind = "group";
    const std::string size = root.text(group.size);
    if (!size.empty() && size.size() <= 3 && size.find_first_not_of("0123456789") == std::string::npos)
      respondent.size = std::max(std::stoi(size), 1);
    source.location = respondent.location;
    source.speakers.push_back({"", who});
  }
  material_.sources.push_back(std::move(source));
}

}  // namespace understory::study
