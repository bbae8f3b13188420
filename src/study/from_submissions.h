// From submissions to evidence: a mapping, kept with its form, says which question of the form is what of a study; by
// it the rows of filled-in forms become Material, and merge() brings that in. Pure: no database here.
//
// What is found again is found by GUID: each source's is derived from its submission's first instanceID and the path of
// its question (in a repeat: and the row's pseudonym or position), through the workspace's keyed hash, so a second run
// finds what the first made, an edited answer is a new version of its source, and nobody without the key can tell which
// submission a source came from.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "collect/record.h"
#include "study/material.h"

namespace understory::study {

// Questions are named by their path in the form ("/data/told/why").
struct SubmissionMapping {
  // All must hold, or nothing is taken of a submission. Without any, `consent_on_paper` must be true.
  struct Condition {
    std::string question, is;
  };
  std::vector<Condition> consent;
  bool consent_on_paper = false;

  std::string place;     // its answer is a place code; the location is the study's in which the place lies
  std::string location;  // a name, for all, where the places do not say it
  std::string language;  // its answer is a language code: of the conversation
  std::string told_on;   // a date

  // One person. Within a repeat of participants: relative to the same form, paths as everywhere.
  struct Person {
    std::string name;  // pseudonym
    std::string age_band, gender, role, language, place;
    std::map<std::string, std::string> attributes;  // question → name of the attribute
  };
  std::optional<Person> respondent;  // whose answers the open answers are

  struct Answer {
    std::string question;
    std::string asked;  // kinds of codes it asks for, see source.asked; empty: all
  };
  std::vector<Answer> answers;  // each becomes a source of kind open_answer

  // The same of a repeat, which may lie in another: each row's answers are sources of their own. Of somebody else where
  // the row gives a pseudonym; else of the respondent, numbered as the rows stand.
  struct RowAnswers {
    std::string repeat;
    std::optional<Person> respondent;  // questions in the repeat; its name must be one
    std::vector<Answer> answers;       // likewise
  };
  std::vector<RowAnswers> rows;

  // A conversation of several. Its source is named "<name> focus group".
  struct Group {
    std::string name;          // question: the group's code
    std::string participants;  // repeat
    std::string label;         // question in it: as the turns name them
    Person person;             // questions in it
    std::string turns;         // repeat
    std::string speaker;       // question in it: a participant's label; empty answer: nobody in particular
    std::string said;          // question in it
    // question in `turns` and its answer when the facilitator speaks; what the facilitator is called, by language
    std::string who_speaks, facilitator;
    std::map<std::string, std::string> facilitator_called;  // "" for all others
    // Where speakers were not told apart: the group is the respondent.
    std::string together;  // repeat of what was said, of turns without speaker
    std::string together_said, size, age_band, gender, role;
  };
  std::optional<Group> group;

  // fact (age_band, gender, role, language, place or an attribute's name) → answer → what it means in a study; "":
  // nothing. What is not named here: an answer's underscores are spaces in age bands, roles and attributes.
  std::map<std::string, std::map<std::string, std::string>> values;
  // A mapping to community reports stands beside these when there are reports.
};

// kInvalidValue with the member and why; kMissingValue: no consent, or nobody who tells anything.
Result<SubmissionMapping> read_submission_mapping(std::string_view json);
std::string write_submission_mapping(const SubmissionMapping& mapping);  // same mapping, same bytes
// kInvalidValue: a path that the form has not, or that lies in another repeat than it must.
Result<void> check_submission_mapping(const SubmissionMapping& mapping, const collect::Form& form);

// What the study and the workspace know, as questions. None may be empty.
struct SubmissionSurroundings {
  std::function<std::string(std::string_view)> keyed_hash;             // of any words: at least 16 bytes
  std::function<std::optional<std::string>(const std::string&)> held;  // GUID → name of the source that has it
  std::function<bool(const std::string&)> erased;                      // GUID: erased from this study
  // Name and text of an open answer that came into this study in another way than by a submission and was erased.
  std::function<bool(const std::string& name, const std::string& text)> erased_answer;
  // A person of this pseudonym whom this submission brought was erased from this study.
  std::function<bool(const std::string& instance_id, const std::string& pseudonym)> erased_person;
  std::function<std::string(const std::string& place_code)> location_of;  // "" where the place lies in none
  std::function<bool(const std::string& place_code)> is_place;            // of the gazetteer
};

// What the material has of one submission: by index there.
struct Taken {
  std::string instance_id;
  std::vector<int> sources, respondents;
};

// Whether a source's GUID is one that a submission gives.
bool is_guid_of_submission(std::string_view guid);

// Collects submissions of one form; `form` is the union of its versions and `tables` its tables. All must outlive it.
class FromSubmissions {
 public:
  FromSubmissions(const SubmissionMapping& mapping, const collect::Form& form,
                  const std::vector<collect::Table>& tables, SubmissionSurroundings surroundings);
  // `instance_id`: of the first instance. In the order they came: of two that give one pseudonym the first has the
  // plain names.
  // `before`: what it said before its edits, oldest first; needed where rows of repeats are taken, so that a row that
  // an edit took out is noticed.
  void add(const std::string& instance_id, const collect::Record& record,
           const std::vector<collect::Record>& before = {});
  // Not to be taken, because … (a sentence by its key: "taking.rejected"). What an earlier run took of it is named, of
  // rows by what it says and said.
  void leave_out(const std::string& instance_id, const char* why, const std::vector<const collect::Record*>& said = {});
  // The GUIDs of all sources it may ever have become: by the mapping, and by any other that names the same questions
  // and no pseudonyms of rows. `said`: by all its instances.
  std::vector<std::string> may_have_made(const std::string& instance_id,
                                         const std::vector<collect::Record>& said) const;
  const std::vector<Taken>& taken() const { return taken_; }  // those alone of which there is something
  Material finish() { return std::move(material_); }

 private:
  struct Row;     // from_submissions_parts.h
  struct RowKey;  // likewise
  std::string guid_of(const std::string& instance_id, std::string_view path) const;
  std::vector<std::string> guids_of(const std::string& instance_id) const;
  // Of the rows of a record: all, or those alone that are the respondent's own.
  std::vector<std::string> guids_of_rows(const std::string& instance_id, const collect::Record& record,
                                         bool others) const;
  std::string guid_of_row(const std::string& instance_id, const std::string& question, const RowKey& key) const;
  std::vector<RowKey> keys_of(const SubmissionMapping::RowAnswers& rows, const collect::Record& record) const;
  const collect::Node& node_of(const std::string& question) const;
  std::string value(std::string_view fact, std::string answer) const;
  int person(const SubmissionMapping::Person& questions, const Row& row, const Row& root, std::string name);
  int location(const std::string& name);
  int respondent(MaterialRespondent respondent);
  void take_answers(const std::string& instance_id, const Row& root, const std::string& name);
  void take_group(const std::string& instance_id, const collect::Record& record, const Row& root,
                  const std::string& name);
  void take_rows(const SubmissionMapping::RowAnswers& rows, const std::string& instance_id,
                 const collect::Record& record, const std::vector<collect::Record>& before, const Row& root,
                 const std::string& name);
  MaterialSource open_answer(const SubmissionMapping::Answer& answer, const char* text, const Row& root) const;
  void keep(std::vector<MaterialSource> sources, int who, const Row& root);
  bool may_add(MaterialSource& source);
  bool erased_before(const std::string& guid, const std::string& name, const Row& row,
                     const SubmissionMapping::Answer& answer) const;

  const SubmissionMapping& mapping_;
  const collect::Form& form_;
  const std::vector<collect::Table>& tables_;
  SubmissionSurroundings surroundings_;
  std::map<std::string, std::pair<int, int>, std::less<>> columns_;  // path → table, column
  std::map<std::string, int, std::less<>> repeats_;                  // path → table
  std::map<std::string, int> locations_, respondents_;               // name → index
  std::map<std::string, int> names_;                                 // of sources → how often
  std::set<int> told_now_;                                           // respondents of the submission that is added
  std::vector<Taken> taken_;
  Material material_;
};

}  // namespace understory::study
