// understory webhook new | list | remove | deliveries
#include "collect/webhook.h"

#include "cli/command.h"
#include "cli/door.h"
#include "collect/forms.h"
#include "people/audit.h"

namespace understory::cli {

namespace {

// Of forms this person keeps; another's are as if they were not there.
Result<collect::Webhook> webhook_of(const Door& door, storage::Transaction& transaction, const std::string& number) {
  const auto id = Id::parse(number);
  for (const collect::Webhook& each : collect::webhooks(transaction)) {
    if (!id || each.id != *id) continue;
    const collect::KeptForm form = TRY(collect::find_form(transaction, std::string_view(each.form_id)));
    if (door.may(people::Right::kKeepForms, form.study)) return each;
  }
  return fail(problems::kNotFound, {{"what", "webhook"}, {"name", number}});
}

Result<int> make(const std::string& folder, const std::string& form_id, const std::string& url) {
  const Door door = TRY(Door::enter(folder, people::Right::kKeepForms, "webhook new"));
  const vault::SigningKey key = TRY(people::audit_key(door.workspace()));
  auto transaction = door.write();
  const collect::KeptForm form = TRY(collect::find_form(transaction, std::string_view(form_id)));
  if (!door.may(people::Right::kKeepForms, form.study))
    return fail(problems::kNotFound, {{"what", "form"}, {"name", form_id}});
  const collect::Webhook made = TRY(collect::add_webhook(transaction, form.id, url, door.person().account));
  transaction.commit();
  TRY(put_out(
      fmt::format("{}\n{}\nThe second line is the secret by which its receiver checks what comes. It is shown once.\n",
                  made.id.text(), collect::webhook_secret(key, made.id))));
  return kDone;
}

Result<int> list(const std::string& folder) {
  const Door door = TRY(Door::enter(folder, people::Right::kKeepForms, "webhook list"));
  auto transaction = door.read();
  std::string lines;
  for (const collect::Webhook& each : collect::webhooks(transaction))
    if (webhook_of(door, transaction, each.id.text()))
      lines += fmt::format("{}\t{}\t{}\t{}\n", each.id.text(), each.form_id, each.url, iso_time(each.made_at));
  TRY(put_out(lines));
  return kDone;
}

Result<int> remove(const std::string& folder, const std::string& number) {
  const Door door = TRY(Door::enter(folder, people::Right::kKeepForms, "webhook remove"));
  auto transaction = door.write();
  const collect::Webhook webhook = TRY(webhook_of(door, transaction, number));
  TRY(collect::remove_webhook(transaction, webhook.id));
  transaction.commit();
  TRY(put_out("It is told nothing any more.\n"));
  return kDone;
}

Result<int> deliveries(const std::string& folder, const std::string& number) {
  constexpr std::int64_t kShown = 1000;
  const Door door = TRY(Door::enter(folder, people::Right::kKeepForms, "webhook deliveries"));
  auto transaction = door.read();
  const collect::Webhook webhook = TRY(webhook_of(door, transaction, number));
  std::string lines;
  for (const collect::Delivery& each : collect::deliveries(transaction, webhook.id, kShown))
    lines += fmt::format("{}\t{}\tsubmission.{}\t{}\t{}\t{} attempts\t{}{}\n", each.id.text(),
                         iso_time(each.happened_at), each.event, each.instance_id, each.state, each.attempts,
                         each.status == 0 ? std::string("no answer") : std::to_string(each.status),
                         each.trouble.empty() ? "" : "\t" + each.trouble);
  TRY(put_out(lines));
  return kDone;
}

}  // namespace

void add_webhook(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("webhook", "Tell another program what was sent: new, list, remove, deliveries");
  command->require_subcommand(1);
  auto folder = std::make_shared<std::string>(), form = std::make_shared<std::string>(),
       text = std::make_shared<std::string>();

  CLI::App* add = command->add_subcommand("new", "Tell an address whenever a submission is kept, edited or reviewed");
  add->footer(
      "\nPrints its number and a secret, once. The running server then sends which submission it was and when, never "
      "an answer,\n"
      "signed as standardwebhooks.com says. What cannot be delivered is tried again, ever more seldom, for 3 days.\n"
      "  understory webhook new -w network --form household https://example.org/told");
  add_workspace_option(*add, *folder);
  add->add_option("--form", *form, "Its id")->required()->type_name("ID");
  add->add_option("url", *text, "https://…, or http://127.0.0.1:PORT/… for a program on this machine")
      ->required()
      ->type_name("URL");
  add->callback([=, &action] { action = [=] { return make(*folder, *form, *text); }; });

  CLI::App* show = command->add_subcommand("list", "One a line: number, form, address, since when");
  add_workspace_option(*show, *folder);
  show->callback([=, &action] { action = [=] { return list(*folder); }; });

  CLI::App* take = command->add_subcommand("remove", "Tell it nothing any more");
  add_workspace_option(*take, *folder);
  take->add_option("number", *text, "As list prints it")->required();
  take->callback([=, &action] { action = [=] { return remove(*folder, *text); }; });

  CLI::App* told = command->add_subcommand(
      "deliveries", "What it was told, newest first: number, when, what, submission, state, attempts, answer");
  told->footer("\nDelivered, waits (it is tried again), or given_up (after 3 days). Lines older than 30 days go.");
  add_workspace_option(*told, *folder);
  told->add_option("number", *text, "As list prints it")->required();
  told->callback([=, &action] { action = [=] { return deliveries(*folder, *text); }; });
}

}  // namespace understory::cli
