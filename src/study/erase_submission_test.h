// What phones sent and was taken into a study, to be erased: a form with repeats and entities, its mapping, a phone.
#pragma once
#include "study/erase_submission.h"

#include <boost/json.hpp>

#include "collect/encrypted.h"
#include "collect/entities.h"
#include "collect/export/csv_zip.h"
#include "collect/intake.h"
#include "collect/quarantine.h"
#include "collect/submissions.h"
#include "collect/webhook.h"
#include "people/audit.h"
#include "places/places.h"
#include "storage/blobs.h"
#include "study/evidence.h"
#include "study/gather.h"
#include "study/merge.h"
#include "study/source.h"
#include "study/study.h"
#include "study/take_submissions.h"
#include "testing/encrypting_phone.h"
#include "testing/workspace.h"

namespace understory::study {

inline constexpr std::string_view kErasedForm =
    R"xml(<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:jr="http://openrosa.org/javarosa"
 xmlns:entities="http://www.opendatakit.org/xforms/entities"><h:head><h:title>E</h:title><model entities:entities-version="2024.1.0">
<instance><data id="e" version="1"><place/><who/><age/><why/><photo/>
<child jr:template=""><code/><told/></child><job jr:template=""><work/></job>
<meta><instanceID/><entity dataset="wells" id="" create="1"><label/></entity></meta></data></instance>
<bind nodeset="/data/photo" type="binary"/><bind nodeset="/data/why" type="string" entities:saveto="why"/></model></h:head><h:body>
<input ref="/data/place"/><input ref="/data/who"/><input ref="/data/age"/><input ref="/data/why"/><upload ref="/data/photo" mediatype="image/*"/>
<group ref="/data/child"><repeat nodeset="/data/child"><input ref="/data/child/code"/><input ref="/data/child/told"/></repeat></group>
<group ref="/data/job"><repeat nodeset="/data/job"><input ref="/data/job/work"/></repeat></group></h:body></h:html>)xml";

inline constexpr std::string_view kErasedMapping = R"({"consent_on_paper": true, "place": "/data/place",
 "respondent": {"name": "/data/who", "age_band": "/data/age"}, "answers": [{"question": "/data/why"}],
 "rows": [{"repeat": "/data/child", "respondent": {"name": "/data/child/code"},
           "answers": [{"question": "/data/child/told"}]},
          {"repeat": "/data/job", "answers": [{"question": "/data/job/work"}]}]})";

class ErasedSubmissions : public testing_support::OnBothEngines {
 protected:
  struct Filled {
    std::string number, who = "SR-01", why = "Debt.", child = "SR-01a", edits, entity;
    std::string action = R"(create="1")", age = "";
    bool answers = true;  // else none was relevant
    std::string xml() const {
      const auto answer = [&](const std::string& name, const std::string& text) {
        return answers ? "<" + name + ">" + text + "</" + name + ">" : std::string();
      };
      return "<data id=\"e\" version=\"1\"><place>KH-20</place><who>" + who + "</who><age>" + age + "</age>" +
             answer("why", why) + "<photo>p.jpg</photo><child><code>" + child + "</code>" +
             answer("told", "Told " + why) + "</child><job>" + answer("work", "Work " + why) + "</job><meta>" +
             (number.empty() ? "" : "<instanceID>" + number + "</instanceID>") +
             (edits.empty() ? "" : "<deprecatedID>" + edits + "</deprecatedID>") +
             (entity.empty() ? ""
                             : "<entity dataset=\"wells\" " + action + " id=\"" + entity + "\"><label>Label " + why +
                                   "</label></entity>") +
             "</meta></data>";
    }
  };
  static constexpr const char* kWell = "12345678-1234-4123-8234-123456789001";
  static constexpr const char* kOther = "12345678-1234-4123-8234-123456789002";

  void SetUp() override {
    OnBothEngines::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    auto transaction = workspace().write();
    ASSERT_TRUE(places::install_builtin_places(transaction));
    NewStudy wanted;
    wanted.study.name = "Experiences";
    study_ = *create_study(transaction, wanted);
    ASSERT_TRUE(ensure_location(transaction, study_, "Svay Rieng", "KH-20"));
    form_ = collect::take_form(transaction, {std::string(kErasedForm), "e.xml", study_, {}, false})->form.id;
    collect::set_form_mapping(transaction, form_, kErasedMapping);
    ASSERT_TRUE(collect::add_webhook(transaction, form_, "http://127.0.0.1:9", {}));
    transaction.commit();
    key_.emplace(*people::audit_key(workspace()));
  }
  Result<collect::Receipt> send(const Filled& filled, const std::string& photo = "", bool over = false,
                                Id device = {}) {
    collect::Post post;
    post.sender.device = device;
    post.sender.person.active = post.sender.person.at_machine = true;
    post.sender.study = study_;
    post.sender.device_name = "collect:phone";
    post.sender.over = over;
    post.route = "test";
    post.xml = filled.xml();
    if (!photo.empty())
      post.files.push_back({"p.jpg", "image/jpeg", static_cast<std::int64_t>(photo.size()),
                            [photo](const std::function<void(std::string_view)>& put) { put(photo); }});
    return collect::take_in(workspace(), *key_, post);
  }
  void take() {
    auto transaction = workspace().write();
    const auto report = take_submissions(transaction, study_, form_, {});
    ASSERT_TRUE(report) << report.error().sentence();
    transaction.commit();
  }
  SubmissionErasing tell(Id submission) {
    auto transaction = workspace().read();
    auto told = what_erasing_takes(transaction, *key_, submission);
    EXPECT_TRUE(told);
    return std::move(*told);
  }
  void erase(Id submission) {
    auto transaction = workspace().write();
    const auto erasing = what_erasing_takes(transaction, *key_, submission);
    ASSERT_TRUE(erasing) << erasing.error().sentence();
    const auto erased = erase_submission(transaction, *key_, *erasing);
    ASSERT_TRUE(erased) << erased.error().sentence();
    transaction.commit();
  }
  std::int64_t kept() {
    auto transaction = workspace().read();
    return collect::count_submissions(transaction, form_, {});
  }
  void set_review(Id submission, collect::ReviewState state) {
    auto transaction = workspace().write();
    ASSERT_TRUE(collect::review(transaction, submission, {}, state, "a reason"));
    transaction.commit();
  }
  // As it was before it was kept what is made of what.
  void forget_marks() {
    static const storage::Query kAll{"test.forget_made", "delete from made_of_submission"};
    auto transaction = workspace().write();
    transaction.run(kAll, {});
    transaction.commit();
  }
  // All that is here is from before edits were marked (migration 022).
  void as_before_marks() {
    static const storage::Query kForget{"test.forget_edit_marks", "delete from instance_edit"};
    static const storage::Query kSubmissions{"test.old_submissions", "update submission set received_at = 1"};
    static const storage::Query kInstances{"test.old_instances", "update instance set received_at = 1"};
    static const storage::Query kErased{"test.old_erased", "update erased_instance set erased_at = 1"};
    auto transaction = workspace().write();
    for (const storage::Query* each : {&kForget, &kSubmissions, &kInstances, &kErased}) transaction.run(*each, {});
    transaction.commit();
  }
  std::string receipts() {
    auto transaction = workspace().read();
    std::string all;
    for (const auto& import : list_imports(transaction, study_)) all += import.report_json;
    return all;
  }
  std::set<std::string> sources() {
    auto transaction = workspace().read();
    std::set<std::string> names;
    for (const SourceLine& line : list_sources(transaction, study_)) names.insert(line.name);
    return names;
  }
  std::set<std::string> respondents() {
    auto transaction = workspace().read();
    std::set<std::string> names;
    for (const Respondent& each : list_respondents(transaction, study_)) names.insert(each.name);
    return names;
  }
  std::string entities() {
    auto transaction = workspace().read();
    const auto list = *collect::find_entity_list(transaction, study_, "wells");
    return collect::entity_csv(transaction, list, *collect::list_secret(transaction, list.id));
  }
  Id study_, form_;
  std::optional<vault::SigningKey> key_;
};

}  // namespace understory::study
