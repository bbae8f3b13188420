// understory device new | list | revoke
#include "people/device.h"

#include "cli/command.h"
#include "cli/door.h"
#include "collect/entities.h"
#include "collect/quarantine.h"
#include "people/audit.h"
#include "publish/qr_code.h"
#include "server/collect_settings.h"

namespace understory::cli {

namespace {

struct NewOptions {
  std::string folder, name, study, place, server = "http://127.0.0.1:8080";
  int days = 365;
};

Result<int> enroll(const NewOptions& options) {
  const Door door = TRY(Door::enter(options.folder, people::Right::kKeepDevices, "device new"));
  auto transaction = door.write();
  people::Device wanted;
  wanted.name = options.name;
  if (!options.study.empty()) wanted.study = TRY(study::find_study(transaction, options.study))
  .id;
  wanted.place = options.place;
  wanted.made_by = door.person().account;
  const people::Enrolled enrolled = TRY(
      people::enroll_device(transaction, TRY(people::audit_key(door.workspace())), std::move(wanted), options.days));
  collect::catch_up(transaction);
  const std::string url = server::device_address(options.server, enrolled.token);
  const std::string code = TRY(publish::qr_code_text(server::collect_settings(url, enrolled.device.name)));
  transaction.commit();
  TRY(put_out(fmt::format(
      "{}\n\n{}\n"
      "Scan this in ODK Collect (Configure with QR code), or give the address above as the server's "
      "URL.\nWhoever has it sends as “{}”{}. It is shown once; take it back with: understory device "
      "revoke {}\n",
      url, code, enrolled.device.name, options.days == 0 ? std::string() : fmt::format(" for {} days", options.days),
      enrolled.device.id.text())));
  return kDone;
}

Result<int> list(const std::string& folder) {
  const Door door = TRY(Door::enter(folder, people::Right::kKeepDevices, "device list"));
  auto transaction = door.read();
  std::string lines;
  for (const people::Device& device : people::devices(transaction))
    lines += fmt::format("{}\t{}\t{}\t{}\t{}\n", device.id.text(), device.name,
                         device.revoked_at != 0   ? "revoked"
                         : device.over(now())     ? "expired"
                         : device.expires_at == 0 ? "does not expire"
                                                  : "until " + iso_time(device.expires_at).substr(0, 10),
                         device.study ? TRY(study::find_study(transaction, device.study)).name : "every study",
                         device.place.empty() ? "no place" : device.place);
  TRY(put_out(lines));
  return kDone;
}

Result<int> revoke(const std::string& folder, const std::string& number) {
  const Door door = TRY(Door::enter(folder, people::Right::kKeepDevices, "device revoke"));
  const auto id = Id::parse(number);
  if (!id) return fail(problems::kNotFound, {{"what", "device"}, {"name", number}});
  auto transaction = door.write();
  TRY(people::revoke_device(transaction, *id));
  transaction.commit();
  TRY(put_out("It fetches nothing any more; what it still sends waits in quarantine.\n"));
  return kDone;
}

}  // namespace

void add_device(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("device", "Phones and tablets that send: enroll, list, revoke");
  command->require_subcommand(1);

  auto options = std::make_shared<NewOptions>();
  CLI::App* make = command->add_subcommand("new", "Enroll a phone: prints its server address and a QR code");
  make->footer(
      "\nThe address holds a token of its own: no password lies in the phone, and it can send but never read.\n"
      "  understory device new -w network --name \"Sokha's phone\" --study \"Local experiences\" --place KH-20 \\\n"
      "    --expires 90 --server https://voices.example.org");
  add_workspace_option(*make, options->folder);
  make->add_option("--name", options->name, "Whose phone, or which tablet")->required();
  make->add_option("--study", options->study, "Forms of this study alone (default: every study)")->type_name("NAME");
  make->add_option("--place", options->place, "What it sends is of this place")->type_name("CODE");
  make->add_option("--expires", options->days, "Days until it fetches nothing any more; 0: never")
      ->capture_default_str()
      ->type_name("DAYS");
  make->add_option("--server", options->server, "How the phone reaches this server")
      ->capture_default_str()
      ->type_name("URL");
  make->callback([options, &action] { action = [options] { return enroll(*options); }; });

  auto folder = std::make_shared<std::string>();
  CLI::App* show = command->add_subcommand("list", "One a line: number, name, until when, study, place");
  add_workspace_option(*show, *folder);
  show->callback([folder, &action] { action = [folder] { return list(*folder); }; });

  auto number = std::make_shared<std::string>();
  CLI::App* take = command->add_subcommand("revoke", "Take a phone's token back: a lost or stolen one");
  add_workspace_option(*take, *folder);
  take->add_option("number", *number, "As list prints it")->required();
  take->callback([folder, number, &action] { action = [=] { return revoke(*folder, *number); }; });
}

}  // namespace understory::cli
