// The forms of an answer for programs: JSON and CSV. What people read in the terminal is in answer_text.cpp.
#include "findings/answer.h"

#include "findings/words.h"
#include "foundation/csv.h"
#include "foundation/json_writer.h"

namespace understory::findings {

namespace {

void write_estimate(JsonWriter& out, const Estimate& estimate) {
  out.member("mentioned", estimate.mentioned).member("asked", estimate.asked);
  if (estimate.asked == 0) return;
  out.member("share", estimate.share).member("low", estimate.low).member("high", estimate.high);
  out.member("method", estimate.method).member("design_effect", estimate.design_effect);
  if (estimate.group_bounds) {
    out.key("group_bounds")
        .array()
        .value(estimate.group_bounds->first)
        .value(estimate.group_bounds->second)
        .end_array();
  }
  if (estimate.rank > 0) out.member("rank", estimate.rank).member("tied", estimate.tied);
  if (estimate.rank_low > 0) out.member("rank_low", estimate.rank_low).member("rank_high", estimate.rank_high);
  if (estimate.p_first >= 0) out.member("p_first", estimate.p_first);
}

void write_item(JsonWriter& out, const Item& item, const Estimate& estimate, const Catalogue& words) {
  out.object().member("key", item.key).member("label", label_of(item.label, words));
  write_estimate(out, estimate);
  out.end_object();
}

void write_cell(JsonWriter& out, const Cell& cell, const Catalogue& words) {
  struct {
    JsonWriter& out;
    const Catalogue& words;
    void operator()(std::monostate) { out.null(); }
    void operator()(const std::string& text) { out.value(text); }
    void operator()(std::int64_t number) { out.value(number); }
    void operator()(double number) { out.value(number); }
    void operator()(const Share& share) { out.value(share.value); }
    void operator()(const Interval& interval) {
      out.object()
          .member("value", interval.value)
          .member("low", interval.low)
          .member("high", interval.high)
          .end_object();
    }
    void operator()(const Counted& counted) {
      out.object().member("count", counted.count).member("of", counted.of).end_object();
    }
    void operator()(const Words& key) { out.value(words.say(key.key)); }
  } write{out, words};
  std::visit(write, cell);
}

// A number as the JSON form writes it.
std::string plain_number(double number) { return JsonWriter().value(number).text(); }

std::vector<std::string> csv_cells(const Cell& cell, const Catalogue& words) {
  struct {
    const Catalogue& words;
    std::vector<std::string> operator()(std::monostate) { return {""}; }
    std::vector<std::string> operator()(const std::string& text) { return {text}; }
    std::vector<std::string> operator()(std::int64_t number) { return {std::to_string(number)}; }
    std::vector<std::string> operator()(double number) { return {std::isfinite(number) ? plain_number(number) : ""}; }
    std::vector<std::string> operator()(const Share& share) { return {plain_number(share.value)}; }
    std::vector<std::string> operator()(const Interval& interval) {
      return {plain_number(interval.value), plain_number(interval.low), plain_number(interval.high)};
    }
    std::vector<std::string> operator()(const Counted& counted) {
      return {std::to_string(counted.count), std::to_string(counted.of)};
    }
    std::vector<std::string> operator()(const Words& key) { return {words.say(key.key)}; }
  } text{words};
  return std::visit(text, cell);
}

std::string csv_row(const std::vector<std::string>& fields) {
  std::string row;
  for (std::size_t i = 0; i < fields.size(); ++i) row += (i ? "," : "") + csv_safe_field(fields[i]);
  return row + "\r\n";
}

// A column takes as many fields as its widest kind of cell: an interval three, a count two.
std::vector<std::string> headings(const Table& table, std::size_t column) {
  const std::string& key = table.columns[column].first;
  for (const auto& row : table.rows) {
    if (std::holds_alternative<Interval>(row[column])) return {key, key + "_low", key + "_high"};
    if (std::holds_alternative<Counted>(row[column])) return {key, key + "_of"};
  }
  return {key};
}

void csv_estimates(std::string& out, const Group& group, const std::vector<Item>& items,
                   const std::vector<Estimate>& estimates, const Catalogue& words) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Estimate& e = estimates[i];
    const bool any = e.asked > 0;
    const auto number = [](bool known, double value) { return known ? plain_number(value) : std::string(); };
    out += csv_row(
        {group.key, items[i].key, label_of(items[i].label, words), std::to_string(e.mentioned), std::to_string(e.asked),
         number(any, e.share), number(any, e.low), number(any, e.high), e.method, number(any, e.design_effect),
         number(e.group_bounds.has_value(), e.group_bounds ? e.group_bounds->first : 0),
         number(e.group_bounds.has_value(), e.group_bounds ? e.group_bounds->second : 0), number(e.rank > 0, e.rank),
         number(e.rank_low > 0, e.rank_low), number(e.rank_high > 0, e.rank_high), number(e.p_first >= 0, e.p_first)});
  }
}

}  // namespace

std::string label_of(const std::string& label, const Catalogue& words) {
  return label.rfind('#', 0) == 0 ? words.say(label.substr(1)) : label;
}

std::string answer_json(const Answer& answer, const Catalogue& words) {
  JsonWriter out;
  out.object();
  out.key("question").raw(answer.question.json());
  out.member("question_text", answer.question.text()).member("seed", static_cast<std::int64_t>(answer.question.seed));
  out.member("study", answer.study_name).member("purposive", answer.purposive).member("invented", answer.invented);
  out.member("data_hash", answer.data_hash);
  out.key("groups").array();
  for (std::size_t g = 0; g < answer.groups.size(); ++g) {
    const Group& group = answer.groups[g];
    out.object().member("key", group.key).member("label", label_of(group.label, words)).member("asked", group.asked);
    out.member("conversations", group.clusters).member("unread", group.unread).key("items").array();
    for (std::size_t i = 0; i < answer.items.size(); ++i) write_item(out, answer.items[i], answer.cells[g][i], words);
    out.end_array().end_object();
  }
  out.end_array().key("overall").array();
  for (std::size_t i = 0; i < answer.overall.size(); ++i) write_item(out, answer.items[i], answer.overall[i], words);
  out.end_array();
  if (answer.p_first_everywhere >= 0) out.member("p_first_everywhere", answer.p_first_everywhere);
  out.key("tables").array();
  for (const Table& table : answer.tables) {
    out.object().member("key", table.key).member("title", words.say(table.title)).key("columns").array();
    for (const auto& [key, heading] : table.columns)
      out.object().member("key", key).member("label", words.say(heading)).end_object();
    out.end_array().key("rows").array();
    for (const auto& row : table.rows) {
      out.array();
      for (const Cell& cell : row) write_cell(out, cell, words);
      out.end_array();
    }
    out.end_array().end_object();
  }
  out.end_array();
  for (const auto& [key, messages] :
       {std::pair{"sentences", &answer.sentences}, std::pair{"warnings", &answer.warnings}}) {
    out.key(key).array();
    for (const Message& message : *messages) out.value(words.say(message));
    out.end_array();
  }
  return out.end_object().text() + "\n";
}

std::string answer_csv(const Answer& answer, const Catalogue& words) {
  std::string out;
  if (!answer.items.empty()) {
    out += csv_row({"group", "item", "label", "mentioned", "asked", "share", "low", "high", "method", "design_effect",
                    "if_one_in_each_group_said_it", "if_all_in_each_group_said_it", "rank", "rank_low", "rank_high",
                    "p_first"});
    for (std::size_t g = 0; g < answer.groups.size(); ++g)
      csv_estimates(out, answer.groups[g], answer.items, answer.cells[g], words);
    if (answer.groups.size() > 1 && !answer.overall.empty())
      csv_estimates(out, Group{"(all)", "", 0, 0, 0}, answer.items, answer.overall, words);
  }
  for (const Table& table : answer.tables) {  // one below the other, an empty line and the table's key between
    if (!out.empty()) out += "\r\n" + csv_row({table.key});
    std::vector<std::string> header;
    std::vector<std::size_t> widths;
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      const std::vector<std::string> fields = headings(table, c);
      widths.push_back(fields.size());
      header.insert(header.end(), fields.begin(), fields.end());
    }
    out += csv_row(header);
    for (const auto& row : table.rows) {
      std::vector<std::string> fields;
      for (std::size_t c = 0; c < row.size(); ++c) {
        std::vector<std::string> cells = csv_cells(row[c], words);
        cells.resize(widths[c]);
        fields.insert(fields.end(), cells.begin(), cells.end());
      }
      out += csv_row(fields);
    }
  }
  return out;
}

}  // namespace understory::findings
