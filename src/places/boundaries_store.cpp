#include <charconv>

#include "foundation/clock.h"
#include "foundation/resource.h"
#include "foundation/text.h"
#include "places/boundaries.h"
#include "places/places.h"

namespace understory::places {

using storage::Query;
using storage::Row;
using storage::Transaction;

std::span<const Resource> resources();

namespace {

const Query kDrop{"places.drop_boundary", "delete from place_boundary where workspace_id = ? and code = ?"};
const Query kAdd{"places.add_boundary",
                 "insert into place_boundary (workspace_id, code, rings, imported_at) values (?, ?, ?, ?)"};
const Query kCountChildren{"places.count_children",
                           "select parent_code, count(*) from place where workspace_id = ? and parent_code is not "
                           "null group by parent_code"};
const Query kOne{"places.boundary", "select rings from place_boundary where workspace_id = ? and code = ?"};

// "105.7,11.1 105.8,11.2 …;" for each ring: to four places behind the point, some ten metres.
std::string text_of(const Boundary& boundary) {
  std::string out;
  for (const Ring& ring : boundary) {
    if (!out.empty()) out += ';';
    for (std::size_t i = 0; i < ring.size(); ++i)
      out += fmt::format("{}{:.4f},{:.4f}", i ? " " : "", ring[i].east, ring[i].north);
  }
  return out;
}

double number(std::string_view text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Boundary boundary_of(std::string_view text) {
  Boundary boundary;
  for (std::string_view ring : split(text, ';')) {
    boundary.emplace_back();
    for (std::string_view corner : split(ring, ' ')) {
      const std::size_t comma = corner.find(',');
      if (comma != std::string_view::npos)
        boundary.back().push_back({number(corner.substr(0, comma)), number(corner.substr(comma + 1))});
    }
  }
  return boundary;
}

// The outlines that come with the program: a code, a tab and its rings on each line (scripts/make_places.py).
std::string_view built_in(const std::string& code) {
  static const std::map<std::string_view, std::string_view> all = [] {
    std::map<std::string_view, std::string_view> found;
    for (const Resource& resource : resources())
      if (resource.name == "places/outlines.txt")
        for (std::string_view line : split(resource.content, '\n'))
          if (const std::size_t tab = line.find('\t'); tab != std::string_view::npos)
            found[line.substr(0, tab)] = line.substr(tab + 1);
    return found;
  }();
  const auto found = all.find(code);
  return found == all.end() ? std::string_view() : found->second;
}

}  // namespace

Result<BoundaryImport> import_boundaries(Transaction& transaction, std::string_view bytes, std::string_view file) {
  return import_boundaries(transaction, TRY(read_geojson(bytes, file)), file);
}

Result<BoundaryImport> import_boundaries(Transaction& transaction, const std::vector<ReadBoundary>& read,
                                         std::string_view file) {
  BoundaryImport report;
  for (const ReadBoundary& each : read) {
    TRY(require_place(transaction, each.code, std::string(file) + ", feature " + std::to_string(each.feature)));
    const bool known = transaction.run(kDrop, {transaction.workspace(), each.code}) > 0;
    ++(known ? report.changed : report.added);
    transaction.run(kAdd, {transaction.workspace(), each.code, text_of(each.boundary), now()});
  }
  return report;
}

std::map<std::string, std::int64_t> count_children(Transaction& transaction) {
  std::map<std::string, std::int64_t> counts;
  transaction.each(kCountChildren, {transaction.workspace()},
                   [&](const Row& row) { counts[row.string(0)] = row.integer(1); });
  return counts;
}

std::map<std::string, Boundary> boundaries(Transaction& transaction, const std::vector<std::string>& codes) {
  std::map<std::string, Boundary> found;
  for (const std::string& code : codes)
    if (auto boundary = transaction.one(kOne, {transaction.workspace(), code},
                                        [](const Row& row) { return boundary_of(row.text(0)); }))
      found[code] = std::move(*boundary);
    else if (const std::string_view rings = built_in(code); !rings.empty())
      found[code] = boundary_of(rings);
  return found;
}

}  // namespace understory::places
