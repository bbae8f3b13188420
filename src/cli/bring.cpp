// understory submissions bring | take, understory form map: from instances on a disk to evidence in a study.
#include "cli/command.h"
#include "cli/door.h"
#include "cli/private_key.h"
#include "collect/entities.h"
#include "collect/forms.h"
#include "collect/intake.h"
#include "collect/quarantine.h"
#include "foundation/file.h"
#include "people/audit.h"
#include "study/from_submissions.h"
#include "study/take_submissions.h"

namespace understory::cli {

namespace {

// --- bring: instances as ODK Collect keeps them in a phone's folder "instances", copied over by cable.

struct BringOptions {
  std::string folder;
  std::vector<std::string> files;
};

// A folder of one instance: its XML and, beside it, what it names.
Result<collect::Post> post_of(const std::filesystem::path& path) {
  collect::Post post;
  std::filesystem::path xml = path;
  if (std::filesystem::is_directory(path)) {
    std::vector<std::filesystem::path> found;
    for (const auto& each : std::filesystem::directory_iterator(path)) {
      if (!each.is_regular_file()) continue;
      if (each.path().extension() == ".xml")
        found.push_back(each.path());
      else
        post.files.push_back({each.path().filename().string(), "application/octet-stream",
                              static_cast<std::int64_t>(each.file_size()),
                              [file = each.path()](const std::function<void(std::string_view)>& piece) {
                                const auto bytes = read_file(file);
                                if (!bytes) throw std::runtime_error(bytes.error().sentence());
                                piece(*bytes);
                              }});
    }
    if (found.size() != 1)
      return fail(problems::kFileUnreadable, {{"file", path.string()},
                                              {"reason", "it is no folder of one instance: it holds " +
                                                             std::to_string(found.size()) + " XML files"}});
    xml = found[0];
  }
  post.xml = TRY(read_file(xml, std::size_t{64} << 20));
  return post;
}

Result<int> bring(const BringOptions& options) {
  const Door door = TRY(Door::enter(options.folder, people::Right::kFillForms, "submissions bring"));
  const vault::SigningKey key = TRY(people::audit_key(door.workspace()));
  int taken = 0, repeated = 0, waiting = 0, missing = 0;
  std::string refused;
  const Progress progress = terminal_progress();
  for (std::size_t i = 0; i < options.files.size(); ++i) {
    if (!report(progress, "progress.sources", static_cast<std::int64_t>(i),
                static_cast<std::int64_t>(options.files.size())))
      break;
    auto post = post_of(options.files[i]);
    if (post) {
      post->sender.person = door.person();
      post->route = "submissions bring";
    }
    const auto receipt = post ? collect::take_in(door.workspace(), key, *post) : tl::unexpected(post.error());
    if (!receipt) {
      refused += options.files[i] + ": " + receipt.error().sentence() + "\n";
      continue;
    }
    ++(receipt->repeated ? repeated : taken);
    waiting += receipt->waits_for != collect::WaitsFor::kNothing;
    missing += receipt->files_missing;
  }
  TRY(put_out(fmt::format("{} taken, {} were here already, {} wait in quarantine, {} attachments are missing\n{}",
                          taken, repeated, waiting, missing, refused)));
  return refused.empty() ? kDone : kDoneWithLosses;
}

// --- map: how a form's submissions become evidence

struct MapOptions {
  std::string folder, study, form, file;
};

Result<int> map(const MapOptions& options) {
  const Door door = TRY(Door::enter(options.folder, people::Right::kKeepForms, "form map", options.study));
  auto transaction = door.write();
  const collect::KeptForm form = TRY(collect::find_form(transaction, options.form));
  if (!door.may(people::Right::kKeepForms, form.study)) return fail(problems::kForbidden);
  // As published: to show it changes nothing.
  if (options.file.empty())
    return put_out(collect::form_mapping(transaction, form.id) + "\n").map([] { return int{kDone}; });
  const study::SubmissionMapping mapping =
      TRY(study::read_submission_mapping(TRY(read_file(options.file, std::size_t{1} << 20))));
  TRY(study::check_submission_mapping(mapping, collect::union_of_versions(transaction, form.id)));
  collect::set_form_mapping(transaction, form.id, study::write_submission_mapping(mapping));
  transaction.commit();
  TRY(put_out(fmt::format("“{}” is mapped; bring its submissions into a study with: understory submissions take\n",
                          form.form_id)));
  return kDone;
}

// --- take: submissions into a study

struct TakeOptions {
  std::string folder, study, form, key;
  bool approved = false, json = false;
};

Result<int> take(const TakeOptions& options) {
  const Door door = TRY(Door::enter(options.folder, people::Right::kChangeStudy, "submissions take", options.study));
  auto transaction = door.write();
  TRY(door.whole_study());
  const collect::KeptForm form = TRY(collect::find_form(transaction, options.form));
  // A form of the whole workspace holds what was told elsewhere too: to change this study is not enough for reading it.
  if (!door.may(people::Right::kReadSubmissions, form.study)) return fail(problems::kForbidden);
  study::TakeOptions wanted;
  wanted.among = collect::within_reach(door.person(), form);
  wanted.among.key = TRY(read_private_key(options.key));
  wanted.approved_only = options.approved;
  wanted.progress = terminal_progress();
  collect::catch_up(transaction);
  const study::ImportReport report = TRY(study::take_submissions(transaction, door.study().id, form.id, wanted));
  transaction.commit();
  TRY(put_out(options.json ? report.json() + "\n" : report.text() + "\n"));
  return report.complete() ? kDone : kDoneWithLosses;
}

}  // namespace

void add_bring(CLI::App& submissions, Action& action) {
  auto options = std::make_shared<BringOptions>();
  CLI::App* command =
      submissions.add_subcommand("bring", "Bring instances copied from a phone, as if it had sent them");
  command->footer(
      "\nFILE is an instance's XML, or its folder with photos and recordings, as ODK Collect keeps them in "
      "“instances”.\n"
      "What was sent or brought before is not taken twice.\n"
      "  understory submissions bring -w network /media/phone/instances/*");
  add_workspace_option(*command, options->folder);
  command->add_option("files", options->files, "Instances")->required()->type_name("FILE…");
  command->callback([options, &action] { action = [options] { return bring(*options); }; });

  auto taking = std::make_shared<TakeOptions>();
  CLI::App* into = submissions.add_subcommand("take", "Take a form's submissions into a study, by the form's mapping");
  into->footer(
      "\nAgain and again: what is in the study already stays as it is; an edited answer is a new version of its "
      "source.\n"
      "Nothing is taken without the consent the mapping asks for; rejected submissions stay out.\n"
      "  understory submissions take -w network --form household --study \"Local experiences\"\n"
      "Exit code 3: done, but something needs a person; the receipt names it.");
  add_workspace_option(*into, taking->folder);
  add_study_option(*into, taking->study);
  into->add_option("--form", taking->form, "Its id")->required()->type_name("ID");
  add_key_option(*into, taking->key);
  into->add_flag("--approved", taking->approved, "Those alone that were approved in review");
  into->add_flag("--json", taking->json, "Print the receipt as JSON");
  into->callback([taking, &action] { action = [taking] { return take(*taking); }; });
}

void add_form_map(CLI::App& form, Action& action) {
  auto options = std::make_shared<MapOptions>();
  CLI::App* command = form.add_subcommand("map", "Say which question is what in a study (or show what was said)");
  command->footer(
      "\nFILE is JSON: which answers are consent, pseudonym, age band, place, open answers (of rows of a repeat too),\n"
      "turns; the page of the form in the browser makes the same by pointing at questions. See\n"
      "examples/seven-communities/forms/*.mapping.json. Without FILE the form's mapping is printed.\n"
      "  understory form map -w network household household.mapping.json");
  add_workspace_option(*command, options->folder);
  command->add_option("--study", options->study, "The study the form belongs to (default: the whole workspace)")
      ->type_name("NAME");
  command->add_option("form", options->form, "Its id")->required()->type_name("ID");
  command->add_option("file", options->file, "The mapping")->type_name("FILE");
  command->callback([options, &action] { action = [options] { return map(*options); }; });
}

}  // namespace understory::cli
