#include "collect/intake_files.h"

#include <algorithm>

#include "storage/blobs.h"

namespace understory::collect {

using storage::Parameter;
using storage::Query;
using storage::Row;
using storage::Transaction;

namespace {

const Query kAttachments{"collect.attachment_marks",
                         "select id, name_mark, content_mark, expected, media_type, size, blob_id from "
                         "submission_attachment where workspace_id = ? and instance_row_id = ? order by id"};
const Query kAddAttachment{"collect.add_attachment",
                           "insert into submission_attachment (workspace_id, id, instance_row_id, name, name_mark, "
                           "media_type, expected, content_mark, size, blob_id) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
const Query kFillAttachment{"collect.fill_attachment",
                            "update submission_attachment set media_type = ?, content_mark = ?, size = ?, blob_id = "
                            "?, expected = ? where workspace_id = ? and id = ?"};

constexpr std::string_view kNameMark = "attachment name";

bool came(const std::vector<ArrivedFile>& posted, std::string_view name_mark) {
  return std::any_of(posted.begin(), posted.end(),
                     [&](const ArrivedFile& file) { return file.name_mark == name_mark; });
}

}  // namespace

void InstanceFiles::File::fill_from(const File& other) {
  content_mark = other.content_mark;
  media_type = other.media_type;
  size = other.size;
  blob = other.blob;
  here = true;
  if (state == State::kWritten) state = State::kChanged;
}

InstanceFiles InstanceFiles::of(Transaction& transaction, Id instance) {
  InstanceFiles all(instance);
  transaction.each(kAttachments, {transaction.workspace(), instance}, [&](const Row& row) {
    File file;
    file.id = row.id(0);
    file.name_mark = std::string(row.blob(1));
    file.content_mark = std::string(row.blob(2));
    file.here = !row.is_null(2);
    file.expected = row.integer(3) != 0;
    file.media_type = row.string(4);
    file.size = row.integer(5);
    file.blob = row.id(6);
    all.files_.push_back(std::move(file));
  });
  return all;
}

const InstanceFiles::File* InstanceFiles::find_here(std::string_view name_mark) const {
  const auto found = std::find_if(files_.begin(), files_.end(),
                                  [&](const File& file) { return file.here && file.name_mark == name_mark; });
  return found == files_.end() ? nullptr : &*found;
}

void InstanceFiles::expect(const std::string& name, const vault::SigningKey& key) {
  File file;
  file.id = Id::make();
  file.name = name;
  file.name_mark = key.mark(kNameMark, name);
  file.expected = true;
  file.state = File::State::kNew;
  files_.push_back(std::move(file));
}

void InstanceFiles::expect_too(const std::string& name, const vault::SigningKey& key) {
  const std::string mark = key.mark(kNameMark, name);
  const auto found =
      std::find_if(files_.begin(), files_.end(), [&](const File& file) { return file.name_mark == mark; });
  if (found == files_.end()) return expect(name, key);
  if (std::exchange(found->expected, true)) return;
  if (found->state == File::State::kWritten) found->state = File::State::kChanged;
}

bool InstanceFiles::carry_over(const std::string& name, const InstanceFiles& before, const vault::SigningKey& key) {
  const File* kept = before.find_here(key.mark(kNameMark, name));
  if (!kept) return false;
  expect(name, key);
  files_.back().fill_from(*kept);
  return true;
}

bool InstanceFiles::holds(const ArrivedFile& arrived) const {
  return std::any_of(files_.begin(), files_.end(), [&](const File& file) {
    return file.here && file.name_mark == arrived.name_mark && file.content_mark == arrived.content_mark;
  });
}

bool InstanceFiles::lacks(const std::vector<ArrivedFile>& posted) const {
  return std::any_of(posted.begin(), posted.end(), [this](const ArrivedFile& each) { return !holds(each); });
}

bool InstanceFiles::take(Transaction& transaction, const std::vector<ArrivedFile>& posted) {
  bool changed = false;
  for (const ArrivedFile& arrived : posted) {
    if (holds(arrived)) continue;
    changed = true;
    auto wanted = std::find_if(files_.begin(), files_.end(),
                               [&](const File& file) { return !file.here && file.name_mark == arrived.name_mark; });
    if (wanted == files_.end()) {
      File file;
      file.id = Id::make();
      file.name = arrived.file->name;
      file.name_mark = arrived.name_mark;
      file.state = File::State::kNew;
      wanted = files_.insert(files_.end(), std::move(file));
    }
    // Under a key of its own: it may come long after the instance, while nobody can open the instance's.
    File content;
    content.content_mark = arrived.content_mark;
    content.media_type = arrived.media_type;
    content.size = arrived.file->size;
    if (arrived.ahead) {
      content.blob = arrived.ahead->use(transaction);
    } else {
      const Id owner = Id::make();
      transaction.make_data_key(owner);
      content.blob = storage::put_blob(transaction, owner, arrived.media_type, storage::Pieces(arrived.file->content));
    }
    wanted->fill_from(content);
  }
  return changed;
}

void InstanceFiles::take_missing(const InstanceFiles& older, const std::vector<ArrivedFile>& posted) {
  for (File& file : files_) {
    if (file.here || !file.expected || !came(posted, file.name_mark)) continue;
    if (const File* kept = older.find_here(file.name_mark)) file.fill_from(*kept);
  }
}

void InstanceFiles::write(Transaction& transaction) {
  for (File& file : files_) {
    const Parameter mark = file.here ? Parameter::blob(file.content_mark) : Parameter(nullptr);
    if (file.state == File::State::kNew) {
      transaction.make_data_key(file.id);
      const std::string sealed = transaction.seal(file.id, "submission_attachment", "name", file.id, file.name);
      transaction.run_later(kAddAttachment, {transaction.workspace(), file.id, instance_, Parameter::blob(sealed),
                                             Parameter::blob(file.name_mark), file.media_type, file.expected, mark,
                                             file.size, file.blob});
    } else if (file.state == File::State::kChanged) {
      transaction.run(kFillAttachment,
                      {file.media_type, mark, file.size, file.blob, file.expected, transaction.workspace(), file.id});
    }
    file.state = File::State::kWritten;
  }
}

int InstanceFiles::expected() const {
  return static_cast<int>(std::count_if(files_.begin(), files_.end(), [](const File& file) { return file.expected; }));
}

int InstanceFiles::present() const {
  return static_cast<int>(
      std::count_if(files_.begin(), files_.end(), [](const File& file) { return file.expected && file.here; }));
}

}  // namespace understory::collect
