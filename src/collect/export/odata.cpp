#include "collect/export/odata.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "collect/export/odata_row.h"
#include "foundation/text.h"

namespace understory::collect {

namespace {

constexpr std::int64_t kOrderedPage = 10'000;
constexpr std::size_t kOrderedBytes = std::size_t{64} << 20;
constexpr std::int64_t kNumberLimit = 1'000'000'000;

tl::unexpected<Problem> invalid(std::string_view option, std::string_view value, std::string what, std::string hint) {
  return fail(problems::kInvalidValue, {{"where", std::string(option)},
                                        {"value", std::string(value)},
                                        {"what", std::move(what)},
                                        {"hint", std::move(hint)}});
}

Result<std::int64_t> whole_number(std::string_view option, std::string_view text) {
  std::int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size() || number < 0)
    return invalid(option, text, "number", "It is a whole number, 0 or more.");
  return std::min(number, kNumberLimit);
}

Result<bool> yes_or_no(std::string_view option, std::string_view text) {
  const std::string word = lower_ascii(text);
  if (word != "true" && word != "false") return invalid(option, text, "answer", "It is true or false.");
  return word == "true";
}

// The row a page ended with.
struct Place {
  Id submission;
  int row = 0;
  auto operator<=>(const Place&) const = default;
  std::string text() const { return submission.text() + "." + std::to_string(row); }
};

Result<Place> read_place(std::string_view token) {
  const std::size_t point = token.find('.');
  const auto id = Id::parse(token.substr(0, point));
  Place place;
  const std::string_view row = point == std::string_view::npos ? "" : token.substr(point + 1);
  const auto read = std::from_chars(row.data(), row.data() + row.size(), place.row);
  if (!id || row.empty() || read.ec != std::errc() || read.ptr != row.data() + row.size() || place.row < 0)
    return invalid("$skiptoken", token, "place in the list", "Take it from @odata.nextLink, unchanged.");
  place.submission = *id;
  return place;
}

tl::unexpected<Problem> no_place(std::string_view token) {
  return invalid("$skiptoken", shortened(token, 40), "place in the list", "Take it from @odata.nextLink, unchanged.");
}

// What a sealed $skiptoken holds: where the page ended, in which list, and all that was asked.
std::string token_text(const Place& place, const std::string& address, const ODataQuery& query) {
  boost::json::object token{{"at", place.text()}, {"of", address}};
  if (query.top) token["top"] = *query.top;
  if (query.count) token["count"] = true;
  if (query.expand) token["expand"] = true;
  if (!query.filter.empty()) token["filter"] = query.filter;
  if (!query.order_by.empty()) token["orderby"] = query.order_by;
  if (!query.select.empty()) token["select"] = join(query.select, ",");
  return boost::json::serialize(token);
}

// The query that a token goes on with, instead of whatever stands beside it.
Result<ODataQuery> query_of_token(const std::string& text, const std::string& address, std::string_view token) {
  boost::system::error_code error;
  const boost::json::value read = boost::json::parse(text, error);
  if (error || !read.is_object()) return no_place(token);
  const auto& object = read.as_object();
  const auto word = [&](std::string_view name) {
    const boost::json::value* value = object.if_contains(name);
    return value && value->is_string() ? std::string(value->as_string()) : std::string();
  };
  if (word("of") != address) return no_place(token);
  ODataQuery query;
  if (const boost::json::value* top = object.if_contains("top"); top && top->is_int64()) query.top = top->as_int64();
  query.count = object.contains("count");
  query.expand = object.contains("expand");
  query.filter = word("filter");
  query.order_by = word("orderby");
  for (std::string_view path : split(word("select"), ','))
    if (!path.empty()) query.select.emplace_back(path);
  query.skip_token = word("at");
  return query;
}

// The rows of a table, one submission after the other, with what $filter leaves.
class Reading {
 public:
  Reading(const Outline& outline, const ODataNames& names, const ODataSource& source, const ODataPath& path,
          const ODataQuery& query, ODataRow row, ODataFilter filter, ODataOrder order, std::optional<Place> from)
      : outline_(outline),
        names_(names),
        source_(source),
        path_(path),
        query_(query),
        row_(std::move(row)),
        filter_(std::move(filter)),
        order_(std::move(order)),
        from_(from) {}

  Result<void> write(const Sink& sink) {
    if (path_.number) return write_number(sink);
    return order_.empty() ? write_unordered(sink) : write_ordered(sink);
  }

 private:
  struct Entry {
    std::vector<Value> keys;
    Place place;
    std::string json;
    std::size_t bytes() const {
      std::size_t sum = sizeof(Entry) + json.size();
      for (const Value& key : keys) sum += sizeof(Value) + key.text.size();
      return sum;
    }
  };
  using Each = std::function<Result<bool>(const RowView&, const Place&)>;  // false: enough

  // All rows that are asked for, from the submission after `after` on.
  Result<void> each_row(Id after, const Each& each) {
    Result<void> outcome;
    source_.walk(after, [&](const Opened& opened) {
      if (!path_.instance_id.empty() && opened.submission.instance_id != path_.instance_id) return true;
      found_ = true;
      auto going = each_row_of(opened, each);
      if (!going) outcome = tl::unexpected<Problem>(std::move(going.error()));
      return going && *going && path_.instance_id.empty();
    });
    return outcome;
  }

  Result<bool> each_row_of(const Opened& opened, const Each& each) {
    // What is known without opening a submission decides first: reading it is what takes time.
    const bool early = path_.table == 0 && !filter_.needs_record();
    if (early && !filter_.lets_through({outline_, {opened, std::nullopt, opened.unreadable}, 0, 0})) return true;
    const Told submission = told(opened, outline_);
    int rows = 1;
    if (path_.table != 0)
      rows = submission.record
                 ? static_cast<int>(submission.record->tables()[static_cast<std::size_t>(path_.table)].rows.size())
                 : 0;
    for (int i = 0; i < rows; ++i) {
      const RowView row{outline_, submission, path_.table, i};
      if (!path_.parent_key.empty() && parent_key_of(submission, outline_, path_.table, i) != path_.parent_key)
        continue;
      if (!path_.key.empty() && key_of(submission, outline_, path_.table, i) != path_.key) continue;
      if (!early && !filter_.lets_through(row)) continue;
      if (!TRY(each(row, {opened.submission.id, i}))) return false;
    }
    return true;
  }

  bool counts_without_walking() const { return path_.table == 0 && path_.instance_id.empty() && query_.filter.empty(); }

  Result<std::int64_t> count_rows() {
    if (counts_without_walking()) return source_.count();
    std::int64_t count = 0;
    TRY(each_row({}, [&](const RowView&, const Place&) -> Result<bool> { return ++count, true; }));
    return count;
  }

  Result<void> write_number(const Sink& sink) { return sink(std::to_string(TRY(count_rows()))); }

  Result<void> not_found() const {
    if (path_.instance_id.empty() || found_) return {};
    return fail(problems::kNotFound, {{"what", "submission"}, {"name", path_.instance_id}});
  }

  std::string head() const {
    JsonWriter json;
    json.value(source_.service + "/$metadata#" + names_.tables[static_cast<std::size_t>(path_.table)]);
    return R"({"@odata.context":)" + json.text() + R"(,"value":[)";
  }

  // After the rows: how many there are, and where it goes on.
  std::string tail(const std::optional<Place>& next, std::optional<std::int64_t> count) const {
    const std::string out = "]";
    if (next) {
      std::string link = source_.service + "/" + path_.address + "?%24skiptoken=";
      if (source_.seal_token)
        return out + next_link(link + source_.seal_token(token_text(*next, path_.address, query_)), count);
      link += next->text();
      if (query_.top) link += "&%24top=" + std::to_string(*query_.top);
      if (query_.count) link += "&%24count=true";
      if (query_.expand) link += "&%24expand=%2A";
      if (!query_.filter.empty()) link += "&%24filter=" + percent_encoded(query_.filter);
      if (!query_.order_by.empty()) link += "&%24orderby=" + percent_encoded(query_.order_by);
      if (!query_.select.empty()) link += "&%24select=" + percent_encoded(join(query_.select, ","));
      return out + next_link(link, count);
    }
    return out + next_link("", count);
  }

  static std::string next_link(const std::string& link, std::optional<std::int64_t> count) {
    std::string out;
    if (!link.empty()) {
      JsonWriter json;
      json.value(link);
      out += R"(,"@odata.nextLink":)" + json.text();
    }
    if (count) out += R"(,"@odata.count":)" + std::to_string(*count);
    return out + "}";
  }

  Result<void> write_unordered(const Sink& sink) {
    const std::int64_t top = query_.top.value_or(kNumberLimit);
    const bool counting = query_.count && !counts_without_walking();
    std::int64_t matched = 0, skipped = 0, written = 0;
    std::optional<Place> last;
    bool more = false, begun = false;
    // Of the submission a page ended in, rows may be left.
    Id after;
    if (from_ && !counting) after = path_.table == 0 ? from_->submission : Id{from_->submission.value - 1};
    const auto begin = [&]() -> Result<void> {
      if (std::exchange(begun, true)) return {};
      return sink(head());
    };
    if (path_.instance_id.empty()) TRY(begin());
    if (top > 0 || counting)
      TRY(each_row(after, [&](const RowView& row, const Place& place) -> Result<bool> {
        ++matched;
        if (from_ && place <= *from_) return true;
        if (!from_ && skipped < query_.skip) return ++skipped, true;
        if (written >= top) {
          more = true;
          return counting;
        }
        TRY(begin());
        JsonWriter json;
        row_.write(json, row);
        TRY(sink((written++ ? ",\n" : "\n") + json.text()));
        last = place;
        return true;
      }));
    TRY(not_found());
    TRY(begin());
    std::optional<std::int64_t> count;
    if (query_.count) count = counting ? matched : source_.count();
    return sink(tail(more ? last : std::nullopt, count));
  }

  bool comes_before(const std::vector<Value>& keys, const Place& place, const std::vector<Value>& other_keys,
                    const Place& other) const {
    const int order = order_.compare(keys, other_keys);
    return order != 0 ? order < 0 : place < other;
  }

  Result<std::vector<Value>> keys_at(const Place& wanted) {
    std::optional<std::vector<Value>> keys;
    source_.walk(Id{wanted.submission.value - 1}, [&](const Opened& opened) {
      if (opened.submission.id != wanted.submission) return false;
      const Told submission = told(opened, outline_);
      if (path_.table == 0 ||
          (submission.record &&
           wanted.row <
               static_cast<int>(submission.record->tables()[static_cast<std::size_t>(path_.table)].rows.size())))
        keys = order_.keys({outline_, submission, path_.table, wanted.row});
      return false;
    });
    if (!keys)
      return invalid("$skiptoken", wanted.text(), "place in the list", "What stood there is gone; begin again.");
    return *keys;
  }

  // Holds the best rows so far, the worst on top, and forgets what no page can reach.
  Result<void> write_ordered(const Sink& sink) {
    const std::int64_t skip = from_ ? 0 : query_.skip;
    const std::int64_t page = std::min(query_.top.value_or(kOrderedPage), kOrderedPage);
    std::optional<std::vector<Value>> from_keys;
    if (from_) from_keys = TRY(keys_at(*from_));
    std::vector<Entry> best;
    std::size_t bytes = 0;
    std::int64_t matched = 0, after = 0;
    const auto before = [this](const Entry& left, const Entry& right) {
      return comes_before(left.keys, left.place, right.keys, right.place);
    };
    const auto forget_worst = [&] {
      std::pop_heap(best.begin(), best.end(), before);
      bytes -= best.back().bytes();
      best.pop_back();
    };
    TRY(each_row({}, [&](const RowView& row, const Place& place) -> Result<bool> {
      ++matched;
      Entry entry{order_.keys(row), place, {}};
      if (from_ && !comes_before(*from_keys, *from_, entry.keys, place)) return true;
      ++after;
      if (static_cast<std::int64_t>(best.size()) >= skip + page) {
        if (best.empty() || !before(entry, best.front())) return true;
        forget_worst();
      }
      JsonWriter json;
      row_.write(json, row);
      entry.json = json.text();
      bytes += entry.bytes();
      best.push_back(std::move(entry));
      std::push_heap(best.begin(), best.end(), before);
      while (bytes > kOrderedBytes && static_cast<std::int64_t>(best.size()) > std::max<std::int64_t>(skip + 1, 1))
        forget_worst();
      if (bytes > 2 * kOrderedBytes)
        return fail(
            problems::kTooLarge,
            {{"what", "What $skip passes over"}, {"limit", "128 MiB"}, {"hint", "Follow @odata.nextLink instead."}});
      return true;
    }));
    TRY(not_found());
    std::sort_heap(best.begin(), best.end(), before);
    TRY(sink(head()));
    for (std::size_t i = static_cast<std::size_t>(skip); i < best.size(); ++i)
      TRY(sink((i > static_cast<std::size_t>(skip) ? ",\n" : "\n") + best[i].json));
    const bool more = after > static_cast<std::int64_t>(best.size()) && static_cast<std::int64_t>(best.size()) > skip;
    return sink(tail(more ? std::optional(best.back().place) : std::nullopt,
                     query_.count ? std::optional(matched) : std::nullopt));
  }

  const Outline& outline_;
  const ODataNames& names_;
  const ODataSource& source_;
  const ODataPath& path_;
  const ODataQuery& query_;
  const ODataRow row_;
  const ODataFilter filter_;
  const ODataOrder order_;
  const std::optional<Place> from_;
  bool found_ = false;
};

}  // namespace

Result<ODataQuery> read_odata_query(const std::vector<std::pair<std::string, std::string>>& query) {
  ODataQuery made;
  for (const auto& [name, value] : query) {
    if (name.empty() || name[0] != '$') continue;
    if (name == "$top") {
      made.top = TRY(whole_number(name, value));
    } else if (name == "$skip") {
      made.skip = TRY(whole_number(name, value));
    } else if (name == "$skiptoken") {
      made.skip_token = value;
    } else if (name == "$count") {
      made.count = TRY(yes_or_no(name, value));
    } else if (name == "$filter") {
      made.filter = value;
    } else if (name == "$orderby") {
      made.order_by = value;
    } else if (name == "$select") {
      for (std::string_view path : split(value, ','))
        if (!trim(path).empty()) made.select.emplace_back(trim(path));
    } else if (name == "$expand") {
      if (trim(value) != "*" && !trim(value).empty()) return invalid(name, value, "expansion", "Only * is known.");
      made.expand = trim(value) == "*";
    } else if (name == "$format") {
      if (value != "json" && value.rfind("application/json", 0) != 0)
        return invalid(name, value, "format", "Only json is known.");
    } else {
      return invalid("query", name, "option",
                     "Known: $top, $skip, $skiptoken, $count, $filter, $orderby, $select, $expand, $format.");
    }
  }
  return made;
}

Result<void> write_odata(const Outline& outline, const ODataNames& names, const ODataSource& source,
                         const ODataPath& path, const ODataQuery& asked, const Sink& sink) {
  ODataQuery query = asked;
  if (!asked.skip_token.empty() && source.open_token) {
    const auto opened = source.open_token(asked.skip_token);
    if (!opened) return no_place(asked.skip_token);
    query = TRY(query_of_token(*opened, path.address, asked.skip_token));
  }
  std::optional<Place> from;
  if (!query.skip_token.empty()) from = TRY(read_place(query.skip_token));
  Reading reading(outline, names, source, path, query, TRY(ODataRow::plan(outline, names, path.table, query)),
                  TRY(ODataFilter::read(query.filter, outline, names, path.table)),
                  TRY(ODataOrder::read(query.order_by, outline, names, path.table)), from);
  return reading.write(sink);
}

}  // namespace understory::collect
