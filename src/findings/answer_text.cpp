// An answer for the terminal: the finding first, then its numbers, then what to be careful about.
#include "findings/words.h"
#include "foundation/text.h"

namespace understory::findings {

namespace {

constexpr int kWidth = 96;
constexpr int kBar = 20;

std::string padded(const std::string& text, int width, bool right = false) {
  const int missing = std::max(0, width - display_columns(text));
  return right ? std::string(missing, ' ') + text : text + std::string(missing, ' ');
}

// Lines of at most kWidth columns, broken at spaces (texts without spaces at their words' ends).
std::string wrapped(const std::string& text, const std::string& first, const std::string& later) {
  const std::string marked = with_break_opportunities(text);
  std::string out = first, line;
  int used = display_columns(first);
  std::size_t at = 0;
  while (at < marked.size()) {
    std::size_t end = at, next = marked.size();
    const std::size_t space = marked.find(' ', at), zero_width = marked.find("\xE2\x80\x8B", at);
    std::string gap;
    if (space < zero_width)
      end = space, next = space + 1, gap = " ";
    else if (zero_width != std::string::npos)
      end = zero_width, next = zero_width + 3;
    else
      end = marked.size();
    const std::string word = marked.substr(at, end - at);
    const int width = display_columns(word);
    if (used + width > kWidth && !line.empty()) {
      out += std::string(line.substr(0, line.find_last_not_of(' ') + 1)) + "\n" + later;
      line.clear();
      used = display_columns(later);
    }
    line += word + gap;
    used += width + static_cast<int>(gap.size());
    at = next;
  }
  return out + line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
}

std::string bar(const Estimate& estimate) {
  std::string out;
  const int filled = static_cast<int>(std::lround(estimate.share * kBar)),
            low = static_cast<int>(std::lround(estimate.low * kBar)),
            high = static_cast<int>(std::lround(estimate.high * kBar));
  for (int i = 0; i < kBar; ++i) out += i < std::min(filled, kBar) ? (i < low ? "█" : "▓") : i < high ? "░" : " ";
  return out;
}

void write_group(std::string& out, const std::string& title, const std::vector<Item>& items,
                 const std::vector<Estimate>& estimates, const Catalogue& words) {
  out += "\n" + title + "\n";
  int widest = 10;
  for (const Item& item : items) widest = std::max(widest, std::min(40, display_columns(label_of(item.label, words))));
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Estimate& estimate = estimates[i];
    std::string line = "  " + padded(label_of(items[i].label, words), widest) + " ";
    if (estimate.asked == 0) {
      out += line + words.say("findings.nobody_asked") + "\n";
      continue;
    }
    line += bar(estimate) + " " + padded(share_text(estimate, words), 16, true);
    line += padded(cell_text(Counted{estimate.mentioned, estimate.asked}, words), 14, true);
    const std::string rank = rank_text(estimate);
    if (!rank.empty()) line += padded(words.say({"findings.rank_is", {{"rank", rank}}}), 14, true);
    out += line + "\n";
  }
}

void write_table(std::string& out, const Table& table, const Catalogue& words) {
  std::vector<std::vector<std::string>> cells(1);
  for (const auto& [key, heading] : table.columns) cells[0].push_back(words.say(heading));
  for (const auto& row : table.rows) {
    cells.emplace_back();
    for (const Cell& cell : row) cells.back().push_back(cell_text(cell, words));
  }
  std::vector<int> widths(table.columns.size(), 0);
  for (const auto& row : cells)
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], display_columns(row[c]));
  out += "\n" + words.say(table.title) + "\n";
  for (std::size_t r = 0; r < cells.size(); ++r) {
    std::string line = " ";
    for (std::size_t c = 0; c < cells[r].size(); ++c) {
      const bool number = r == 0 ? !table.rows.empty() && !std::holds_alternative<std::string>(table.rows[0][c]) &&
                                       !std::holds_alternative<Words>(table.rows[0][c])
                                 : !std::holds_alternative<std::string>(table.rows[r - 1][c]) &&
                                       !std::holds_alternative<Words>(table.rows[r - 1][c]);
      line += " " + padded(cells[r][c], widths[c], number);
    }
    out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
}

}  // namespace

std::string share_text(const Estimate& estimate, const Catalogue& words) {
  return fmt::format("{} [{}–{}]", words.percent(estimate.share), words.number(estimate.low * 100),
                     words.number(estimate.high * 100));
}

std::string rank_text(const Estimate& estimate) {
  if (estimate.rank == 0) return "";
  if (estimate.rank_low == 0) return std::to_string(estimate.rank);
  if (estimate.rank_low == estimate.rank_high) return std::to_string(estimate.rank_low);
  return fmt::format("{}–{}", estimate.rank_low, estimate.rank_high);
}

std::string cell_text(const Cell& cell, const Catalogue& words) {
  struct {
    const Catalogue& words;
    std::string operator()(std::monostate) { return "–"; }
    std::string operator()(const std::string& text) { return text; }
    std::string operator()(std::int64_t number) { return words.number(static_cast<double>(number)); }
    std::string operator()(double number) {
      if (!std::isfinite(number)) return "–";
      return number != 0 && std::abs(number) < 0.001 ? std::string("<0.001")
                                                     : words.number(number, std::abs(number) < 10 ? 3 : 1);
    }
    std::string operator()(const Share& share) { return words.percent(share.value); }
    std::string operator()(const Interval& interval) {
      if (!std::isfinite(interval.value)) return "–";
      if (!std::isfinite(interval.low) || !std::isfinite(interval.high)) return words.number(interval.value, 2);
      return fmt::format("{} [{}, {}]", words.number(interval.value, 2), words.number(interval.low, 2),
                         words.number(interval.high, 2));
    }
    std::string operator()(const Counted& counted) {
      return words.say({"findings.count_of", {{"count", counted.count}, {"of", counted.of}}});
    }
    std::string operator()(const Words& key) { return words.say(key.key); }
  } text{words};
  return std::visit(text, cell);
}

std::string answer_text(const Answer& answer, const Catalogue& words) {
  std::string out =
      words.say({"findings.title." + std::string(kAsks[static_cast<int>(answer.question.ask)]), {}}) + "\n";
  out += words.say({"findings.of_study", {{"study", answer.study_name}}}) + "\n";
  if (answer.invented) out += words.say("page.invented") + "\n";
  out += "\n";
  for (const Message& sentence : answer.sentences) out += wrapped(words.say(sentence), "", "");
  for (const Message& warning : answer.warnings) out += wrapped(words.say(warning), "! ", "  ");
  if (!answer.items.empty()) {
    for (std::size_t g = 0; g < answer.groups.size(); ++g) {
      const Group& group = answer.groups[g];
      const std::string asked = words.say({"findings.group_asked", {{"n", group.asked}, {"clusters", group.clusters}}});
      write_group(out, label_of(group.label, words) + " – " + asked, answer.items, answer.cells[g], words);
    }
    if (answer.groups.size() > 1)
      write_group(out, words.say("findings.all_groups"), answer.items, answer.overall, words);
  }
  for (const Table& table : answer.tables) write_table(out, table, words);
  out += "\n" +
         words.say({"findings.how",
                    {{"question", answer.question.text()},
                     {"seed", std::to_string(answer.question.seed)},
                     {"hash", answer.data_hash}}}) +
         "\n";
  return out;
}

}  // namespace understory::findings
