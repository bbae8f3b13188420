// What leads to what, as people say? A chain counts only where one source tells it whole: "debt leads to migration"
// from one and "migration leads to danger" from another do not make anybody say that debt leads to danger.
#include <algorithm>
#include <map>
#include <set>

#include "findings/answering.h"
#include "foundation/text.h"
#include "statistics/clusters.h"
#include "statistics/network.h"

namespace understory::findings {

using study::Evidence;

namespace {

constexpr std::size_t kMostRows = 30, kLongestThread = 5;  // links of a chain; longer ones are shown in parts
constexpr std::size_t kMostThreads = 20000;  // of one source: a dozen things all linked have half a million

struct Told {
  std::set<int> people, sources;
  std::int64_t links = 0, said = 0;  // said outright, not merely likely or possible
};
struct Arrow {
  int from, to, sign;
  auto operator<=>(const Arrow&) const = default;
};
using Network = std::map<int, std::set<int>>;  // item → items it leads to
struct Standing {
  std::int64_t sources = 0, flow = 0;
};
using Standings = std::map<std::pair<int, int>, Standing>;  // of two items joined by any way that a source tells whole

struct Accounts {
  std::map<Arrow, Told> arrows;
  std::map<int, Network> of_source;  // what leads to what in each source
  std::int64_t nobody = 0;           // links whose speaker is not known: counted for no one
};

// At level "top" a code stands for its main code; at "all" for itself alone.
std::vector<int> item_of_code(const Evidence& evidence, const Tally& tally, const Question& question) {
  std::vector<int> of_code(evidence.codebook.codes.size(), -1);
  for (std::size_t code = 0; code < of_code.size(); ++code)
    for (int item : tally.items.of_code[code])
      if (question.level != "all" || tally.items.list[item].code == evidence.codebook.codes[code].id)
        of_code[code] = item;
  return of_code;
}

Accounts accounts_of(const Evidence& evidence, const Tally& tally, const Question& question) {
  Accounts accounts;
  const std::vector<int> item_of = item_of_code(evidence, tally, question);
  for (const auto& link : evidence.links) {
    if (evidence.coders[link.coder].machine) continue;
    const int from = item_of[link.from], to = item_of[link.to];
    if (from < 0 || to < 0 || from == to) continue;
    std::vector<int> people;
    for (int i = 0; i < link.respondent_count; ++i)
      if (const int person = tally.person_of[evidence.coding_respondents[link.first_respondent + i]]; person >= 0)
        people.push_back(person);
    accounts.nobody += link.respondent_count == 0;
    if (people.empty()) continue;
    Told& told = accounts.arrows[{from, to, link.sign}];
    told.people.insert(people.begin(), people.end());
    told.sources.insert(link.source);
    ++told.links;
    told.said += link.certainty == "said";
    if (link.sign > 0) accounts.of_source[link.source][from].insert(to);
  }
  return accounts;
}

void add_links(Answer& answer, const Evidence& evidence, const Tally& tally, const Accounts& accounts) {
  Table table{"links",
              {"findings.table.links", {}},
              {{"from", "findings.column.from"},
               {"sign", "findings.column.leads"},
               {"to", "findings.column.to"},
               {"people", "findings.column.named_by"},
               {"share", "findings.column.share_interval"},
               {"sources", "findings.column.in_sources"},
               {"said", "findings.column.said_outright"}},
              {},
              {},
              {}};
  const auto n = static_cast<std::int64_t>(tally.people.size());
  std::vector<std::pair<Arrow, const Told*>> order;
  for (const auto& [arrow, told] : accounts.arrows) order.emplace_back(arrow, &told);
  std::stable_sort(order.begin(), order.end(), [](const auto& left, const auto& right) {
    return left.second->people.size() > right.second->people.size();
  });
  for (std::size_t i = 0; i < order.size() && i < kMostRows; ++i) {
    const auto& [arrow, told] = order[i];
    std::map<int, statistics::Cluster> clusters;
    for (int person = 0; person < static_cast<int>(n); ++person) {
      statistics::Cluster& cluster = clusters[evidence.respondents[tally.people[person]].cluster];
      ++cluster.size;
      cluster.successes += told->people.contains(person);
    }
    std::vector<statistics::Cluster> list;
    for (const auto& [number, cluster] : clusters) list.push_back(cluster);
    const statistics::ClusteredShare share = statistics::clustered_share(list);
    const auto k = static_cast<std::int64_t>(told->people.size());
    table.rows.push_back({tally.items.list[arrow.from].label, Words{arrow.sign > 0 ? "page.leads_to" : "page.prevents"},
                          tally.items.list[arrow.to].label, Counted{k, n},
                          Interval{share.share, share.bounds.low, share.bounds.high},
                          static_cast<std::int64_t>(told->sources.size()), Counted{told->said, told->links}});
    table.row_codes.push_back(tally.items.list[arrow.from].code);
    table.arrows.push_back({tally.items.list[arrow.from].key, tally.items.list[arrow.to].key, arrow.sign < 0});
  }
  const auto& [arrow, told] = order[0];
  answer.sentences.push_back({arrow.sign > 0 ? "findings.leads_most" : "findings.prevents_most",
                              {{"from", tally.items.list[arrow.from].label},
                               {"to", tally.items.list[arrow.to].label},
                               {"k", static_cast<std::int64_t>(told->people.size())},
                               {"n", n}}});
  answer.tables.push_back(std::move(table));
}

// Every way through a source's network from where `way` is that visits nothing twice. False: there are too many.
bool find_threads(const Network& network, std::vector<int>& way, std::vector<std::vector<int>>& threads) {
  if (way.size() > 2) threads.push_back(way);
  if (threads.size() > kMostThreads) return false;
  const auto next = network.find(way.back());
  if (way.size() > kLongestThread || next == network.end()) return true;
  for (int item : next->second) {
    if (std::find(way.begin(), way.end(), item) != way.end()) continue;
    way.push_back(item);
    if (!find_threads(network, way, threads)) return false;
    way.pop_back();
  }
  return true;
}

void add_threads(Answer& answer, const Tally& tally, const Accounts& accounts, const Standings& standings) {
  std::map<std::vector<int>, std::int64_t> told_in;  // thread → sources
  std::int64_t dense = 0;
  for (const auto& [source, network] : accounts.of_source) {
    std::vector<std::vector<int>> threads;
    bool all = true;
    for (auto from = network.begin(); all && from != network.end(); ++from) {
      std::vector<int> way{from->first};
      all = find_threads(network, way, threads);
    }
    if (!all) ++dense;
    if (all)
      for (std::vector<int>& thread : threads) ++told_in[std::move(thread)];
  }
  if (dense > 0) answer.warnings.push_back({"findings.warn.too_many_threads", {{"n", dense}}});
  if (told_in.empty()) return;
  answer.all_threads = static_cast<std::int64_t>(told_in.size());
  std::vector<std::pair<std::vector<int>, std::int64_t>> order(told_in.begin(), told_in.end());
  std::stable_sort(order.begin(), order.end(), [](const auto& left, const auto& right) {
    return std::pair{left.second, left.first.size()} > std::pair{right.second, right.first.size()};
  });
  Table table{"threads",
              {"findings.table.threads", {}},
              {{"thread", "findings.column.thread"}, {"sources", "findings.column.in_sources"}},
              {},
              {}};
  for (std::size_t i = 0; i < order.size() && i < kMostRows; ++i) {
    std::vector<std::string> labels;
    const std::vector<int>& way = order[i].first;
    const Standing& ends = standings.at({way.front(), way.back()});
    Thread thread{{}, static_cast<std::int64_t>(tally.people.size()), order[i].second, ends.sources, ends.flow};
    for (std::size_t step = 0; step < way.size(); ++step) {
      const Item& item = tally.items.list[way[step]];
      labels.push_back(item.label);
      const bool last = step + 1 == way.size();
      thread.steps.push_back(
          {item.key, item.label,
           last ? 0 : static_cast<std::int64_t>(accounts.arrows.at({way[step], way[step + 1], 1}).people.size())});
    }
    answer.threads.push_back(std::move(thread));
    table.rows.push_back({join(labels, " → "), order[i].second});
    table.row_codes.push_back(tally.items.list[order[i].first[0]].code);
  }
  answer.sentences.push_back(
      {"findings.thread_most", {{"thread", std::get<std::string>(table.rows[0][0])}, {"k", order[0].second}}});
  answer.tables.push_back(std::move(table));
}

std::set<int> reached(const Network& network, int from) {
  std::set<int> seen;
  std::vector<int> open{from};
  while (!open.empty()) {
    const auto next = network.find(open.back());
    open.pop_back();
    if (next == network.end()) continue;
    for (int item : next->second)
      if (item != from && seen.insert(item).second) open.push_back(item);
  }
  return seen;
}

// How well a connection stands: the sources that tell a way from one to the other, whole, and how many of their links
// would have to be doubted before none is left. Each source's links are parted by themselves: their networks laid over
// each other would let through ways that nobody told.
Standings standings_of(const Accounts& accounts) {
  Standings joined;
  for (const auto& [source, network] : accounts.of_source) {
    std::map<int, int> node;  // item → its number among those of this source
    std::vector<statistics::Channel> channels;
    const auto number = [&](int item) { return node.try_emplace(item, static_cast<int>(node.size())).first->second; };
    for (const auto& [from, to] : network)
      for (int item : to) channels.push_back({number(from), number(item), 1});
    for (const auto& [from, to] : network)
      for (int end : reached(network, from)) {
        Standing& standing = joined[{from, end}];
        ++standing.sources;
        standing.flow += statistics::maximum_flow(static_cast<int>(node.size()), channels, node.at(from), node.at(end));
      }
  }
  return joined;
}

void add_robustness(Answer& answer, const Tally& tally, const Standings& joined) {
  struct Row {
    int from, to;
    std::int64_t flow, sources;
  };
  std::vector<Row> rows;
  for (const auto& [ends, standing] : joined)
    rows.push_back({ends.first, ends.second, standing.flow, standing.sources});
  std::stable_sort(rows.begin(), rows.end(), [](const Row& left, const Row& right) {
    return std::pair{left.flow, left.sources} > std::pair{right.flow, right.sources};
  });
  if (rows.size() > kMostRows) rows.resize(kMostRows);
  Table table{"robustness",
              {"findings.table.robustness", {}},
              {{"from", "findings.column.from"},
               {"to", "findings.column.to"},
               {"sources", "findings.column.in_sources"},
               {"flow", "findings.column.flow"}},
              {},
              {}};
  for (const Row& row : rows) {
    table.rows.push_back({tally.items.list[row.from].label, tally.items.list[row.to].label, row.sources, row.flow});
    table.row_codes.push_back(tally.items.list[row.from].code);
  }
  if (!table.rows.empty()) answer.tables.push_back(std::move(table));
}

}  // namespace

Result<Answer> ask_links(const Evidence& evidence, const Question& question, const std::string& language) {
  const Tally counted = TRY(tally_codes_together(evidence, question, language));
  Answer answer = begin_answer(evidence, question);
  answer.groups = counted.groups;
  const Accounts accounts = accounts_of(evidence, counted, question);
  if (accounts.nobody > 0) answer.warnings.push_back({"findings.warn.links_of_nobody", {{"n", accounts.nobody}}});
  if (accounts.arrows.empty()) {
    answer.sentences.push_back({"findings.no_links", {}});
    return answer;
  }
  add_links(answer, evidence, counted, accounts);
  const Standings standings = standings_of(accounts);
  add_threads(answer, counted, accounts, standings);
  add_robustness(answer, counted, standings);
  answer.warnings.push_back({"findings.warn.links_within_source", {}});
  add_warnings(answer, evidence, counted);
  return answer;
}

}  // namespace understory::findings
