#include "storage/tables.h"

#include <algorithm>
#include <deque>
#include <map>

#include "foundation/text.h"
#include "storage/migrations.h"

namespace understory::storage {

namespace {

std::vector<Table> read_tables() {
  std::vector<Table> tables;
  std::map<std::string, std::string> keys;
  for (const Migration& migration : migrations()) {
    std::string open, only;
    for (std::string_view line : split(migration.sql, '\n')) {
      const std::string_view trimmed = trim(line);
      if (trimmed.rfind("-- {{", 0) == 0) only = trimmed == "-- {{end}}" ? "" : std::string(trimmed);
      if (!only.empty() || trimmed.rfind("--", 0) == 0) continue;
      const std::vector<std::string_view> words = split(trimmed, ' ');
      if (trimmed.rfind("create table ", 0) == 0) {
        open = std::string(words[2]);
        tables.push_back({open, {}, {}, "", "", nullptr});
      } else if (trimmed.rfind("alter table ", 0) == 0 && words.size() >= 7 && words[3] == "add") {
        for (Table& table : tables)
          if (table.name == words[2])
            table.columns.push_back({std::string(words[5]), words[6].rfind("{{blob}}", 0) == 0 ? 'b'
                                                            : words[6].rfind("{{id}}", 0) == 0 ? 'i'
                                                                                               : 't'});
      } else if (trimmed.rfind("alter table ", 0) == 0 && words.size() == 6 && words[3] == "drop") {
        const std::string name(words[5].substr(0, words[5].find(';')));
        for (Table& table : tables)
          if (table.name == words[2]) {
            std::erase_if(table.columns, [&](const Column& each) { return each.name == name; });
            table.dropped.insert(name);
          }
      } else if (trimmed.rfind(')', 0) == 0) {
        open.clear();
      } else if (!open.empty() && trimmed.rfind("primary key (", 0) == 0) {
        keys[open] = std::string(trimmed.substr(13, trimmed.find(')') - 13));
      } else if (!open.empty() && words.size() >= 2 && words[0] != "unique") {
        Table& table = tables.back();
        const std::string_view type = words[1].substr(0, words[1].find(','));
        const char kind = type == "{{blob}}" ? 'b' : type == "{{id}}" ? 'i' : 't';
        table.columns.push_back({std::string(words[0]), kind});
        if (trimmed.find(" primary key") != std::string_view::npos) keys[open] = table.columns.back().name;
      }
    }
  }
  for (Table& table : tables) {
    std::string list, order;
    for (const Column& column : table.columns) list += (list.empty() ? "" : ", ") + column.name;
    for (std::string_view key : split(keys.at(table.name), ',')) {
      const std::string name(trim(key));
      const auto column = std::find_if(table.columns.begin(), table.columns.end(),
                                       [&](const Column& each) { return each.name == name; });
      order += (order.empty() ? "" : ", ") + name + (column->kind == 't' ? " collate \"C\"" : "");
    }
    const std::string whose = table.name == "workspace" ? "id = ? and 'workspace_id' <> ''" : "workspace_id = ?";
    table.select = "select " + list + " from " + table.name + " where " + whose + " order by " + order;
    table.select_sqlite = table.select;
  }
  // Words of facts are kept in each engine's own form.
  Table words{"word_index",
              {{"workspace_id", 'i'}, {"kind", 't'}, {"record_id", 'i'}, {"words", 't'}},
              {},
              "select workspace_id, kind, record_id, array_to_string(tsvector_to_array(words), ' ') from word_index "
              "where workspace_id = ? order by kind collate \"C\", record_id",
              "select workspace_id, kind, record_id, words from word_index where workspace_id = ? order by kind, "
              "record_id",
              nullptr};
  tables.push_back(std::move(words));
  return tables;
}

}  // namespace

const std::vector<Table>& tables() {
  static std::deque<std::string> names;  // queries keep views of them
  static const std::vector<Table> list = [] {
    std::vector<Table> made = read_tables();
    for (Table& table : made) names.push_back("storage.back_up_" + table.name);
    for (std::size_t i = 0; i < made.size(); ++i)
      made[i].query = std::make_unique<Query>(names[i], made[i].select, made[i].select_sqlite);
    return made;
  }();
  return list;
}
namespace {
const std::size_t kRegistered = tables().size();  // so that every query is known to the test that runs them all
}

const Query& insertion(const std::string& table, const std::vector<std::string>& columns) {
  struct Made {
    std::string table;
    std::vector<std::string> columns;
    std::string name, postgres, sqlite;
    std::unique_ptr<Query> query;
  };
  static std::deque<Made> made;
  for (const Made& each : made)
    if (each.table == table && each.columns == columns) return *each.query;
  std::string list, marks, postgres_marks;
  for (const std::string& column : columns) {
    list += (list.empty() ? "" : ", ") + column;
    marks += marks.empty() ? "?" : ", ?";
    postgres_marks += std::string(postgres_marks.empty() ? "" : ", ") +
                      (table == "word_index" && column == "words" ? "array_to_tsvector(string_to_array(?, ' '))" : "?");
  }
  const std::string head = "insert into " + table + " (" + list + ") values (";
  const std::string name = "storage.restore_" + table + "_" + std::to_string(made.size());
  Made& fresh = made.emplace_back(Made{table, columns, name, head + postgres_marks + ")", head + marks + ")", nullptr});
  fresh.query = std::make_unique<Query>(fresh.name, fresh.postgres, fresh.sqlite);
  return *fresh.query;
}

}  // namespace understory::storage
