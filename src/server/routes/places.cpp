// The gazetteer as a page: the places below one, as a list and as a map; and bringing in more of them.
#include "places/places.h"
#include "foundation/text.h"
#include "places/boundaries.h"
#include "publish/place_map.h"
#include "server/routes.h"
#include "server/thing.h"

namespace understory::server {

namespace mustache = kainjow::mustache;

namespace {

constexpr std::size_t kMostShown = 500;
constexpr std::size_t kMostPlaces = 40'000'000;  // bytes of a file

std::string address_of(const std::string& code) { return "/places?under=" + percent_encode(code); }

std::string level_name(const Visit& visit, const std::string& level) {
  return visit.words.has("place_level." + level) ? visit.say("place_level." + level) : level;
}

// Who may change what all studies build on.
bool may_bring(const Visit& visit) {
  return visit.may(people::Right::kChangeStudy) &&
         people::reach(visit.person, people::Right::kChangeStudy, {}).everything;
}

Result<Page> places_page(const Visit& visit, storage::Transaction& transaction, const std::string& under) {
  if (!under.empty()) TRY(places::find_place(transaction, under));
  const std::string language = visit.language();
  Page page;
  page.title = visit.say("place_page.title");
  page.page = "places";
  mustache::data& data = page.data;
  data.set("title", under.empty() ? page.title : places::name_of(transaction, under, language));
  set_labels(visit, data, "place_page.", {"name", "code", "level", "below", "map"});
  mustache::data above{mustache::data::type::list};
  const auto step = [&](const std::string& label, const std::string& address) {
    mustache::data entry;
    entry.set("label", label);
    entry.set("address", address);
    above << entry;
  };
  if (!under.empty()) {
    step(visit.say("place_page.title"), "/places");
    std::vector<places::Place> line = places::ancestors(transaction, under);
    for (std::size_t i = line.size(); i-- > 1;)
      step(places::name_of(transaction, line[i].code, language), address_of(line[i].code));
    data.set("above", above);
    data.set("here", under + ", " + level_name(visit, line.front().level));
  } else {
    data.set("about", visit.say("place_page.about"));
  }
  std::vector<places::Place> below = places::children(transaction, under);
  const std::size_t all = below.size();
  if (all > kMostShown) {
    below.resize(kMostShown);
    data.set("more", visit.words.say(
                         {"place_page.more",
                          {{"shown", static_cast<std::int64_t>(kMostShown)}, {"n", static_cast<std::int64_t>(all)}}}));
  }
  if (below.empty()) data.set("none", visit.say("place_page.none"));
  std::vector<std::string> codes;
  for (const places::Place& place : below) codes.push_back(place.code);
  const auto outlines = places::boundaries(transaction, codes);
  const auto counts = places::count_children(transaction);
  mustache::data rows{mustache::data::type::list};
  std::vector<publish::MapArea> areas;
  for (const places::Place& place : below) {
    const std::string name = places::name_of(transaction, place.code, language);
    const auto count = counts.find(place.code);
    mustache::data row;
    row.set("name", name);
    row.set("code", place.code);
    row.set("level", level_name(visit, place.level));
    if (count != counts.end()) row.set("below", std::to_string(count->second));
    row.set("address", address_of(place.code));
    rows << row;
    if (const auto outline = outlines.find(place.code); outline != outlines.end())
      areas.push_back({name, address_of(place.code), outline->second});
  }
  data.set("rows", rows);
  if (const std::string map = publish::place_map(areas, visit.say("place_page.map")); !map.empty()) {
    data.set("drawn", map);
    data.set("map_note", visit.words.say({"place_page.map_note",
                                          {{"n", static_cast<std::int64_t>(areas.size())},
                                           {"all", static_cast<std::int64_t>(below.size())}}}));
  }
  if (may_bring(visit)) {
    mustache::data bring;
    bring.set("form", visit.form_token());
    set_labels(visit, bring, "place_page.", {"bring", "bring_about", "file", "send"});
    data.set("bring", bring);
  }
  return page;
}

// A file that was sent, and what outlines it has: read before the transaction, which nobody else writes in meanwhile.
struct Sent {
  std::string name, bytes;
  std::optional<std::vector<places::ReadBoundary>> outlines;
};
Result<Sent> read_sent(const Visit& visit) {
  const Part* part = visit.request.part("file");
  if (!part || part->content.size() == 0)
    return fail(problems::kMissingValue,
                {{"where", visit.say("place_page.bring")}, {"what", visit.say("place_page.file")}, {"hint", ""}});
  Sent sent;
  sent.bytes = TRY(part->content.text(kMostPlaces));
  sent.name = part->filename.empty() ? "file" : part->filename;
  if (places::looks_like_geojson(sent.bytes)) sent.outlines = TRY(places::read_geojson(sent.bytes, sent.name));
  return sent;
}

Result<std::string> take_in(const Visit& visit, storage::Transaction& transaction, const Sent& sent) {
  if (sent.outlines) {
    const auto report = TRY(places::import_boundaries(transaction, *sent.outlines, sent.name));
    return visit.words.say(
        {"place_page.took_outlines", {{"file", sent.name}, {"added", report.added}, {"changed", report.changed}}});
  }
  const auto report = TRY(places::import_places(transaction, sent.bytes, sent.name));
  return visit.words.say(
      {"place_page.took_places",
       {{"file", sent.name}, {"added", report.added}, {"changed", report.changed}, {"unchanged", report.unchanged}}});
}

}  // namespace

Result<Response> show_places(const Visit& visit) {
  return show(visit, TRY(places_page(visit, visit.transaction, visit.request.parameter("under"))));
}

// All of a file or nothing: in a transaction of its own, which is not kept when something in the file is wrong. What is
// wrong is said on the page it was sent from.
Result<Response> bring_places(const Visit& visit) {
  if (!may_bring(visit)) return fail(problems::kForbidden);  // whoever leads some places alone changes none of all
  const auto refused = [&](const Problem& problem) -> Result<Response> {
    Page page = TRY(places_page(visit, visit.transaction, ""));
    page.data.set("problem", visit.words.sentence(problem));
    Response response = show(visit, std::move(page));
    response.status = problem.status();
    return response;
  };
  const Result<Sent> sent = read_sent(visit);
  if (!sent) return refused(sent.error());
  auto transaction = visit.workspace.write();
  const Result<std::string> took = take_in(visit, transaction, *sent);
  if (!took) return refused(took.error());
  Page page = TRY(places_page(visit, transaction, ""));
  page.data.set("took", *took);
  write_down(visit, transaction, people::Right::kChangeStudy, "POST /places", "", {}, "");
  Response response = show(visit, std::move(page));
  transaction.commit();
  return response;
}

}  // namespace understory::server
