#include <set>

#include "foundation/csv.h"
#include "foundation/resource.h"
#include "foundation/text.h"
#include "places/places.h"
#include "storage/search.h"

namespace understory::places {

using storage::Query;
using storage::Row;
using storage::Transaction;

std::span<const Resource> resources();

namespace {

constexpr std::string_view kBuiltIn = "places/places.csv";
constexpr std::string_view kLanguages[] = {"en", "km", "ne", "hi", "bn", "th", "vi"};

const Query kFind{"places.find", "select id, code, parent_code, level from place where workspace_id = ? and code = ?"};
const Query kById{"places.by_id", "select id, code, parent_code, level from place where workspace_id = ? and id = ?"};
const Query kChildren{"places.children",
                      "select id, code, parent_code, level from place where workspace_id = ? and parent_code = ? order "
                      "by position, code"};
const Query kCountries{"places.countries",
                       "select id, code, parent_code, level from place where workspace_id = ? and parent_code is null "
                       "order by position, code"};
const Query kSubtree{
    "places.subtree",
    "with recursive below (code) as (select code from place where workspace_id = ? and code = ? union all "
    "select place.code from place join below on place.parent_code = below.code where place.workspace_id = ?) "
    "select code from below order by code collate \"C\""};
const Query kAll{"places.all_codes", "select code, parent_code, level, id from place where workspace_id = ?"};
const Query kAllNames{"places.all_names", "select code, language, name from place_name where workspace_id = ?"};
const Query kAdd{"places.add",
                 "insert into place (workspace_id, id, code, parent_code, level, position) values (?, ?, ?, ?, ?, ?)"};
const Query kAddName{"places.add_name",
                     "insert into place_name (workspace_id, code, language, name) values (?, ?, ?, ?)"};
const Query kNames{"places.names", "select language, name from place_name where workspace_id = ? and code = ?"};

Place read_place(const Row& row) { return {row.id(0), row.string(1), row.string(2), row.string(3)}; }

struct Known {
  std::string parent, level;
  Id id;
  std::map<std::string, std::string> names;
};
using Gazetteer = std::map<std::string, Known, std::less<>>;

Gazetteer load(Transaction& transaction) {
  Gazetteer known;
  transaction.each(kAll, {transaction.workspace()}, [&](const Row& row) {
    known[row.string(0)] = {row.string(1), row.string(2), row.id(3), {}};
  });
  transaction.each(kAllNames, {transaction.workspace()},
                   [&](const Row& row) { known[row.string(0)].names[row.string(1)] = row.string(2); });
  return known;
}

// Spreadsheets eat leading zeros. The code with its zeros again, if there is one place of that code.
std::optional<std::string> with_lost_zeros(std::string_view code,
                                           const std::function<bool(const std::string&)>& exists) {
  std::string longer(code);
  for (int zeros = 0; zeros < 3; ++zeros) {
    longer = "0" + longer;
    if (exists(longer)) return longer;
  }
  return std::nullopt;
}

std::string zero_hint(std::string_view code, const std::function<bool(const std::string&)>& exists) {
  if (const auto found = with_lost_zeros(code, exists))
    return "There is “" + *found +
           "”: the file lost its leading zero. Set the column to text in the spreadsheet and save it again.";
  return "Import its table first: understory place import.";
}

}  // namespace

Result<PlaceImport> import_places(Transaction& transaction, std::string_view bytes, std::string_view file) {
  const CsvTable table = TRY(read_csv(TRY(decode_text(bytes, file)).text, file));
  std::map<std::string, std::size_t> column;
  for (std::size_t i = 0; i < table.header.size(); ++i) column[lower_ascii(table.header[i])] = i;
  for (const char* needed : {"code", "parent", "level"})
    if (!column.contains(needed))
      return fail(problems::kMissingColumn,
                  {{"file", std::string(file)},
                   {"column", needed},
                   {"columns", join(table.header, ", ")},
                   {"hint", "A table of places has code, parent, level and a column a language."}});
  Gazetteer known = load(transaction);
  std::map<std::string, std::size_t> row_of_code;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const std::string code(trim(table.rows[i][column["code"]]));
    const auto bad = [&](std::string reason) {
      return fail(
          problems::kBadTable,
          {{"file", std::string(file)}, {"row", std::to_string(table.row_numbers[i])}, {"reason", std::move(reason)}});
    };
    if (code.empty()) return bad("the code is missing");
    if (trim(table.rows[i][column["level"]]).empty()) return bad("the level of “" + code + "” is missing");
    if (!row_of_code.try_emplace(code, i).second) return bad("the code “" + code + "” stands twice");
  }
  const auto exists = [&](const std::string& code) { return known.contains(code) || row_of_code.contains(code); };

  PlaceImport report;
  auto position = static_cast<std::int64_t>(known.size());
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const std::vector<std::string>& row = table.rows[i];
    const std::string where = std::string(file) + ", row " + std::to_string(table.row_numbers[i]);
    const std::string code(trim(row[column["code"]])), parent(trim(row[column["parent"]])),
        level(trim(row[column["level"]]));
    if (!parent.empty() && !exists(parent))
      return fail(problems::kUnknownPlace, {{"where", where}, {"code", parent}, {"hint", zero_hint(parent, exists)}});
    // A village whose code no longer begins with its commune's has most likely lost a zero itself.
    if (code.size() > 1 && !known.contains(code) && parent.size() > 1 && parent[0] == '0' &&
        code.rfind(parent, 0) != 0 && ("0" + code).rfind(parent, 0) == 0)
      return fail(
          problems::kUnknownPlace,
          {{"where", where},
           {"code", code},
           {"hint",
            "Under “" + parent + "” it should be “0" + code +
                "”: the file lost its leading zero. Set the column to text in the spreadsheet and save it again."}});
    // No place is under itself, however long the way round.
    std::set<std::string> above{code};
    for (std::string up = parent; !up.empty();) {
      if (!above.insert(up).second)
        return fail(problems::kBadTable, {{"file", std::string(file)},
                                          {"row", std::to_string(table.row_numbers[i])},
                                          {"reason", "“" + code + "” would lie under itself"}});
      const auto in_file = row_of_code.find(up);
      up = in_file != row_of_code.end() ? std::string(trim(table.rows[in_file->second][column["parent"]]))
                                        : known[up].parent;
    }
    auto found = known.find(code);
    bool changed = false;
    const bool is_new = found == known.end();
    if (!is_new && (found->second.parent != parent || found->second.level != level))
      return fail(problems::kBadTable, {{"file", std::string(file)},
                                        {"row", std::to_string(table.row_numbers[i])},
                                        {"reason", "“" + code + "” is known already, as a " + found->second.level +
                                                       " under “" + found->second.parent + "”"}});
    if (is_new) {
      found = known.emplace(code, Known{parent, level, Id::make(), {}}).first;
      const std::optional<std::string_view> parent_code =
          parent.empty() ? std::nullopt : std::optional<std::string_view>(parent);
      transaction.run(kAdd, {transaction.workspace(), found->second.id, code, parent_code, level, position++});
    }
    for (std::string_view language : kLanguages) {
      const auto at = column.find(std::string(language));
      if (at == column.end()) continue;
      const std::string name(trim(row[at->second]));
      if (name.empty() || found->second.names.contains(std::string(language))) continue;
      transaction.run(kAddName, {transaction.workspace(), code, language, name});
      found->second.names[std::string(language)] = name;
      changed = true;
    }
    if (is_new || changed) {
      std::string all = code;
      for (const auto& [language, name] : found->second.names) all += "\n" + name;
      storage::index_words(transaction, "place", found->second.id, all, "en");
    }
    ++(is_new ? report.added : changed ? report.changed : report.unchanged);
  }
  return report;
}

Result<std::int64_t> install_builtin_places(Transaction& transaction) {
  const auto content = find_resource(resources(), kBuiltIn);
  if (!content) throw std::logic_error("the built-in places were not built in");
  const PlaceImport report = TRY(import_places(transaction, *content, kBuiltIn));
  return report.added + report.unchanged + report.changed;
}

Result<Place> find_place(Transaction& transaction, std::string_view code) {
  auto place = transaction.one(kFind, {transaction.workspace(), code}, read_place);
  if (!place) return fail(problems::kNotFound, {{"what", "place"}, {"name", std::string(code)}});
  return *place;
}

Result<void> require_place(Transaction& transaction, std::string_view code, std::string_view where) {
  const auto exists = [&](const std::string& wanted) { return find_place(transaction, wanted).has_value(); };
  if (exists(std::string(code))) return {};
  return fail(problems::kUnknownPlace,
              {{"where", std::string(where)}, {"code", std::string(code)}, {"hint", zero_hint(code, exists)}});
}

std::vector<Place> children(Transaction& transaction, std::string_view code) {
  std::vector<Place> list;
  const auto read = [&](const Row& row) { list.push_back(read_place(row)); };
  if (code.empty())
    transaction.each(kCountries, {transaction.workspace()}, read);
  else
    transaction.each(kChildren, {transaction.workspace(), code}, read);
  return list;
}

std::vector<Place> ancestors(Transaction& transaction, std::string_view code) {
  std::vector<Place> list;
  for (std::string at(code); !at.empty();) {
    auto place = find_place(transaction, at);
    if (!place) break;
    at = place->parent;
    list.push_back(std::move(*place));
  }
  return list;
}

std::vector<std::string> subtree(Transaction& transaction, std::string_view code) {
  std::vector<std::string> list;
  transaction.each(kSubtree, {transaction.workspace(), code, transaction.workspace()},
                   [&](const Row& row) { list.push_back(row.string(0)); });
  return list;
}

bool is_within(Transaction& transaction, std::string_view code, std::string_view ancestor) {
  for (const Place& place : ancestors(transaction, code))
    if (place.code == ancestor) return true;
  return false;
}

std::string name_of(Transaction& transaction, std::string_view code, std::string_view language) {
  std::map<std::string, std::string, std::less<>> names;
  transaction.each(kNames, {transaction.workspace(), code},
                   [&](const Row& row) { names[row.string(0)] = row.string(1); });
  for (std::string_view wanted : {language, std::string_view("en")})
    if (const auto found = names.find(wanted); found != names.end()) return found->second;
  return names.empty() ? std::string(code) : names.begin()->second;
}

std::string full_name(Transaction& transaction, std::string_view code, std::string_view language) {
  std::string out;
  for (const Place& place : ancestors(transaction, code))
    out += (out.empty() ? "" : ", ") + name_of(transaction, place.code, language);
  return out;
}

std::vector<Place> search(Transaction& transaction, std::string_view words, int limit) {
  std::vector<Place> list;
  for (Id id : storage::find_words(transaction, "place", words, limit))
    if (auto place = transaction.one(kById, {transaction.workspace(), id}, read_place))
      list.push_back(std::move(*place));
  return list;
}

}  // namespace understory::places
