// understory entities list | show | settle
#include "collect/entities.h"

#include "cli/command.h"
#include "cli/door.h"
#include "foundation/text.h"

namespace understory::cli {

namespace {

struct Options {
  std::string folder, study, list, uuid;
};

// An entity lies at no place: whoever may see some places alone sees none of them.
bool may_see(const Door& door, people::Right right, Id study) {
  const people::Reach reach = people::reach(door.person(), right, study);
  return reach.everything && reach.without.empty();
}

Result<collect::EntityList> list_of(const Door& door, storage::Transaction& transaction, const Options& options,
                                    people::Right right) {
  auto list = collect::find_entity_list(transaction, door.study().id, options.list);
  if (!list || !may_see(door, right, list->study))
    return fail(problems::kNotFound,
                {{"what", "list of entities"}, {"name", std::string(shortened(options.list, 80))}});
  return std::move(*list);
}

Result<int> list(const Options& options) {
  const Door door = TRY(Door::enter(options.folder, people::Right::kReadSubmissions, "entities list"));
  auto transaction = door.read();
  std::string lines;
  for (const collect::EntityList& each : collect::entity_lists(transaction)) {
    if (!may_see(door, people::Right::kReadSubmissions, each.study)) continue;
    const collect::EntityCounts counts = collect::count_entities(transaction, each.id);
    lines +=
        fmt::format("{}\t{}\t{} entities\t{} to look at\t{} wait\t{} refused\n", each.name, join(each.properties, ", "),
                    counts.entities, counts.conflicts, counts.waiting, counts.refused);
  }
  TRY(put_out(lines));
  return kDone;
}

Result<int> show(const Options& options) {
  const Door door = TRY(Door::enter(options.folder, people::Right::kReadSubmissions, "entities show", options.study));
  {
    auto transaction = door.write();
    if (collect::catch_up_entities(transaction)) transaction.commit();
  }
  auto transaction = door.read();
  const collect::EntityList list = TRY(list_of(door, transaction, options, people::Right::kReadSubmissions));
  const auto secret = collect::list_secret(transaction, list.id);
  if (!secret) return fail(problems::kLocked);
  TRY(put_out(collect::entity_csv(transaction, list, *secret)));
  std::string overwritten;
  collect::each_entity(transaction, list, *secret, [&](const collect::Entity& entity) {
    if (!entity.conflicts) return;
    for (const collect::Entity::Overwritten& each : entity.overwritten)
      overwritten += fmt::format("{}\tversion {}\t{}: “{}” became “{}”\n", entity.uuid, each.version, each.property,
                                 each.before, each.after);
    if (entity.overwritten.empty()) overwritten += entity.uuid + "\tchanged twice, and nothing was overwritten\n";
  });
  if (!overwritten.empty()) TRY(put_out("\nTo look at:\n" + overwritten));
  return kDone;
}

Result<int> settle(const Options& options) {
  const Door door =
      TRY(Door::enter(options.folder, people::Right::kReviewSubmissions, "entities settle", options.study));
  auto transaction = door.write();
  const collect::EntityList list = TRY(list_of(door, transaction, options, people::Right::kReviewSubmissions));
  TRY(collect::settle_entity(transaction, list.id, options.uuid));
  transaction.commit();
  TRY(put_out("Marked as looked at.\n"));
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
  CLI::App* shown = add("show", "A list as phones get it (CSV), then what was changed twice", show);
  CLI::App* settled = add("settle", "Somebody has looked at what was changed twice", settle);
  for (CLI::App* each : {shown, settled}) {
    each->add_option("--study", options->study, "The study of its forms (default: the whole workspace)")
        ->type_name("NAME");
    each->add_option("list", options->list, "As forms call it")->required()->type_name("LIST");
  }
  settled->add_option("entity", options->uuid, "Its number")->required()->type_name("UUID");
}

}  // namespace understory::cli
