#include "collect/export/geojson.h"

#include "collect/export/values.h"
#include "foundation/text.h"

namespace understory::collect {

namespace {

std::string path_of(const Column& column) {
  std::string path;
  for (const std::string& group : column.groups) path += group + "/";
  return path + column.name;
}

}  // namespace

Result<void> write_geojson(const Outline& outline, const Walk& walk, std::string_view field, const Sink& sink) {
  const std::vector<Column>& columns = outline.tables[0].columns;
  std::vector<std::string> paths, known;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    paths.push_back(path_of(columns[i]));
    if (!is_geometry(columns[i].type)) continue;
    known.push_back(paths.back());
    if (field.empty() || field == paths.back()) places.push_back(i);
  }
  if (places.empty() && !field.empty())
    return fail(problems::kInvalidValue,
                {{"where", "field"},
                 {"value", std::string(field)},
                 {"what", "place outside repeats"},
                 {"hint", known.empty() ? "This form asks for none." : "There are: " + join(known, ", ") + "."}});
  TRY(sink(R"({"type":"FeatureCollection","features":[)"));
  bool first = true;
  TRY(walk_through(walk, [&](const Opened& opened) -> Result<void> {
    const Told submission = told(opened, outline);
    if (!submission.record || submission.record->tables()[0].rows.empty()) return {};
    const std::vector<const char*>& cells = submission.record->tables()[0].rows[0].cells;
    std::string place;
    std::size_t at = 0;
    for (std::size_t i = 0; i < places.size() && place.empty(); ++i)
      if (const char* cell = cells[at = places[i]]) place = geometry(columns[at].type, cell);
    if (place.empty()) return {};
    JsonWriter json;
    json.object().member("type", "Feature").member("id", opened.submission.instance_id);
    json.key("geometry").raw(place).key("properties").object();
    json.member("fieldpath", "/" + paths[at]);
    json.member("submissionDate", exact_time(opened.submission.received_at));
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (is_geometry(columns[i].type) || !cells[i]) continue;
      json.key(paths[i]);
      write_json(json, columns[i].type, cells[i]);
    }
    json.end_object().end_object();
    TRY(sink((std::exchange(first, false) ? "\n" : ",\n") + json.text()));
    return {};
  }));
  return sink("\n]}\n");
}

}  // namespace understory::collect
