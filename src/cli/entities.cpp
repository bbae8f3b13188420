// understory entities list | show | settle | delete | restore | by-place
#include "collect/entities.h"
#include "collect/quarantine.h"

#include "cli/command.h"
#include "cli/door.h"
#include "foundation/text.h"
#include "people/whole.h"

namespace understory::cli {

namespace {

struct Options {
  std::string folder, study, list, uuid, property;
};

Result<collect::EntityList> list_of(const Door& door, storage::Transaction& transaction, const Options& options,
                                    people::Right right) {
  auto list = collect::find_entity_list(transaction, door.study().id, options.list);
  if (!list || !people::has_whole(door.person(), right, list->study))
    return fail(problems::kNotFound,
                {{"what", "list of entities"}, {"name", std::string(shortened(options.list, 80))}});
  return std::move(*list);
}

Result<int> list(const Options& options) {
  const Door door = TRY(Door::enter(options.folder, people::Right::kReadSubmissions, "entities list"));
  auto transaction = door.read();
  std::string lines;
  for (const collect::EntityList& each : collect::entity_lists(transaction)) {
    if (!people::has_whole(door.person(), people::Right::kReadSubmissions, each.study)) continue;
    const collect::EntityCounts counts = collect::count_entities(transaction, each.id);
    lines += fmt::format("{}\t{}\t{} entities\t{} to look at\t{} wait\t{} refused\t{} deleted{}\n", each.name,
                         join(each.properties, ", "), counts.entities, counts.conflicts + counts.changed_since,
                         counts.waiting, counts.refused, counts.deleted,
                         each.place_property.empty() ? "" : "\tby place: " + each.place_property);
  }
  TRY(put_out(lines));
  return kDone;
}

Result<int> show(const Options& options) {
  const Door door = TRY(Door::enter(options.folder, people::Right::kReadSubmissions, "entities show", options.study));
  {
    auto transaction = door.write();
    if (collect::catch_up(transaction)) transaction.commit();
  }
  auto transaction = door.read();
  const collect::EntityList list = TRY(list_of(door, transaction, options, people::Right::kReadSubmissions));
  const auto secret = collect::list_secret(transaction, list.id);
  if (!secret) return fail(problems::kLocked);
  TRY(put_out(collect::entity_csv(transaction, list, *secret)));
  std::string overwritten, deleted;
  collect::each_entity(transaction, list, *secret, [&](const collect::Entity& entity) {
    if (entity.deleted) {
      deleted += entity.uuid + "\t" + entity.label;
      if (entity.changes_since > 0) deleted += fmt::format("\t{} changes came after that", entity.changes_since);
      deleted += "\n";
      return;
    }
    if (!entity.conflicts) return;
    for (const collect::Entity::Overwritten& each : entity.overwritten)
      overwritten += fmt::format("{}\tversion {}\t{}: “{}” became “{}”\n", entity.uuid, each.version, each.property,
                                 each.before, each.after);
    if (entity.overwritten.empty()) overwritten += entity.uuid + "\tchanged twice, and nothing was overwritten\n";
  });
  if (!overwritten.empty()) TRY(put_out("\nTo look at:\n" + overwritten));
  if (!deleted.empty()) TRY(put_out("\nDeleted:\n" + deleted));
  return kDone;
}

Result<int> change(const Options& options, std::string_view command,
                   Result<void> (*work)(storage::Transaction&, Id, std::string_view), const char* said) {
  const Door door = TRY(Door::enter(options.folder, people::Right::kReviewSubmissions, command, options.study));
  auto transaction = door.write();
  const collect::EntityList list = TRY(list_of(door, transaction, options, people::Right::kReviewSubmissions));
  TRY(work(transaction, list.id, lower_ascii(options.uuid)));
  transaction.commit();
  TRY(put_out(said));
  return kDone;
}

Result<int> settle(const Options& options) {
  return change(options, "entities settle", collect::settle_entity, "Marked as looked at.\n");
}
Result<int> remove(const Options& options) {
  return change(options, "entities delete", collect::delete_entity,
                "Deleted: phones get it no more. “understory entities restore” puts it back.\n");
}
Result<int> restore(const Options& options) {
  return change(options, "entities restore", collect::restore_entity, "Restored, with all that was sent meanwhile.\n");
}

Result<int> by_place(const Options& options) {
  const Door door = TRY(Door::enter(options.folder, people::Right::kKeepForms, "entities by-place", options.study));
  auto transaction = door.write();
  const collect::EntityList list = TRY(list_of(door, transaction, options, people::Right::kKeepForms));
  TRY(collect::set_place_property(transaction, list, options.property));
  transaction.commit();
  TRY(put_out(options.property.empty()
                  ? "Every phone gets the whole list now.\n"
                  : fmt::format("Phones enrolled for a place get what “{}” says lies there.\n", options.property)));
  return kDone;
}

}  // namespace

void add_entities(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("entities", "Lists that forms fill and ask: wells, households, schools");
  command->require_subcommand(1);
  auto options = std::make_shared<Options>();
  const auto add = [&](const char* name, const char* about, Result<int> (*work)(const Options&)) {
    CLI::App* made = command->add_subcommand(name, about);
    add_workspace_option(*made, options->folder);
    made->callback([options, work, &action] { action = [options, work] { return work(*options); }; });
    return made;
  };
  add("list", "One a line: name, properties, how many entities, how many somebody should look at", list);
  CLI::App* shown =
      add("show", "A list as phones get it (CSV), then what was changed twice, and what was deleted", show);
  CLI::App* settled = add("settle", "Somebody has looked at what was changed twice", settle);
  CLI::App* removed = add("delete", "Take one out: phones get it no more; nothing that was told of it is lost", remove);
  CLI::App* restored = add("restore", "Put a deleted one back, with what phones sent of it meanwhile", restore);
  CLI::App* placed =
      add("by-place", "Give phones of a place only what lies there, by a property that holds its code", by_place);
  for (CLI::App* each : {shown, settled, removed, restored, placed}) {
    each->add_option("--study", options->study, "The study of its forms (default: the whole workspace)")
        ->type_name("NAME");
    each->add_option("list", options->list, "As forms call it")->required()->type_name("LIST");
  }
  for (CLI::App* each : {settled, removed, restored})
    each->add_option("entity", options->uuid, "Its number")->required()->type_name("UUID");
  placed->add_option("property", options->property, "The property; none: every phone gets the whole list")
      ->type_name("PROPERTY");
}

}  // namespace understory::cli
