// One answer's text as other programs want it. Pure. What is no answer of its type is null in JSON and stays as it was
// told in CSV: nothing told is lost, and nothing is made up.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "collect/form.h"
#include "foundation/json_writer.h"

namespace understory::collect {

// A number as JSON writes it ("+07.50" → "7.50", ".5" → "0.5"), every digit kept; empty: it is none.
std::string json_number(std::string_view text);
// The same for whole numbers of 64 bits ("12", "12.0").
std::string json_integer(std::string_view text);
// "2026-11-24", whole and real.
bool is_whole_date(std::string_view text);
// xsd:dateTime with its zone; one without is taken for UTC. Empty: it is none.
std::string json_moment(std::string_view text);

// A place as ODK writes it: "latitude longitude altitude accuracy", the last two perhaps missing. Numbers as JSON.
struct Point {
  std::string latitude, longitude, altitude, accuracy;
};
std::optional<Point> read_point(std::string_view text);

// GeoJSON geometry of a geopoint, geotrace ("point; point; …") or geoshape (closed where it is not); empty: it is none.
std::string geometry(AnswerType type, std::string_view text);
bool is_geometry(AnswerType type);

// null where there is no answer (nullptr or empty), or none of this type.
void write_json(JsonWriter& json, AnswerType type, const char* text);

// A geopoint takes four fields of a CSV line: latitude, longitude, altitude, accuracy; everything else one.
int csv_width(AnswerType type);
// Appends that many fields with commas between; fields that a spreadsheet would take for formulas are neutralised.
void append_csv(std::string& line, AnswerType type, const char* text);

// The values chosen, in the order told.
std::vector<std::string_view> chosen(std::string_view text);

}  // namespace understory::collect
