// Every sealed field of a study under another algorithm.
#include "storage/reseal.h"
#include "collect/submissions.h"
#include "people/audit.h"
#include "storage/backup.h"
#include "storage/integrity.h"
#include "study/blind.h"
#include "study/erase.h"
#include "study/exchange/formats.h"
#include "study/gather.h"
#include "study/import_file.h"
#include "study/mask.h"
#include "study/merge.h"
#include "study/saved_view.h"
#include "study/source.h"
#include "study/study.h"
#include "study/suggestions.h"
#include "testing/workspace.h"

namespace understory::study {

using storage::Parameter;
using storage::Query;
using storage::Row;
using storage::Transaction;
using vault::Algorithm;

namespace {

const Query kSealedText{"test.sealed_text", "select text from source where workspace_id = ? and id = ?"};
const Query kSealedMemo{"test.sealed_memo", "select id, text from memo where workspace_id = ? and study_id = ?"};
const Query kSetMemo{"test.set_memo", "update memo set text = ? where workspace_id = ? and id = ?"};

}  // namespace

class Resealing : public testing_support::OnBothEngines {
 protected:
  void SetUp() override {
    OnBothEngines::SetUp();
    if (HasFatalFailure() || IsSkipped()) return;
    fill();
    send();
  }
  void fill() {
    Transaction transaction = workspace().write();
    NewStudy wanted;
    wanted.study.name = "Experiences";
    study_ = *create_study(transaction, wanted);
    Material material;
    material.report.file = "all.qdpx";
    material.coders.push_back({"", "Anita"});
    material.codes.push_back({.name = "Causes"});
    material.locations.push_back({"", "Svay Rieng", "", false});
    for (int i = 0; i < 150; ++i) {
      MaterialRespondent person;
      person.name = "SR-" + std::to_string(i);
      person.location = 0;
      material.respondents.push_back(person);
      MaterialSource source;
      source.name = "Talk " + std::to_string(i);
      source.kind = "focus_group";
      source.text = "Phally: They owe the mill, said " + std::to_string(i) + ".\n\nPhally: គេជំពាក់បំណុល\n";
      source.speakers.push_back({"Phally", i});
      source.original_name = "talk.docx";
      source.original_media_type = "application/zip";
      source.original = std::string(i == 0 ? 600'000 : 100, 'x');  // three pieces
      material.sources.push_back(source);
      MaterialCoding coding;
      coding.source = i, coding.code = 0, coding.coder = 0;
      coding.span.quote = "They owe the mill";
      coding.selection_name = "owing";
      material.codings.push_back(coding);
    }
    MaterialMemo memo;
    memo.subject = "source", memo.index = 0, memo.title = "Note", memo.text = "told at night";
    material.memos.push_back(memo);
    MaterialSet set;
    set.name = "Mill", set.description = "who owes it";
    set.members.push_back({"source", 0});
    material.sets.push_back(set);
    material.foreign.push_back({"Graphs", "Graph", "<Graph name=\"owing\"/>", "media/map.png", "png"});
    MergeOptions options;
    options.import = Id::make();
    const auto report = merge(transaction, study_, material, options);
    ASSERT_TRUE(report) << report.error().sentence();
    keep_import(transaction, study_, options.import, *report, "the file");
    // As programs sealed before there were data keys.
    transaction.each(kSealedMemo, {transaction.workspace(), study_}, [&](const Row& row) {
      const std::string sealed = workspace().key()->seal({"memo", "text", row.id(0)}, "told at night");
      transaction.run(kSetMemo, {Parameter::blob(sealed), transaction.workspace(), row.id(0)});
    });
    const Source first = *open_source(transaction, study_, list_sources(transaction, study_).front().id);
    const SourceCoding& coding = first.codings.front();
    ASSERT_TRUE(settle(transaction, study_, first.line.id, coding.id, true, "It is the mill.", {}));
    LearntStudy learnt;
    learnt.suggestions.push_back({first.line.id, coding.code, coding.span, 0.9, {"mill"}, {}});
    ASSERT_EQ(keep_learnt(transaction, study_, learnt), 1);
    NewMask mask{first.line.id, {}, coding.span, "place", "a mill", false};
    ASSERT_TRUE(put_mask(transaction, study_, mask));
    ASSERT_TRUE(save_view(transaction, study_, Id::make(), "Of the mill", "{}"));
    transaction.commit();
  }
  // A submission with a file and a remark.
  void send() {
    collect::Post post;
    post.sender.person.active = post.sender.person.at_machine = true;
    post.sender.device_name = "collect:ab12";
    post.xml = "<data id=\"visit\"><meta><instanceID>uuid:1</instanceID></meta></data>";
    post.files.push_back({"a.jpg", "image/jpeg", 3, [](const auto& put) { put("abc"); }});
    const auto receipt = collect::take_in(workspace(), *people::audit_key(workspace()), post);
    ASSERT_TRUE(receipt) << receipt.error().sentence();
    Transaction transaction = workspace().write();
    ASSERT_TRUE(collect::review(transaction, receipt->submission, {}, {}, "told at night"));
    transaction.commit();
  }
  std::int64_t not_under(Algorithm algorithm) {
    Transaction transaction = workspace().read();
    return storage::sealed_otherwise(transaction, algorithm);
  }
  // All that can be read, opened.
  std::string everything() {
    Transaction transaction = workspace().read();
    GatherOptions options;
    options.originals = true;
    std::string all = write_qdpx(*gather(transaction, study_, options), QdpxPreset::kSpec)->bytes;
    for (const ImportSummary& each : list_imports(transaction, study_)) all += each.file_name + each.report_json;
    EXPECT_TRUE(storage::check_blobs(transaction));
    return all;
  }
  std::string sealed_text(Transaction& transaction, Id source) {
    return *transaction.one(kSealedText, {transaction.workspace(), source},
                            [](const Row& row) { return std::string(row.blob(0)); });
  }
  Id study_;
};
INSTANTIATE_TEST_SUITE_P(Engines, Resealing, testing_support::BothEngines(), testing_support::engine_name);

TEST_P(Resealing, LeavesNoFieldUnderTheOldAlgorithmAndEveryFieldReadable) {
  const std::string before = everything();
  const std::int64_t fields = not_under(Algorithm::kAes256Gcm);
  EXPECT_GT(fields, 1000);
  EXPECT_EQ(not_under(Algorithm::kXChaCha20Poly1305), 0);
  {  // every column the study has, so that none is shown empty
    Transaction transaction = workspace().read();
    for (const storage::SealedColumn* column : storage::SealedColumn::all())
      // Those of forms that phones encrypt and of lists of entities: as the others, and made by more than stands here.
      if (column->table() != "form_key" && column->table() != "entity_list" && column->table() != "entity_change")
        EXPECT_GT(column->count_otherwise(transaction, Algorithm::kAes256Gcm), 0)
            << column->table() << "." << column->column();
  }
  Id source;
  std::string sealed_before;
  {
    Transaction transaction = workspace().read();
    source = list_sources(transaction, study_).front().id;
    sealed_before = sealed_text(transaction, source);
  }

  // Stopped twice on its way; then to the end.
  for (const int steps : {3, 12}) {
    int step = 0;
    const auto stopped = storage::reseal(workspace(), workspace().key(), Algorithm::kAes256Gcm,
                                         [&](std::string_view, std::int64_t done, std::int64_t of) {
                                           EXPECT_LE(done, of);
                                           return ++step < steps;
                                         });
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code(), "stopped_between");
    EXPECT_GT(not_under(Algorithm::kAes256Gcm), 0);
    EXPECT_LT(not_under(Algorithm::kAes256Gcm), fields);
    EXPECT_EQ(everything(), before);
  }
  const std::int64_t left = not_under(Algorithm::kAes256Gcm);
  reopen();  // as after a crash
  const auto done = storage::reseal(workspace(), workspace().key(), Algorithm::kAes256Gcm, {});
  ASSERT_TRUE(done) << done.error().sentence();
  EXPECT_EQ(*done, left);
  EXPECT_EQ(not_under(Algorithm::kAes256Gcm), 0);
  EXPECT_EQ(not_under(Algorithm::kXChaCha20Poly1305), fields);
  EXPECT_EQ(everything(), before);
  {
    Transaction transaction = workspace().read();
    const std::string sealed = sealed_text(transaction, source);
    EXPECT_EQ(sealed[0], 5);
    // What was copied before the pass is still what it was.
    EXPECT_EQ(transaction.open("source", "text", source, sealed_before),
              transaction.open("source", "text", source, sealed));
    EXPECT_THROW(transaction.open("source", "name", source, sealed), storage::DatabaseError);
  }

  // What is told from now on is sealed so too.
  {
    Transaction transaction = workspace().write();
    ASSERT_TRUE(import_file(transaction, study_, "SR-01: And the field went too.\n", "more.txt", {}, {}));
    transaction.commit();
  }
  EXPECT_EQ(not_under(Algorithm::kAes256Gcm), 0);

  // Erased means gone, whichever way it was sealed.
  std::string sealed_after;
  {
    Transaction transaction = workspace().write();
    sealed_after = sealed_text(transaction, source);
    ASSERT_TRUE(erase_source(transaction, study_, source));
    transaction.commit();
  }
  {
    Transaction transaction = workspace().read();
    for (const std::string& sealed : {sealed_before, sealed_after})
      EXPECT_THROW(transaction.open("source", "text", source, sealed), storage::DatabaseError);
  }

  // And back, should it be the other that is doubted; a second call finds nothing to do.
  const std::string then = everything();
  ASSERT_TRUE(storage::reseal(workspace(), workspace().key(), Algorithm::kXChaCha20Poly1305, {}));
  EXPECT_EQ(not_under(Algorithm::kXChaCha20Poly1305), 0);
  EXPECT_EQ(everything(), then);
  EXPECT_EQ(*storage::reseal(workspace(), workspace().key(), Algorithm::kXChaCha20Poly1305, {}), 0);
}

TEST_P(Resealing, IsKeptByABackup) {
  ASSERT_TRUE(storage::reseal(workspace(), workspace().key(), Algorithm::kAes256Gcm, {}));
  TemporaryFolder folder;
  ASSERT_TRUE(storage::back_up(workspace(), folder.path() / "one.backup"));
  ASSERT_TRUE(storage::restore(folder.path() / "one.backup", {this->folder() / "workspace.key", {}},
                               folder.path() / "back", ""));
  const auto back = storage::Workspace::open(folder.path() / "back");
  ASSERT_TRUE(back) << back.error().sentence();
  Transaction transaction = (*back)->write();
  EXPECT_EQ(storage::sealed_otherwise(transaction, Algorithm::kAes256Gcm), 0);
  EXPECT_EQ(transaction.algorithm(), Algorithm::kAes256Gcm);
  ASSERT_TRUE(import_file(transaction, study_, "SR-01: And the field went too.\n", "more.txt", {}, {}));
  EXPECT_EQ(storage::sealed_otherwise(transaction, Algorithm::kAes256Gcm), 0);
}

TEST_P(Resealing, NeedsTheKey) {
  EXPECT_EQ(storage::reseal(workspace(), nullptr, Algorithm::kAes256Gcm, {}).error().code(), "locked");
}

}  // namespace understory::study
