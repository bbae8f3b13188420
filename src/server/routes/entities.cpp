// Lists that forms fill and ask: which there are, what is in one, taking an entity out and putting it back, and whether
// phones get what lies where they are.
#include "collect/entities.h"

#include "foundation/text.h"
#include "people/whole.h"
#include "server/routes.h"
#include "server/thing.h"

namespace understory::server {

namespace mustache = kainjow::mustache;

namespace {

using people::Right;

constexpr std::int64_t kOnAPage = 100;

std::string study_name(const Visit& visit, Id study) {
  if (!study) return visit.say("forms.whole_workspace");
  const auto found = study::find_study(visit.transaction, study);
  return found ? found->name : "";
}

bool may(const Visit& visit, Right right, const collect::EntityList& list) {
  return people::decide(visit.person, right, {list.study, {}, {}}).allowed &&
         people::has_whole(visit.person, right, list.study);
}

void add_deed(const Visit& visit, mustache::data& deeds, const char* what, const std::string& name) {
  mustache::data deed;
  deed.set("value", what);
  deed.set("label", visit.words.say({std::string("entities.") + what, {{"name", name}}}));
  deeds << deed;
}

mustache::data entity_row(const Visit& visit, const collect::EntityList& list, const collect::Entity& entity,
                          bool may_change) {
  mustache::data row;
  const std::string name = entity.label.empty() ? entity.uuid : entity.label;
  row.set("name", name);
  row.set("number", entity.uuid);
  row.set("version", std::to_string(entity.version));
  std::string values;
  for (const std::string& property : list.properties)
    if (const auto found = entity.values.find(property); found != entity.values.end() && !found->second.empty())
      values += (values.empty() ? "" : "; ") + property + ": " + found->second;
  row.set("values", values);
  std::string state;
  if (entity.deleted)
    state = entity.changes_since == 0
                ? visit.say("entities.state_deleted")
                : visit.words.say({"entities.state_since", {{"n", std::int64_t{entity.changes_since}}}});
  else if (entity.conflicts)
    state = visit.say("entities.state_look");
  row.set("state", state);
  mustache::data overwritten{mustache::data::type::list};
  if (entity.conflicts)
    for (const collect::Entity::Overwritten& each : entity.overwritten) {
      mustache::data line;
      line.set("text", visit.words.say({"entities.overwritten",
                                        {{"what", each.property}, {"before", each.before}, {"after", each.after}}}));
      overwritten << line;
    }
  row.set("overwritten", overwritten);
  if (!may_change) return row;
  mustache::data deeds{mustache::data::type::list};
  if (entity.conflicts && !entity.deleted) add_deed(visit, deeds, "settle", name);
  add_deed(visit, deeds, entity.deleted ? "restore" : "delete", name);
  row.set("address", "/entities/" + list.id.text() + "/" + entity.uuid);
  row.set("form", visit.form_token());
  row.set("deeds", deeds);
  return row;
}

std::int64_t first_of(const Visit& visit) {
  const std::string from = visit.request.parameter("from");
  return from.size() < 10 && !from.empty() && from.find_first_not_of("0123456789") == std::string::npos
             ? std::stoll(from)
             : 0;
}

mustache::data place_choice(const Visit& visit, const collect::EntityList& list) {
  mustache::data choice, properties{mustache::data::type::list};
  properties << option("", visit.say("entities.whole"), list.place_property.empty());
  for (const std::string& each : list.properties) properties << option(each, each, each == list.place_property);
  choice.set("properties", properties);
  choice.set("address", "/entities/" + list.id.text());
  choice.set("form", visit.form_token());
  set_labels(visit, choice, "entities.", {"by_place", "by_place_about", "property", "keep"});
  return choice;
}

}  // namespace

Result<Response> show_entity_lists(const Visit& visit) {
  Page page;
  page.title = visit.say("entities.title");
  page.page = "entity_lists";
  mustache::data& data = page.data;
  data.set("title", page.title);
  data.set("about", visit.say("entities.about"));
  set_labels(visit, data, "entities.", {"name", "study", "here", "deleted", "look", "waiting", "refused"});
  mustache::data rows{mustache::data::type::list};
  for (const collect::EntityList& list : collect::entity_lists(visit.transaction)) {
    if (!may(visit, Right::kReadSubmissions, list)) continue;
    const collect::EntityCounts counts = collect::count_entities(visit.transaction, list.id);
    mustache::data row;
    row.set("name", list.name);
    row.set("address", "/entities/" + list.id.text());
    row.set("study", study_name(visit, list.study));
    row.set("here", std::to_string(counts.entities));
    row.set("deleted", std::to_string(counts.deleted));
    row.set("look", std::to_string(counts.conflicts + counts.changed_since));
    row.set("waiting", std::to_string(counts.waiting));
    row.set("refused", std::to_string(counts.refused));
    rows << row;
  }
  if (!rows.is_non_empty_list()) data.set("none", visit.say("entities.none"));
  data.set("lists", rows);
  return show(visit, std::move(page));
}

Result<Response> show_entity_list(const Visit& visit) {
  const collect::EntityList list = TRY(entity_list_named(visit));
  const auto secret = collect::list_secret(visit.transaction, list.id);
  if (!secret) return fail(problems::kLocked);
  const collect::EntityCounts counts = collect::count_entities(visit.transaction, list.id);
  Page page;
  page.title = list.name;
  page.page = "entity_list";
  mustache::data& data = page.data;
  data.set("title", page.title);
  data.set("about",
           visit.words.say(
               {"entities.of_study",
                {{"study", study_name(visit, list.study)}, {"n", counts.entities}, {"deleted", counts.deleted}}}));
  if (counts.changed_since > 0)
    data.set("since", visit.words.say({"entities.changed_since", {{"n", counts.changed_since}}}));
  if (counts.waiting > 0) data.set("wait", visit.words.say({"entities.waits", {{"n", counts.waiting}}}));
  set_labels(visit, data, "entities.", {"entity", "version", "values", "state"});
  data.set("back", visit.say("entities.title"));
  const bool may_change = may(visit, Right::kReviewSubmissions, list);
  const std::int64_t from = first_of(visit), all = counts.entities + counts.deleted;
  std::int64_t at = 0;
  mustache::data rows{mustache::data::type::list};
  collect::each_entity(visit.transaction, list, *secret, [&](const collect::Entity& entity) {
    if (at >= from && at < from + kOnAPage) rows << entity_row(visit, list, entity, may_change);
    ++at;
  });
  data.set("entities", rows);
  if (!rows.is_non_empty_list()) data.set("none", visit.say("entities.empty"));
  if (from + kOnAPage < all) {
    mustache::data next;
    next.set("address", "/entities/" + list.id.text() + "?from=" + std::to_string(from + kOnAPage));
    next.set("label", visit.words.say({"entities.next", {{"from", from + kOnAPage + 1}, {"n", all}}}));
    data.set("next", next);
  }
  if (may(visit, Right::kKeepForms, list) && !list.properties.empty()) data.set("by_place", place_choice(visit, list));
  return show(visit, std::move(page));
}

Result<Response> change_entity_list(const Visit& visit) {
  const collect::EntityList list = TRY(entity_list_named(visit));
  TRY(collect::set_place_property(visit.transaction, list, visit.request.field("property")));
  return see_other("/entities/" + list.id.text());
}

Result<Response> change_entity(const Visit& visit) {
  const collect::EntityList list = TRY(entity_list_named(visit));
  const std::string uuid = lower_ascii(visit.named.at("entity")), what = visit.request.field("do");
  if (what == "delete")
    TRY(collect::delete_entity(visit.transaction, list.id, uuid));
  else if (what == "restore")
    TRY(collect::restore_entity(visit.transaction, list.id, uuid));
  else if (what == "settle")
    TRY(collect::settle_entity(visit.transaction, list.id, uuid));
  else
    return fail(problems::kInvalidValue, {{"where", "do"},
                                          {"value", std::string(shortened(what, 40))},
                                          {"what", "deed"},
                                          {"hint", "Use the buttons of the page."}});
  // The number tells which one, and is no story.
  write_down(visit, visit.transaction, Right::kReviewSubmissions, "POST /entities/{list}/{entity}", "entity_list",
             list.id, what + " " + uuid);
  return see_other("/entities/" + list.id.text());
}

}  // namespace understory::server
