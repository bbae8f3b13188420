// understory erase
#include "study/erase.h"

#include "cli/command.h"
#include "cli/door.h"
#include "cli/private_key.h"
#include "collect/submissions.h"
#include "foundation/text.h"
#include "people/audit.h"
#include "people/whole.h"
#include "study/erase_submission.h"
#include "study/source.h"

namespace understory::cli {

namespace {

struct Options {
  std::string folder, study, source, respondent, submission, reason, key;
  bool tell = false;
};

// By its number or its name; several of one name are told apart by their numbers.
template <class List>
Result<Id> one_of(const List& list, const std::string& typed, const char* what) {
  std::vector<Id> found;
  for (const auto& each : list)
    if (each.id == Id::parse(typed).value_or(Id{}) || each.name == typed) found.push_back(each.id);
  if (found.empty()) return fail(problems::kNotFound, {{"what", what}, {"name", typed}});
  if (found.size() > 1)
    return fail(problems::kInvalidValue,
                {{"where", std::string("--") + what},
                 {"value", typed},
                 {"what", "name of one " + std::string(what)},
                 {"hint", "Give its number: " + found[0].text() + ", " + found[1].text() + " …"}});
  return found[0];
}

// What goes, before it does and after.
std::string told(const study::SubmissionErasing& erasing) {
  std::string text = fmt::format("{} instances, {} files, {} comments\n", erasing.sent.instances.size(),
                                 erasing.sent.files, erasing.sent.comments);
  if (erasing.sent.submissions.size() > 1)
    text += fmt::format("{} that are edits of it and were kept by themselves\n", erasing.sent.submissions.size() - 1);
  for (const auto& each : erasing.sources) text += "source " + each.name + "\n";
  for (const auto& each : erasing.respondents) text += "respondent " + each.name + "\n";
  if (erasing.sent.entities_gone + erasing.sent.entities_left > 0)
    text += fmt::format("{} entities; of {} more what it said of them\n", erasing.sent.entities_gone,
                        erasing.sent.entities_left);
  if (erasing.unreadable)
    text +=
        "It cannot be read, and nothing is kept of what was made of it: if it was taken into a study by an older "
        "program, what came of its rows by pseudonyms stays. With --key FILE it can be read.\n";
  return text;
}

bool whole(const Door& door, Id study) {
  return door.may(people::Right::kChangeStudy, study) &&
         people::has_whole(door.person(), people::Right::kChangeStudy, study);
}

Result<int> erase_submission(const Options& options) {
  const Door door = TRY(Door::enter(options.folder, people::Right::kChangeStudy, "erase", options.study));
  auto transaction = door.write();
  const auto id = Id::parse(options.submission);
  if (!id) return fail(problems::kNotFound, {{"what", "submission"}, {"name", options.submission}});
  const collect::Submission submission = TRY(collect::find_submission(transaction, *id));
  // As on its page: the whole of every study it is of, or of which something was made of it.
  const auto may = [&](const collect::Submission& each) {
    Id study = each.study;
    if (!study && each.form)
      if (const auto form = collect::find_form(transaction, each.form)) study = form->study;
    return whole(door, study);
  };
  const auto hidden = [&] {
    door.log(transaction, "denied", "not the whole of its studies");
    transaction.commit();
    return fail(problems::kNotFound, {{"what", "submission"}, {"name", id->text()}});
  };
  // What is not open looks like what is not there.
  if (!may(submission)) return hidden();
  const auto key = TRY(people::audit_key(door.workspace()));
  const study::SubmissionErasing erasing =
      TRY(study::what_erasing_takes(transaction, key, *id, TRY(read_private_key(options.key))));
  for (const auto* made : {&erasing.sources, &erasing.respondents, &erasing.named})
    for (const auto& each : *made)
      if (!whole(door, each.study)) return hidden();
  for (const Id each : erasing.sent.submissions)
    if (!may(TRY(collect::find_submission(transaction, each)))) return hidden();
  if (options.tell) {
    transaction.commit();
    TRY(put_out(told(erasing)));
    return kDone;
  }
  const study::Erased erased = TRY(study::erase_submission(transaction, key, erasing));
  if (!door.person().at_machine) {
    for (const Id each : erasing.sent.submissions)
      people::record(transaction, key,
                     {door.person().account, "erase", "understory erase", "submission", each, "done", options.reason});
    for (const Id each : erased.sources)
      people::record(transaction, key,
                     {door.person().account, "erase", "understory erase", "source", each, "done", options.reason});
  }
  transaction.commit();
  TRY(put_out(
      "Erased:\n" + told(erasing) +
      fmt::format("{} codings, {} links, {} memos\nA phone that sends it again is thanked, and nothing is kept. "
                  "Backups made before still hold it until they are thrown away.\n",
                  erased.codings, erased.links, erased.memos)));
  return erasing.unreadable ? kDoneWithLosses : kDone;
}

Result<int> erase(const Options& options) {
  if (!options.source.empty() + !options.respondent.empty() + !options.submission.empty() != 1)
    return fail(problems::kMissingValue, {{"where", "understory erase"},
                                          {"what", "--source, --respondent or --submission"},
                                          {"hint", "Give one of the three."}});
  if (options.tell && !options.submission.empty()) return erase_submission(options);
  if (options.submission.empty() && options.study.empty())
    return fail(problems::kMissingValue,
                {{"where", "understory erase"}, {"what", "--study"}, {"hint", "Say whose source or respondent."}});
  if (trim(options.reason).size() < 10)
    return fail(problems::kMissingValue,
                {{"where", "understory erase"},
                 {"what", "--reason"},
                 {"hint", "Say why in at least 10 characters, without names: it stands in the log."}});
  if (!options.submission.empty()) return erase_submission(options);
  const Door door = TRY(Door::enter(options.folder, people::Right::kChangeStudy, "erase", options.study));
  auto transaction = door.write();
  TRY(door.whole_study());
  const Id study = door.study().id;
  study::Erased erased;
  if (!options.source.empty())
    erased = TRY(study::erase_source(transaction, study,
                                     TRY(one_of(study::list_sources(transaction, study), options.source, "source"))));
  else
    erased = TRY(study::erase_respondent(
        transaction, study,
        TRY(one_of(study::list_respondents(transaction, study), options.respondent, "respondent"))));
  if (!door.person().at_machine)
    for (const Id each : erased.sources)
      people::record(transaction, TRY(people::audit_key(door.workspace())),
                     {door.person().account, "erase", "understory erase", "source", each, "done", options.reason});
  std::string shared;
  for (const Id each : erased.shared)
    for (const study::SourceLine& line : study::list_sources(transaction, study))
      if (line.id == each) shared += "  " + line.name + "\n";
  transaction.commit();
  TRY(
      put_out(fmt::format("Erased: {} sources with their versions and translations, {} codings, {} links, {} memos, {} "
                          "files.\nBackups made before still hold it until they are thrown away.\n",
                          erased.sources.size(), erased.codings, erased.links, erased.memos, erased.files)));
  if (shared.empty()) return kDone;
  TRY(put_out("In these others speak too; the person's words remain there. Mask them, or erase the whole source:\n" +
              shared));
  return kDoneWithLosses;
}

}  // namespace

void add_erase(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("erase", "Erase what somebody told, for good");
  command->footer(
      "\nThe source goes with its versions, translations, codings, memos and files, and with the kept copies of the "
      "files\n"
      "it came in; its key is destroyed. It does not come back with the next copy of the same file. The log keeps that "
      "it\n"
      "was done, by whom and why. Exit code 3: done, but others speak in some of the sources, which are named.\n\n"
      "  understory erase -w network --study Experiences --source \"SR-21 interview\" --reason \"asked for by the "
      "person\"\n\n"
      "A submission (its number stands on its page and in: understory submissions list) goes with its edits, files "
      "and\n"
      "comments and what was made of it in studies. What others sent stays. --tell says what would go.\n\n"
      "  understory erase -w network --submission 0a1b2c3d4e5f6 --reason \"asked for by the person\"");
  add_workspace_option(*command, options->folder);
  command->add_option("--study", options->study, "Name of the study; not needed with --submission")->type_name("STUDY");
  command->add_option("--source", options->source, "Name or number of the source")->type_name("SOURCE");
  command->add_option("--respondent", options->respondent, "Pseudonym: all they alone told, and who they were")
      ->type_name("NAME");
  command->add_option("--submission", options->submission, "Number of what a phone or page sent")->type_name("NUMBER");
  command->add_flag("--tell", options->tell, "With --submission: say what would go, and change nothing");
  add_key_option(*command, options->key);
  command->add_option("--reason", options->reason, "Why; without names")->type_name("TEXT");
  command->callback([options, &action] { action = [options] { return erase(*options); }; });
}

}  // namespace understory::cli
