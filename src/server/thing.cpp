#include "server/thing.h"

#include "foundation/text.h"
#include "people/account.h"
#include "people/audit.h"
#include "people/whole.h"
#include "places/places.h"

namespace understory::server {

people::Record record_of(const collect::KeptForm& form) { return {form.study, {}, {}}; }

people::Record record_of(storage::Transaction& transaction, const collect::Submission& submission) {
  people::Record record{submission.study, submission.id, {}};
  // What waits may have come before its form was known, and so without a study.
  if (!record.study && submission.form)
    if (const auto form = collect::find_form(transaction, submission.form)) record.study = form->study;
  if (!submission.place.empty())
    for (const places::Place& place : places::ancestors(transaction, submission.place))
      record.places.push_back(place.code);
  return record;
}

Result<collect::KeptForm> form_named(const Visit& visit) {
  const Id id = TRY(visit.id("form"));
  return collect::find_form(visit.transaction, id);
}

Result<collect::Submission> submission_named(const Visit& visit) {
  const Id id = TRY(visit.id("submission"));
  return collect::find_submission(visit.transaction, id);
}

Result<collect::EntityList> entity_list_named(const Visit& visit) {
  const Id id = TRY(visit.id("list"));
  collect::EntityList list = TRY(collect::find_entity_list(visit.transaction, id));
  if (!people::has_whole(visit.person, visit.right, list.study))
    return fail(problems::kNotFound, {{"what", "list of entities"}, {"name", id.text()}});
  return list;
}

Result<people::Record> record_named(const Visit& visit) {
  if (visit.named.contains("submission")) return record_of(visit.transaction, TRY(submission_named(visit)));
  if (visit.named.contains("form")) return record_of(TRY(form_named(visit)));
  if (visit.named.contains("list")) return people::Record {
      TRY(entity_list_named(visit))
      .study, {}, {}
    };
  return people::Record{};
}

collect::Lists lists_of(storage::Transaction& transaction, Id version) {
  constexpr std::int64_t kMost = 16 << 20;  // bytes
  collect::Lists lists;
  for (const collect::FormFile& file : collect::form_files(transaction, version)) {
    const std::string ending = lower_ascii(file.name.substr(std::min(file.name.rfind('.'), file.name.size())));
    if (!file.here || file.size > kMost || (ending != ".csv" && ending != ".xml" && ending != ".geojson")) continue;
    std::string content;
    if (!collect::read_form_file(transaction, file.id, [&](std::string_view piece) { content += piece; })) continue;
    if (auto list = collect::read_list(content, file.name)) lists.emplace(file.name, std::move(*list));
  }
  return lists;
}

void write_down(const Visit& visit, storage::Transaction& transaction, people::Right right, std::string_view route,
                std::string_view kind, Id record, std::string reason) {
  if (visit.person.at_machine) return;
  const auto key = people::audit_key(visit.workspace);
  if (!key) throw std::runtime_error(key.error().sentence());
  people::record(transaction, *key,
                 {visit.person.account, std::string(people::name_of(right)), std::string(route), std::string(kind),
                  record, "done", std::move(reason)});
}

void set_labels(const Visit& visit, kainjow::mustache::data& data, const std::string& beginning,
                std::initializer_list<const char*> labels) {
  for (const char* label : labels) data.set(std::string(label) + "_label", visit.say(beginning + label));
}

std::string account_name(const Visit& visit, Id account) {
  if (!account) return "";
  const auto found = people::account_of(visit.transaction, account);
  return found ? found->name : "";
}

}  // namespace understory::server
