#include "foundation/clock.h"
#include "people/organisation.h"
#include "places/places.h"
#include "study/default_codebook.h"
#include "study/study.h"
#include "study/vocabulary.h"

namespace understory::study {

using storage::Query;
using storage::Row;
using storage::Transaction;

namespace {

const Query kAddStudy{"study.add_study",
                      "insert into study (workspace_id, id, guid, name, language, purposive, invented, ethics_note, "
                      "instruments, created_at, revision) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)"};
const Query kStudyByName{"study.study_by_name",
                         "select id, guid, name, language, purposive, invented, ethics_note, instruments, created_at, "
                         "revision from study where workspace_id = ? and name = ?"};
const Query kStudyById{"study.study_by_id",
                       "select id, guid, name, language, purposive, invented, ethics_note, instruments, created_at, "
                       "revision from study where workspace_id = ? and id = ?"};
const Query kStudies{"study.studies",
                     "select id, guid, name, language, purposive, invented, ethics_note, instruments, created_at, "
                     "revision from study where workspace_id = ? order by name collate \"C\""};
const Query kAddStudyOrganisation{
    "study.add_study_organisation",
    "insert into study_organisation (workspace_id, study_id, organisation_id) values (?, ?, ?) on conflict do nothing"};
const Query kStudyOrganisations{
    "study.study_organisations",
    "select organisation.name from study_organisation join organisation on organisation.workspace_id = "
    "study_organisation.workspace_id and organisation.id = study_organisation.organisation_id "
    "where study_organisation.workspace_id = ? and study_organisation.study_id = ? order by organisation.name collate "
    "\"C\""};
const Query kFindLocation{"study.find_location",
                          "select id from location where workspace_id = ? and study_id = ? and name = ?"};
const Query kAddLocation{"study.add_location",
                         "insert into location (workspace_id, id, study_id, guid, name, place_code, position) "
                         "select ?, ?, ?, ?, ?, ?, count(*) from location where workspace_id = ? and study_id = ?"};
const Query kLocations{"study.locations",
                       "select id, guid, name, place_code from location where workspace_id = ? and study_id = ? "
                       "order by position"};
const Query kTouch{"study.touch", "update study set revision = revision + 1 where workspace_id = ? and id = ?"};

Study read_study(const Row& row) {
  Study study;
  study.id = row.id(0);
  study.guid = row.string(1);
  study.name = row.string(2);
  study.language = row.string(3);
  study.purposive = row.integer(4) != 0;
  study.invented = row.integer(5) != 0;
  study.ethics_note = row.string(6);
  study.instruments = row.string(7);
  study.created_at = row.integer(8);
  study.revision = row.integer(9);
  return study;
}

}  // namespace

Result<Id> create_study(Transaction& transaction, const NewStudy& wanted) {
  const std::string name(trim(wanted.study.name));
  if (name.empty())
    return fail(problems::kMissingValue,
                {{"where", "New study"}, {"what", "its name"}, {"hint", "Give it a name of one word or more."}});
  if (!is_one_of(kLanguages, wanted.study.language))
    return fail(problems::kInvalidValue, {{"where", "New study"},
                                          {"value", wanted.study.language},
                                          {"what", "language"},
                                          {"hint", "Known: en, km, ne, hi, bn, th, vi."}});
  if (find_study(transaction, name)) return fail(problems::kAlreadyExists, {{"what", "study"}, {"name", name}});
  const Id id = Id::make();
  transaction.run(kAddStudy,
                  {transaction.workspace(), id, make_guid(), name, wanted.study.language, wanted.study.purposive,
                   wanted.study.invented, wanted.study.ethics_note, wanted.study.instruments, now()});
  for (const std::string& organisation : wanted.organisations)
    transaction.run(kAddStudyOrganisation,
                    {transaction.workspace(), id, people::ensure_organisation(transaction, organisation)});
  if (wanted.default_codebook) TRY(install_default_codebook(transaction, id));
  return id;
}

Result<Study> find_study(Transaction& transaction, std::string_view name) {
  auto study = transaction.one(kStudyByName, {transaction.workspace(), trim(name)}, read_study);
  if (!study) return fail(problems::kNotFound, {{"what", "study"}, {"name", std::string(name)}});
  return *study;
}

Result<Study> find_study(Transaction& transaction, Id id) {
  auto study = transaction.one(kStudyById, {transaction.workspace(), id}, read_study);
  if (!study) return fail(problems::kNotFound, {{"what", "study"}, {"name", id.text()}});
  return *study;
}

std::vector<Study> studies(Transaction& transaction) {
  std::vector<Study> list;
  transaction.each(kStudies, {transaction.workspace()}, [&](const Row& row) { list.push_back(read_study(row)); });
  return list;
}

std::vector<std::string> study_organisations(Transaction& transaction, Id study) {
  std::vector<std::string> names;
  transaction.each(kStudyOrganisations, {transaction.workspace(), study},
                   [&](const Row& row) { names.push_back(row.string(0)); });
  return names;
}

Result<Id> ensure_location(Transaction& transaction, Id study, std::string_view name, std::string_view place_code) {
  if (auto found = transaction.one(kFindLocation, {transaction.workspace(), study, name},
                                   [](const Row& row) { return row.id(0); }))
    return *found;
  if (!place_code.empty()) TRY(places::require_place(transaction, place_code, "Location “" + std::string(name) + "”"));
  const Id id = Id::make();
  const std::optional<std::string_view> code = place_code.empty() ? std::nullopt : std::optional(place_code);
  transaction.run(kAddLocation,
                  {transaction.workspace(), id, study, make_guid(), name, code, transaction.workspace(), study});
  return id;
}

std::vector<Location> locations(Transaction& transaction, Id study) {
  std::vector<Location> list;
  transaction.each(kLocations, {transaction.workspace(), study}, [&](const Row& row) {
    list.push_back({row.id(0), row.string(1), row.string(2), row.string(3)});
  });
  return list;
}

void touch(Transaction& transaction, Id study) { transaction.run(kTouch, {transaction.workspace(), study}); }

}  // namespace understory::study
