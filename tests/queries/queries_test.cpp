// Every registered query is prepared and run on both engines, with parameters that fit nothing: a typing mistake or a
// word only one engine knows shows here, not at somebody's desk.
#include <sstream>

#include "storage/connection.h"
#include "storage/migrations.h"
#include "storage/reseal.h"
#include "testing/workspace.h"

namespace understory::storage {

class Queries : public testing_support::OnBothEngines {};
INSTANTIATE_TEST_SUITE_P(Engines, Queries, testing_support::BothEngines(), testing_support::engine_name);

namespace {

int parameters_of(std::string_view sql) {
  int count = 0;
  bool quoted = false;
  for (const char c : sql) {
    if (c == '\'') quoted = !quoted;
    count += c == '?' && !quoted;
  }
  return count;
}

}  // namespace

TEST_P(Queries, EachRunsOnThisEngine) {
  ASSERT_GT(Query::all().size(), 60u);
  std::set<std::string_view> names;
  for (const Query* query : Query::all()) {
    EXPECT_TRUE(names.insert(query->name()).second) << query->name() << " stands twice";
    if (query->name().rfind("test.", 0) == 0) continue;
    Transaction transaction = workspace().write();
    std::vector<Parameter> nothing(static_cast<std::size_t>(parameters_of(query->sql(GetParam()))), Parameter(nullptr));
    if (query->sql(GetParam()).ends_with("limit ?")) nothing.back() = Parameter(1);
    if (query->name() == "storage.find_words")
      nothing[2] = Parameter("\"word\"");  // an empty search is no search at all

    if (query->name() == "storage.cut_log") transaction.commit();  // it is asked once everything is kept
    try {
      transaction.each(*query, Parameters(nothing), [](const Row&) {});
    } catch (const DatabaseError& error) {
      // Nulls where none may stand are refused by the tables, which is to have been prepared and run.
      EXPECT_EQ(error.kind(), DatabaseError::Kind::kConstraint) << query->name() << ": " << error.what();
    }
  }
}

TEST_P(Queries, EveryTableAndEveryQueryNamesTheWorkspace) {
  for (const Query* query : Query::all()) {
    const std::string_view sql = query->sql(GetParam());
    const std::string_view name = query->name();
    if (name.rfind("test.", 0) == 0 || name.find("migration") != std::string_view::npos ||
        name == "storage.find_workspace" || name == "storage.add_workspace" || name == "storage.set_recovery_key" ||
        name == "storage.renew_key" || name == "storage.how_it_seals" || name == "storage.set_algorithm" ||
        name == "storage.database_size" || name == "storage.public_key")
      continue;
    if (sql.find("from ") == std::string_view::npos && sql.find("into ") == std::string_view::npos &&
        sql.find("update ") == std::string_view::npos)
      continue;
    EXPECT_NE(sql.find("workspace_id"), std::string_view::npos) << name;
  }
}

// A new column of bytes is sealed, and sealed anew with the others when the algorithm changes (SealedColumn beside the
// queries that seal it), or says here why it is not.
TEST(Sealing, EveryColumnOfBytesIsSealedOrNamedHere) {
  const std::set<std::string> not_fields{
      // keys, wrapped or for one person, and what tells keys apart: made anew with the key, the password or the session
      "workspace.key_fingerprint", "workspace.recovery_key", "workspace.backup_key", "account.public_key",
      "account.wrapped_key", "account.salt", "account.factor", "account.story_key", "session.story_key",
      "data_key.wrapped", "glass.data_key", "session_glass.data_key", "entity_list.public_key",
      "enrolled_device.public_key", "entity_list_device.box", "entity_change.box",
      // sealed under a key made from the one beside the database, for which there is nobody to ask (people/device.h)
      "enrolled_device.digest_box",
      // hashes
      "respondent.name_key", "source.name_key", "source.text_key", "coder.name_key", "recovery_code.code_hash",
      "invitation.token_hash", "session.token_hash", "device.token_hash", "sign_in_try.subject", "audit_entry.hash",
      "audit_head.hash", "audit_head.signature", "erasure.mark", "session_glass.token_hash", "backup.content_hash",
      "backup.file_hash", "enrolled_device.token_hash", "instance.mark", "submission_attachment.name_mark",
      "submission_attachment.content_mark", "erased_instance.number_mark", "erased_instance.content_mark",
      "instance_edit.mark", "made_of_submission.mark",
      // a form is no story: phones fetch it and what lies beside it while stories are locked
      "form_file_piece.content"};
  std::set<std::string> sealed, found;
  for (const SealedColumn* column : SealedColumn::all())
    EXPECT_TRUE(sealed.insert(std::string(column->table()) + "." + std::string(column->column())).second);
  for (const Migration& migration : migrations()) {
    std::string table;
    std::istringstream lines(migration.sql);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string first, second, third;
      words >> first >> second >> third;
      if (first == "create" && second == "table") table = third;
      if (first == "alter" && line.find(" add column ") != std::string::npos) {
        std::string add, column, name, type;
        words >> add >> column >> name >> type;
        table = third, first = name, second = type;
      }
      if (second.rfind("{{blob}}", 0) == 0) found.insert(table + "." + first);
    }
  }
  for (const std::string& column : found) EXPECT_NE(sealed.contains(column), not_fields.contains(column)) << column;
  for (const std::string& column : sealed) EXPECT_TRUE(found.contains(column)) << column;
}

}  // namespace understory::storage
