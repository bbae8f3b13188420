// For the tests of the ways out: forms and submissions held in memory.
#pragma once
#include <gtest/gtest.h>

#include <deque>

#include "collect/export/outline.h"
#include "foundation/file.h"
#include "testing/workspace.h"

namespace understory::collect {

struct Kept {
  Submission submission;
  std::string xml;
  std::string submitter;
  bool unreadable = false;
};

// Submissions in the order they were put in.
class Box {
 public:
  Kept& add(std::string instance_id, std::string xml) {
    Kept& made = kept_.emplace_back();
    made.submission.id = Id{static_cast<std::int64_t>(kept_.size())};
    made.submission.instance_id = made.submission.current_id = std::move(instance_id);
    made.submission.received_at = made.submission.changed_at =
        1'795'000'000'000 + static_cast<std::int64_t>(kept_.size()) * 1000;
    made.xml = std::move(xml);
    return made;
  }
  void walk_after(Id after, const std::function<bool(const Opened&)>& reader) const {
    for (const Kept& one : kept_)
      if (one.submission.id > after && !reader({one.submission, one.xml, one.unreadable, one.submitter})) return;
  }
  Walk walk() const {
    return [this](const std::function<bool(const Opened&)>& reader) { walk_after(Id{}, reader); };
  }
  std::deque<Kept>& all() { return kept_; }
  const std::deque<Kept>& all() const { return kept_; }

 private:
  std::deque<Kept> kept_;
};

inline Outline outline_of_xml(const std::string& xml) {
  const auto read = read_form(xml, "form.xml");
  if (!read) throw std::runtime_error(read.error().sentence());
  return outline_of({&read->form});
}

// ODK Central's own test forms and submissions, where they are.
class CentralForms : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto data = testing_support::shared_data();
    if (!data) GTEST_SKIP() << "shared data is not here";
    folder_ = *data / "forms" / "central-backend";
  }
  Outline form(const std::string& name) const {
    return outline_of_xml(*read_file(folder_ / "forms" / (name + ".xml")));
  }
  std::string instance(const std::string& name) const { return *read_file(folder_ / "instances" / (name + ".xml")); }
  std::filesystem::path folder_;
};

inline Sink into(std::string& out) {
  return [&out](std::string_view bytes) -> Result<void> {
    out += bytes;
    return {};
  };
}

}  // namespace understory::collect
