#include "storage/waiting_rows.h"

namespace understory::storage {

namespace {

constexpr std::size_t kRows = 500;
constexpr std::size_t kBytes = 32 * 1024;  // a text goes at once: what waits behind it is the other side's work

bool in_word(char letter) { return std::isalnum(static_cast<unsigned char>(letter)) || letter == '_'; }

std::string_view table_of(std::string_view insert) {
  constexpr std::string_view kInsert = "insert into ";
  if (insert.rfind(kInsert, 0) != 0)
    throw std::logic_error("only inserts can wait: " + std::string(insert.substr(0, 40)));
  std::size_t end = kInsert.size();
  while (end < insert.size() && in_word(insert[end])) ++end;
  return insert.substr(kInsert.size(), end - kInsert.size());
}

}  // namespace

bool WaitingRows::add(const Query& query, std::size_t width, Parameters parameters) {
  table_of(query.sql(Engine::kPostgres));
  auto found = std::find_if(waiting_.begin(), waiting_.end(), [&](const Rows& rows) { return rows.query == &query; });
  if (found == waiting_.end()) found = waiting_.insert(found, Rows{&query, width, {}, {}, 0});
  for (const Parameter& parameter : parameters) {
    if (parameter.kind() != Parameter::Kind::kText && parameter.kind() != Parameter::Kind::kBlob) {
      found->parameters.push_back(parameter);
      continue;
    }
    const std::string& kept = found->texts.emplace_back(parameter.text());
    found->bytes += kept.size();
    found->parameters.push_back(parameter.kind() == Parameter::Kind::kBlob ? Parameter::blob(kept) : Parameter(kept));
  }
  return found->parameters.size() >= kRows * width || found->bytes >= kBytes;
}

std::list<WaitingRows::Rows> WaitingRows::take(const Query& query) {
  std::list<Rows> taken;
  const auto found =
      std::find_if(waiting_.begin(), waiting_.end(), [&](const Rows& rows) { return rows.query == &query; });
  if (found != waiting_.end()) taken.splice(taken.end(), waiting_, found);
  return taken;
}

std::list<WaitingRows::Rows> WaitingRows::take_for(const Query& statement) {
  std::list<Rows> taken;
  for (auto rows = waiting_.begin(); rows != waiting_.end();) {
    const auto each = rows++;
    if (names(statement, *each->query)) taken.splice(taken.end(), waiting_, each);
  }
  return taken;
}

std::list<WaitingRows::Rows> WaitingRows::take_all() { return std::exchange(waiting_, {}); }

bool WaitingRows::names(const Query& statement, const Query& insert) {
  const auto [known, is_new] = named_.try_emplace({&statement, &insert}, false);
  if (!is_new) return known->second;
  const std::string_view table = table_of(insert.sql(Engine::kPostgres)), sql = statement.sql(Engine::kPostgres);
  for (std::size_t at = sql.find(table); at != std::string_view::npos; at = sql.find(table, at + 1)) {
    const std::size_t end = at + table.size();
    if ((at == 0 || !in_word(sql[at - 1])) && (end == sql.size() || !in_word(sql[end]))) return known->second = true;
  }
  return false;
}

std::string for_rows(const std::string& numbered, std::size_t width, std::size_t rows) {
  const std::size_t values = numbered.find(" values (");
  if (numbered.rfind("insert", 0) != 0 || values == std::string::npos ||
      numbered.find("do update") != std::string::npos)
    return "";
  const std::size_t open = values + 8;
  std::size_t close = open;
  for (int depth = 0; close < numbered.size(); ++close) {
    depth += numbered[close] == '(' ? 1 : numbered[close] == ')' ? -1 : 0;
    if (depth == 0) break;
  }
  const std::string row = numbered.substr(open, close - open + 1);
  std::string many = numbered.substr(0, open);
  for (std::size_t r = 0; r < rows; ++r) {
    if (r > 0) many += ", ";
    for (std::size_t at = 0; at < row.size(); ++at) {
      many += row[at];
      if (row[at] != '$') continue;
      std::size_t number = 0;
      while (at + 1 < row.size() && std::isdigit(static_cast<unsigned char>(row[at + 1])))
        number = number * 10 + static_cast<std::size_t>(row[++at] - '0');
      many += std::to_string(number + r * width);
    }
  }
  return many + numbered.substr(close + 1);
}

}  // namespace understory::storage
