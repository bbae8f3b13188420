// understory place import | list
#include "cli/command.h"
#include "cli/door.h"
#include "foundation/csv.h"
#include "foundation/file.h"
#include "places/boundaries.h"
#include "places/places.h"

namespace understory::cli {

namespace {

Result<int> import(const std::string& folder, const std::vector<std::string>& files) {
  const Door door = TRY(Door::enter(folder, people::Right::kChangeStudy, "place import"));
  auto transaction = door.write();
  std::string lines;
  for (const std::string& file : files) {
    const std::string bytes = TRY(read_file(file));
    if (places::looks_like_geojson(bytes)) {
      const auto outlines = TRY(places::import_boundaries(transaction, bytes, file));
      lines += fmt::format("{}: {} outlines new, {} replaced\n", file, outlines.added, outlines.changed);
      continue;
    }
    const auto report = TRY(places::import_places(transaction, bytes, file));
    lines += fmt::format("{}: {} places new, {} there already, {} given further names\n", file, report.added,
                         report.unchanged, report.changed);
  }
  transaction.commit();
  TRY(put_out(lines));
  return kDone;
}

Result<int> list(const std::string& folder, const std::string& under, const std::string& language) {
  auto workspace = TRY(open_workspace(folder));
  auto transaction = workspace->read();
  if (!under.empty()) TRY(places::require_place(transaction, under, "--under"));
  std::string lines;
  for (const places::Place& place : places::children(transaction, under))
    lines += place.code + "\t" + place.level + "\t" + places::name_of(transaction, place.code, language) + "\n";
  TRY(put_out(lines));
  return kDone;
}

}  // namespace

void add_place(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("place", "The gazetteer: import village trees, list places");
  command->require_subcommand(1);

  struct ImportOptions {
    std::string folder;
    std::vector<std::string> files;
  };
  auto import_options = std::make_shared<ImportOptions>();
  CLI::App* bring = command->add_subcommand(
      "import", "Import places from CSV (code,parent,level, then a column a language), or their outlines from GeoJSON");
  bring->footer("\nCodes are text: 0204 and 204 are two places. All rows are taken or none.");
  add_workspace_option(*bring, import_options->folder);
  bring->add_option("files", import_options->files, "CSV files")->required()->type_name("FILE…");
  bring->callback([import_options, &action] {
    action = [import_options] { return import(import_options->folder, import_options->files); };
  });

  struct ListOptions {
    std::string folder, under, language = "en";
  };
  auto list_options = std::make_shared<ListOptions>();
  CLI::App* show = command->add_subcommand("list", "The places right under one, or the countries");
  add_workspace_option(*show, list_options->folder);
  show->add_option("--under", list_options->under, "Code of the place to look into")->type_name("CODE");
  show->add_option("--language", list_options->language, "Language of the names")->capture_default_str();
  show->callback([list_options, &action] {
    action = [list_options] { return list(list_options->folder, list_options->under, list_options->language); };
  });
}

}  // namespace understory::cli
