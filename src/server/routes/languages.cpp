// The languages this program speaks: how far each was read by somebody who grew up with it, and all its sentences as a
// table, for whoever reads them through.
#include "foundation/csv.h"
#include "foundation/text.h"
#include "server/routes.h"
#include "server/thing.h"

namespace understory::server {

namespace mustache = kainjow::mustache;

Result<Response> show_languages(const Visit& visit) {
  Page page;
  page.title = visit.say("language_page.title");
  page.page = "languages";
  mustache::data& data = page.data;
  data.set("title", page.title);
  set_labels(visit, data, "language_page.", {"about", "name", "code", "checked", "sentences", "table"});
  mustache::data rows{mustache::data::type::list};
  for (const std::string& code : Catalogue::languages()) {
    const Catalogue& words = Catalogue::of(code);
    mustache::data row;
    row.set("code", code);
    row.set("name", words.say("_name"));
    row.set("here", code == visit.language());
    row.set("checked", visit.say(words.checked() ? "language_page.yes" : "language_page.no"));
    row.set("sentences", std::to_string(words.sentences().size()));
    rows << row;
  }
  data.set("rows", rows);
  return show(visit, std::move(page));
}

Result<Response> send_sentences(const Visit& visit) {
  const std::string& language = visit.named.at("language");
  if (std::ranges::find(Catalogue::languages(), language) == Catalogue::languages().end())
    return fail(problems::kNotFound, {{"what", "language"}, {"name", std::string(shortened(language, 40))}});
  const Catalogue& words = Catalogue::of(language);
  std::string table =
      "\xEF\xBB\xBF"
      "key,en," +
      (language == "en" ? "" : language + ",") + "better\n";
  for (const Catalogue::Sentence& each : words.sentences())
    table += csv_safe_field(each.key) + "," + csv_safe_field(each.english) + "," +
             (language == "en" ? "" : csv_safe_field(each.words) + ",") + "\n";
  Response response;
  response.content_type = "text/csv; charset=utf-8";
  response.headers.emplace_back("Content-Disposition", "attachment; filename=\"understory-" + language + ".csv\"");
  response.body = std::move(table);
  return response;
}

}  // namespace understory::server
