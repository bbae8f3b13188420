#include "storage/search.h"

#include "foundation/text.h"

namespace understory::storage {

namespace {

const Query kForget{"storage.forget_words",
                    "delete from word_index where workspace_id = ? and kind = ? and record_id = ?",
                    "delete from word_index where rowid in (select rowid from word_index where workspace_id = ? and "
                    "kind = ? and record_id = ?)"};
// The words come already cut and folded, as an array of lexemes there and as one text here.
const Query kIndex{"storage.index_words",
                   "insert into word_index (workspace_id, kind, record_id, words) values (?, ?, ?, "
                   "array_to_tsvector(string_to_array(?, ' ')))",
                   "insert into word_index (workspace_id, kind, record_id, words) values (?, ?, ?, ?)"};
const Query kFind{"storage.find_words",
                  "select record_id from word_index where workspace_id = ? and kind = ? and words @@ cast(cast(? as "
                  "text) as tsquery) "
                  "order by length(words), record_id limit ?",
                  "select record_id from word_index where workspace_id = ? and kind = ? and words match ? order by "
                  "length(words), record_id limit ?"};

// Only letters, marks and digits are left in a word, so it needs no escaping but its quotes.
std::vector<std::string> cut(std::string_view text, std::string_view language) {
  const std::string folded = fold(text);
  std::vector<std::string> list;
  for (const Span& span : words(folded, language)) {
    std::string word = folded.substr(static_cast<std::size_t>(span.start), static_cast<std::size_t>(span.length()));
    std::erase_if(word, [](char letter) { return letter == '\'' || letter == '"' || letter == '\\' || letter == ' '; });
    if (!word.empty()) list.push_back(std::move(word));
  }
  return list;
}

}  // namespace

void index_words(Transaction& transaction, std::string_view kind, Id record, std::string_view text,
                 std::string_view language) {
  forget_words(transaction, kind, record);
  std::vector<std::string> list = cut(text, language);
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
  transaction.run(kIndex, {transaction.workspace(), kind, record, join(list, " ")});
}

void forget_words(Transaction& transaction, std::string_view kind, Id record) {
  transaction.run(kForget, {transaction.workspace(), kind, record});
}

std::vector<Id> find_words(Transaction& transaction, std::string_view kind, std::string_view wanted, int limit) {
  const std::vector<std::string> list = cut(wanted, "en");
  if (list.empty()) return {};
  const bool sqlite = transaction.engine() == Engine::kSqlite;
  std::string query;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const bool last = i + 1 == list.size();
    if (i > 0) query += sqlite ? " AND " : " & ";
    query += sqlite ? "\"" + list[i] + "\"" + (last ? "*" : "") : "'" + list[i] + "'" + (last ? ":*" : "");
  }
  std::vector<Id> found;
  transaction.each(kFind, {transaction.workspace(), kind, query, limit},
                   [&](const Row& row) { found.push_back(row.id(0)); });
  return found;
}

}  // namespace understory::storage
