// Merging the people of a study: coders, locations, respondents.
#include <boost/json.hpp>

#include "places/places.h"
#include "storage/reseal.h"
#include "study/merge_steps.h"
#include "study/study.h"

namespace understory::study {

using storage::Parameter;
using storage::Query;
using storage::Row;

namespace {

const Query kCoderKeys{"study.coder_keys",
                       "select id, guid, name_key from coder where workspace_id = ? and study_id = ?"};
const Query kAddCoder{
    "study.add_coder",
    "insert into coder (workspace_id, id, study_id, guid, name, name_key, kind) values (?, ?, ?, ?, ?, ?, ?)"};
const Query kLocationKeys{"study.location_keys",
                          "select id, guid, name, place_code from location where workspace_id = ? and study_id = ?"};
const Query kRespondentKeys{
    "study.respondent_keys",
    "select id, guid, name_key, age_band, gender, role, language, place_code, location_id, attributes "
    "from respondent where workspace_id = ? and study_id = ?"};
const Query kAddRespondent{
    "study.add_respondent",
    "insert into respondent (workspace_id, id, study_id, guid, name, name_key, kind, size, age_band, "
    "gender, role, language, place_code, location_id, attributes) "
    "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
const Query kFillRespondent{"study.fill_respondent",
                            "update respondent set age_band = ?, gender = ?, role = ?, language = ?, place_code = ?, "
                            "location_id = ?, attributes = ? where workspace_id = ? and id = ?"};
const Query kFillLocation{"study.fill_location_place",
                          "update location set place_code = ? where workspace_id = ? and id = ?"};
const Query kSetLocationGuid{"study.set_location_guid",
                             "update location set guid = ? where workspace_id = ? and id = ?"};

const storage::SealedColumn kSealedCoders{"coder", "name"}, kSealedRespondents{"respondent", "name"};

template <class T>
std::optional<std::string_view> or_null(const T& text) {
  return text.empty() ? std::nullopt : std::optional<std::string_view>(text);
}

struct KnownRespondent {
  Id id;
  std::string age_band, gender, role, language, place_code;
  Id location;
  std::string attributes;
};

std::string attributes_json(const std::map<std::string, std::string>& attributes) {
  boost::json::object object;
  for (const auto& [name, value] : attributes) object[name] = value;
  return boost::json::serialize(object);
}

// Empty facts of the study are filled from the file; facts that differ stay as they are and are named.
bool fill(std::string& held, const std::string& brought, std::string_view what, std::string& filled,
          std::string& differing) {
  if (brought.empty() || brought == held) return false;
  std::string& list = held.empty() ? filled : differing;
  list += (list.empty() ? "" : ", ") + std::string(what);
  if (!held.empty()) return false;
  held = brought;
  return true;
}

void fill_respondent(Merging& merging, KnownRespondent& known, const MaterialRespondent& brought, Id location) {
  std::string filled, differing;
  bool changed = fill(known.age_band, brought.age_band, "age band", filled, differing);
  changed |= fill(known.gender, brought.gender, "gender", filled, differing);
  changed |= fill(known.role, brought.role, "role", filled, differing);
  changed |= fill(known.language, brought.language, "language", filled, differing);
  changed |= fill(known.place_code, brought.place_code, "place", filled, differing);
  if (location && !known.location) {
    known.location = location;
    changed = true;
    filled += filled.empty() ? "location" : ", location";
  }
  boost::json::object attributes = boost::json::parse(known.attributes).as_object();
  for (const auto& [name, value] : brought.attributes) {
    if (attributes.contains(name) || value.empty()) continue;
    attributes[name] = value;
    changed = true;
    filled += (filled.empty() ? "" : ", ") + name;
  }
  if (changed) {
    known.attributes = boost::json::serialize(attributes);
    merging.transaction.run(kFillRespondent,
                            {known.age_band, known.gender, known.role, known.language, or_null(known.place_code),
                             known.location, known.attributes, merging.workspace(), known.id});
  }
  if (!differing.empty())
    merging.report.note("respondent", Outcome::kChanged, brought.name,
                        Message{"taking.kept_own", {{"facts", differing}}});
  else if (!filled.empty())
    merging.report.note("respondent", Outcome::kChanged, brought.name,
                        Message{"taking.filled_in", {{"facts", filled}}});
  else
    merging.report.count("respondent", Outcome::kMerged);
}

}  // namespace

void MergedIds::resize_for(const Material& material) {
  coders.resize(material.coders.size());
  codes.resize(material.codes.size());
  locations.resize(material.locations.size());
  respondents.resize(material.respondents.size());
  sources.resize(material.sources.size());
  codings.resize(material.codings.size());
  links.resize(material.links.size());
  memos.resize(material.memos.size());
}

Result<void> merge_coders(Merging& merging) {
  if (merging.material.coders.empty() && merging.options.default_coder.empty()) return {};
  std::unordered_map<std::string, Id> by_guid, by_name;
  merging.transaction.each(kCoderKeys, {merging.workspace(), merging.study}, [&](const Row& row) {
    by_guid[row.string(1)] = row.id(0);
    by_name[std::string(row.blob(2))] = row.id(0);
  });
  // A coder that a table only names is a new coder: coding is what makes somebody one.
  const auto coder_of = [&](const MaterialCoder& coder) {
    const std::string key = merging.transaction.blind_index("coder.name", coder.name);
    const auto found = by_guid.find(coder.guid);
    const auto named = by_name.find(key);
    if (!coder.guid.empty() && found != by_guid.end()) {
      merging.report.count("coder", Outcome::kMerged);
      return found->second;
    }
    if (named != by_name.end()) {
      merging.report.count("coder", Outcome::kMerged);
      return named->second;
    }
    const Id id = Id::make();
    const std::string guid = coder.guid.empty() ? make_guid() : coder.guid;
    merging.transaction.run(kAddCoder,
                            {merging.workspace(), id, merging.study, guid,
                             Parameter::blob(merging.transaction.seal(merging.study, "coder", "name", id, coder.name)),
                             Parameter::blob(key), coder.kind});
    by_guid[guid] = id;
    by_name[key] = id;
    merging.report.count("coder", Outcome::kRead);
    return id;
  };
  for (std::size_t i = 0; i < merging.material.coders.size(); ++i)
    merging.ids.coders[i] = coder_of(merging.material.coders[i]);
  if (!merging.options.default_coder.empty()) {
    MaterialCoder coder;
    coder.name = merging.options.default_coder;
    merging.default_coder = coder_of(coder);
  }
  return {};
}

Result<void> merge_locations(Merging& merging) {
  if (merging.material.locations.empty()) return {};
  struct Known {
    Id id;
    std::string place_code;
  };
  std::unordered_map<std::string, Known> by_guid, by_name;
  merging.transaction.each(kLocationKeys, {merging.workspace(), merging.study}, [&](const Row& row) {
    by_guid[row.string(1)] = by_name[row.string(2)] = {row.id(0), row.string(3)};
  });
  for (std::size_t i = 0; i < merging.material.locations.size(); ++i) {
    const MaterialLocation& location = merging.material.locations[i];
    const Known* known = nullptr;
    if (const auto found = by_guid.find(location.guid); !location.guid.empty() && found != by_guid.end())
      known = &found->second;
    else if (const auto named = by_name.find(location.name); named != by_name.end())
      known = &named->second;
    if (known) {
      merging.ids.locations[i] = known->id;
      if (known->place_code.empty() && !location.place_code.empty()) {
        TRY(places::require_place(merging.transaction, location.place_code, "Location “" + location.name + "”"));
        merging.transaction.run(kFillLocation, {location.place_code, merging.workspace(), known->id});
        merging.report.note("location", Outcome::kChanged, location.name, Message{"taking.place_filled", {}});
      } else {
        merging.report.count("location", Outcome::kMerged);
      }
      continue;
    }
    const Id id = TRY(ensure_location(merging.transaction, merging.study, location.name, location.place_code));
    if (!location.guid.empty()) merging.transaction.run(kSetLocationGuid, {location.guid, merging.workspace(), id});
    by_name[location.name] = {id, location.place_code};
    merging.ids.locations[i] = id;
    merging.report.count("location", Outcome::kRead);
  }
  return {};
}

Result<void> merge_respondents(Merging& merging) {
  if (merging.material.respondents.empty()) return {};
  std::vector<KnownRespondent> known;
  std::unordered_map<std::string, std::size_t> by_guid, by_name;
  merging.transaction.each(kRespondentKeys, {merging.workspace(), merging.study}, [&](const Row& row) {
    by_guid[row.string(1)] = known.size();
    by_name[std::string(row.blob(2))] = known.size();
    known.push_back({row.id(0), row.string(3), row.string(4), row.string(5), row.string(6), row.string(7), row.id(8),
                     row.string(9)});
  });
  Id default_location;
  for (std::size_t i = 0; i < merging.material.respondents.size(); ++i) {
    MaterialRespondent respondent = merging.material.respondents[i];
    const std::string where = "Respondent “" + respondent.name + "”";
    if (!respondent.place_code.empty() && !respondent.reference) {
      const auto place = places::require_place(merging.transaction, respondent.place_code, where);
      // A table's column of codes holds codes; a project's variable “Place” holds what its program's users wrote.
      if (!place && merging.material.origin.empty()) return place;
      if (!place) {
        merging.report.remark("respondent", respondent.name,
                              Message{"taking.no_place", {{"value", respondent.place_code}}});
        respondent.attributes.try_emplace("place", std::exchange(respondent.place_code, ""));
      }
    }
    const std::string key = merging.transaction.blind_index("respondent.name", respondent.name);
    Id location = respondent.location >= 0 ? merging.ids.locations[respondent.location] : Id{};
    if (!location && !respondent.reference && !merging.options.default_location.empty()) {
      if (!default_location)
        default_location =
            TRY(ensure_location(merging.transaction, merging.study, merging.options.default_location, ""));
      location = default_location;
    }
    auto found = respondent.guid.empty() ? by_guid.end() : by_guid.find(respondent.guid);
    if (found == by_guid.end()) {
      found = by_name.find(key);
      if (found == by_name.end()) found = by_guid.end();
    }
    if (found != by_guid.end()) {
      merging.ids.respondents[i] = known[found->second].id;
      if (!respondent.reference) fill_respondent(merging, known[found->second], respondent, location);
      continue;
    }
    if (respondent.reference) continue;  // whoever refers to it says so
    const Id id = Id::make();
    const std::string guid = respondent.guid.empty() ? make_guid() : respondent.guid;
    const std::string attributes = attributes_json(respondent.attributes);
    merging.transaction.run(
        kAddRespondent, {merging.workspace(), id, merging.study, guid,
                         Parameter::blob(merging.transaction.seal(id, "respondent", "name", id, respondent.name)),
                         Parameter::blob(key), respondent.kind, respondent.size, respondent.age_band, respondent.gender,
                         respondent.role, respondent.language, or_null(respondent.place_code), location, attributes});
    by_guid[guid] = by_name[key] = known.size();
    known.push_back({id, respondent.age_band, respondent.gender, respondent.role, respondent.language,
                     respondent.place_code, location, attributes});
    merging.ids.respondents[i] = id;
    if (merging.options.rows) merging.options.rows->new_respondents.insert(id);
    merging.report.count("respondent", Outcome::kRead);
  }
  return {};
}

}  // namespace understory::study
