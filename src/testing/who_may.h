// For tests of whole requests by people of every role: two studies, a source here and one elsewhere, on both engines.
#pragma once
#include <gtest/gtest.h>

#include "collect/entities.h"
#include "collect/forms.h"
#include "collect/submissions.h"
#include "foundation/clock.h"
#include "foundation/file.h"
#include "people/account.h"
#include "people/audit.h"
#include "people/device.h"
#include "people/glass.h"
#include "people/sign_in.h"
#include "people/story_key.h"
#include "people/token.h"
#include "places/places.h"
#include "server/routes.h"
#include "study/import_file.h"
#include "study/source.h"
#include "testing/workspace.h"

namespace understory::server {

using people::Grant;
using people::Role;

inline constexpr vault::PasswordCost kLight{1, 8 << 20};
inline constexpr const char* kPassword = "three rivers meet here";

inline Request asked(const std::string& method, const std::string& target, const std::string& session,
                     std::vector<std::pair<std::string, std::string>> form = {}) {
  Request request;
  request.method = method;
  EXPECT_TRUE(read_target(target, request));
  request.headers["host"] = "127.0.0.1:8080";
  request.headers["cookie"] = "session=" + session;
  request.form = std::move(form);
  return request;
}

struct Rooms {
  Id study, other_study, here, elsewhere;  // a source in Svay Rieng, one in Nepal
};

inline Rooms two_studies(storage::Workspace& workspace) {
  auto transaction = workspace.write();
  EXPECT_TRUE(places::install_builtin_places(transaction));
  Rooms rooms;
  study::NewStudy wanted;
  wanted.study.name = "Experiences";
  rooms.study = *study::create_study(transaction, wanted);
  wanted.study.name = "Another";
  rooms.other_study = *study::create_study(transaction, wanted);
  EXPECT_TRUE(study::ensure_location(transaction, rooms.study, "Svay Rieng", "KH-20"));
  EXPECT_TRUE(study::ensure_location(transaction, rooms.study, "Banke", "NP"));
  std::map<std::string, std::string> files{
      {"respondents.csv",
       "respondent,location,kind,size,age_band,gender,role,place,language\nSR-01,Svay Rieng,person,1,50-64,male,"
       "chief,,km\nBA-01,Banke,person,1,25-34,female,farmer,,en\n"},
      {"sources.csv",
       "file,source,kind,location,language,date,respondents,translation_of\none.txt,One,interview,Svay "
       "Rieng,en,2026-02-11,SR-01,\ntwo.txt,Two,interview,Banke,en,2026-02-12,BA-01,\n"},
      {"codings.csv",
       "source,coder,code,quote,occurrence\nOne,Anita,Causes/Poverty,owe the mill,\nTwo,Anita,Causes/Poverty,river "
       "took,\n"},
      {"one.txt", "I: Why?\n\nSR-01: They owe the mill.\n"},
      {"two.txt", "I: Why?\n\nBA-01: The river took the field.\n"}};
  for (const char* table : {"respondents.csv", "sources.csv", "codings.csv"}) {
    const auto report = study::import_file(transaction, rooms.study, files[table], table, {},
                                           [&](const std::string& file) -> Result<std::string> { return files[file]; });
    EXPECT_TRUE(report) << (report ? "" : report.error().sentence());
  }
  for (const auto& line : study::list_sources(transaction, rooms.study))
    (line.name == "One" ? rooms.here : rooms.elsewhere) = line.id;
  transaction.commit();
  return rooms;
}

// A form of the study, with a submission from Svay Rieng that brought a picture; and a phone.
struct Sent {
  Id form, submission, attachment, device;
};

inline Sent one_sent(storage::Workspace& workspace, const Rooms& rooms) {
  Sent sent;
  people::Person anybody;
  anybody.active = anybody.at_machine = true;
  {
    auto transaction = workspace.write();
    const auto made = collect::take_form(
        transaction,
        {"<h:html xmlns=\"http://www.w3.org/2002/xforms\" xmlns:h=\"http://www.w3.org/1999/xhtml\"><h:head><h:title>"
         "Visit</h:title><model><instance><data id=\"visit\" version=\"1\"><told/><photo/><meta><instanceID/></meta>"
         "</data></instance><bind nodeset=\"/data/photo\" type=\"binary\"/></model></h:head><h:body><input "
         "ref=\"/data/told\"><label>What was told</label></input><upload ref=\"/data/photo\" mediatype=\"image/*\">"
         "<label>Photo</label></upload></h:body></h:html>",
         "visit.xml",
         rooms.study,
         {},
         false});
    EXPECT_TRUE(made) << (made ? "" : made.error().sentence());
    sent.form = made->form.id;
    people::Device phone;
    phone.name = "Phone";
    sent.device = people::enroll_device(transaction, *people::audit_key(workspace), phone, 30)->device.id;
    transaction.commit();
  }
  collect::Post post;
  post.sender.person = anybody;
  post.sender.study = rooms.study;
  post.sender.place = "KH-20";
  post.route = "test";
  post.xml =
      "<data id=\"visit\" version=\"1\"><told>They owe the mill.</told><photo>a.jpg</photo><meta>"
      "<instanceID>uuid:one</instanceID></meta></data>";
  post.files.push_back({"a.jpg", "image/jpeg", 7, [](const auto& put) { put("picture"); }});
  const auto receipt = collect::take_in(workspace, *people::audit_key(workspace), post);
  EXPECT_TRUE(receipt) << (receipt ? "" : receipt.error().sentence());
  sent.submission = receipt->submission;
  auto transaction = workspace.read();
  sent.attachment = collect::attachments_of(transaction, sent.submission).at(0).id;
  return sent;
}

// A form of the study that fills a list and asks it.
struct Wells {
  Id version, list;
};

inline Wells one_list(storage::Workspace& workspace, Id study) {
  constexpr const char* form =
      R"(<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:entities="http://www.opendatakit.org/xforms/entities">
<h:head><h:title>Wells</h:title><model entities:entities-version="2024.1.0"><instance><data id="wells" version="1"><place/>
<meta><instanceID/><entity dataset="wells" id="" create="1"><label/></entity></meta></data></instance>
<instance id="wells" src="jr://file-csv/wells.csv"/><bind nodeset="/data/place" type="string" entities:saveto="place"/></model></h:head>
<h:body><input ref="/data/place"><label>Place</label></input></h:body></h:html>)";
  auto transaction = workspace.write();
  const auto made = collect::take_form(transaction, {form, "wells.xml", study, {}, false});
  EXPECT_TRUE(made) << (made ? "" : made.error().sentence());
  const Wells wells{made->version.id, collect::find_entity_list(transaction, study, "wells")->id};
  transaction.commit();
  return wells;
}

class WhoMay : public testing_support::OnBothEngines {
 protected:
  Id add(const std::string& name, const std::vector<Grant>& grants) {
    auto transaction = workspace().write();
    const Id id = *people::add_account(transaction, name, "");
    for (const Grant& grant : grants) people::add_grant(transaction, id, grant, {});
    const std::string token = people::invite(transaction, id, {});
    EXPECT_TRUE(people::accept_invitation(transaction, token, vault::make_person_key(kPassword, kLight)));
    transaction.commit();
    return id;
  }
  std::string enter(const std::string& name) {
    const auto entered = people::sign_in(workspace(), {name, kPassword, "", ""},
                                         [](storage::Transaction&, Id, std::string_view, std::string_view) {});
    EXPECT_TRUE(entered);
    return entered ? entered->session : "";
  }
  Response get(const std::string& target, const std::string& session) {
    return answer(workspace(), asked("GET", target, session));
  }
  std::int64_t entries() {
    auto transaction = workspace().read();
    return people::audit_head(transaction).number;
  }
};

}  // namespace understory::server
