// The gazetteer: a tree of places with codes and names per language.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "storage/workspace.h"

namespace understory::places {

struct Place {
  Id id;
  std::string code;    // text: leading zeros matter
  std::string parent;  // code; empty for a country
  std::string level;   // country, province, district, commune, village, or what the country calls it
};

struct PlaceImport {
  std::int64_t added = 0, unchanged = 0, changed = 0;  // changed: was there, received further names
};

// CSV with the columns code, parent, level and one a language (en, km, ne, hi, bn, th, vi), in any order. All rows or
// none. kMissingColumn; kBadTable with the row (a code twice with different parents, a level left out, a place under
// itself); kUnknownPlace when a parent is neither in the file nor known: the hint says so when only a leading zero
// is missing.
Result<PlaceImport> import_places(storage::Transaction& transaction, std::string_view bytes, std::string_view file);

// The countries and first-level areas that come with the program. Returns how many.
Result<std::int64_t> install_builtin_places(storage::Transaction& transaction);

// kUnknownPlace, with `where` and a hint when a leading zero was lost.
Result<void> require_place(storage::Transaction& transaction, std::string_view code, std::string_view where);
Result<Place> find_place(storage::Transaction& transaction, std::string_view code);
std::vector<Place> children(storage::Transaction& transaction, std::string_view code);   // "" for the countries
std::vector<Place> ancestors(storage::Transaction& transaction, std::string_view code);  // itself first, country last
std::vector<std::string> subtree(storage::Transaction& transaction, std::string_view code);  // itself and all below
bool is_within(storage::Transaction& transaction, std::string_view code, std::string_view ancestor);
// In the language, else in English, else in any, else the code.
std::string name_of(storage::Transaction& transaction, std::string_view code, std::string_view language);
// "Prey Andaung, Svay Rieng, Cambodia"
std::string full_name(storage::Transaction& transaction, std::string_view code, std::string_view language);
// Places whose names, in any language, hold these words (the last may be a beginning).
std::vector<Place> search(storage::Transaction& transaction, std::string_view words, int limit = 20);

}  // namespace understory::places
