// Private to the room: the files of one instance, those it names and those that came beside it.
#pragma once
#include "collect/intake_steps.h"

namespace understory::collect {

class InstanceFiles {
 public:
  explicit InstanceFiles(Id instance) : instance_(instance) {}  // of one that is made just now: it has none yet
  static InstanceFiles of(storage::Transaction& transaction, Id instance);

  // It names this one.
  void expect(const std::string& name, const vault::SigningKey& key);
  void expect_too(const std::string& name, const vault::SigningKey& key);  // unless that is known
  // It names this one too, which an instance before it brought, if that did.
  bool carry_over(const std::string& name, const InstanceFiles& before, const vault::SigningKey& key);
  bool holds(const ArrivedFile& arrived) const;
  // Whether take() would keep anything of it.
  bool lacks(const std::vector<ArrivedFile>& posted) const;
  // Keeps what was posted. A file that comes again is passed over; one of the same name with other content is kept as
  // well. False: nothing was new.
  bool take(storage::Transaction& transaction, const std::vector<ArrivedFile>& posted);
  // Files an older instance has by now, where this one names them, and nobody brought them to it until these came.
  void take_missing(const InstanceFiles& older, const std::vector<ArrivedFile>& posted);
  // Into the database, whatever of it is not there.
  void write(storage::Transaction& transaction);

  int expected() const;
  int present() const;  // of those

 private:
  struct File {
    Id id;
    std::string name;  // while it is not in the database
    std::string name_mark, content_mark, media_type;
    std::int64_t size = 0;
    bool expected = false, here = false;
    Id blob;
    enum class State { kWritten, kNew, kChanged } state = State::kWritten;

    void fill_from(const File& other);
  };
  const File* find_here(std::string_view name_mark) const;

  Id instance_;
  std::vector<File> files_;
};

}  // namespace understory::collect
