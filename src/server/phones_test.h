// A phone over whole requests, for the tests of what phones meet: a form it fills in, its token, what is kept of it.
#pragma once
#include "collect/forms.h"
#include "collect/submissions.h"
#include "people/audit.h"
#include "people/device.h"
#include "server/routes.h"
#include "study/study.h"
#include "testing/workspace.h"

namespace understory::server {

inline constexpr const char* kForm = R"(<?xml version="1.0"?>
<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:orx="http://openrosa.org/xforms">
<h:head><h:title>ការចុះសួរ &amp; visit</h:title><model><instance><data id="visit" version="VERSION"><village/><photo/>
<orx:meta><orx:instanceID/></orx:meta></data></instance>
<bind nodeset="/data/village" type="string"/><bind nodeset="/data/photo" type="binary"/>
<bind nodeset="/data/orx:meta/orx:instanceID" type="string"/></model></h:head>
<h:body><input ref="/data/village"><label>Village</label></input>
<upload ref="/data/photo" mediatype="image/*"><label>Photo</label></upload></h:body></h:html>)";

inline std::string form_of_version(const std::string& version) {
  std::string xml = kForm;
  return xml.replace(xml.find("VERSION"), 7, version);
}

struct Answers {
  std::string number = "uuid:one", village = "ភូមិថ្មី", photo, deprecated, version = "1", form = "visit";
  std::string xml() const {
    return "<data id=\"" + form + "\" version=\"" + version + "\"><village>" + village + "</village><photo>" + photo +
           "</photo><meta>" + (number.empty() ? "" : "<instanceID>" + number + "</instanceID>") +
           (deprecated.empty() ? "" : "<deprecatedID>" + deprecated + "</deprecatedID>") + "</meta></data>";
  }
};

class Phones : public testing_support::OnBothEngines {
 protected:
  void SetUp() override {
    OnBothEngines::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    publish("1");
    enrolled_ = enroll({});
  }
  people::Enrolled enroll(Id study, int days = 30) {
    auto transaction = workspace().write();
    people::Device wanted;
    wanted.name = "Test phone";
    wanted.study = study;
    auto made = people::enroll_device(transaction, *people::audit_key(workspace()), wanted, days);
    EXPECT_TRUE(made);
    transaction.commit();
    return std::move(*made);
  }
  collect::Published publish(const std::string& version, Id study = {}) {
    auto transaction = workspace().write();
    auto made = collect::take_form(transaction, {form_of_version(version), "visit.xml", study, {}, false});
    EXPECT_TRUE(made) << made.error().sentence();
    transaction.commit();
    return std::move(*made);
  }
  // Two studies, of which the first or else the second has a form of its own besides those of the whole workspace.
  std::pair<Id, Id> two_studies(const std::string& form, bool first_has_it) {
    auto transaction = workspace().write();
    study::NewStudy wanted;
    wanted.study.name = "Here";
    const Id here = *study::create_study(transaction, wanted);
    wanted.study.name = "Elsewhere";
    const Id elsewhere = *study::create_study(transaction, wanted);
    std::string xml = form_of_version("1");
    xml.replace(xml.find("\"visit\""), 7, '"' + form + '"');
    EXPECT_TRUE(collect::take_form(transaction, {xml, form + ".xml", first_has_it ? here : elsewhere, {}, false}));
    transaction.commit();
    return {here, elsewhere};
  }
  Request request(const std::string& method, const std::string& target) {
    Request request;
    request.method = method;
    EXPECT_TRUE(read_target(target, request));
    request.headers["host"] = "voices.example.org";
    request.secure = true;
    request.from_here = false;
    return request;
  }
  Response get(const std::string& path, const std::string& method = "GET") {
    return answer(workspace(), request(method, base() + path));
  }
  Response post(const std::string& xml, std::vector<std::pair<std::string, std::string>> files = {},
                const std::string& part = "xml_submission_file", const std::string& language = "en") {
    Request made = request("POST", base() + "/submission?deviceID=collect%3Aabc");
    made.headers["accept-language"] = language;
    made.parts.push_back({part, "s.xml", "text/xml", Upload(xml)});
    for (const auto& [name, content] : files) made.parts.push_back({name, name, "image/jpeg", Upload(content)});
    return answer(workspace(), made);
  }
  std::string base() const { return "/v1/key/" + enrolled_.token; }
  std::vector<collect::Submission> kept() {
    auto transaction = workspace().read();
    return collect::submissions(transaction, collect::find_form(transaction, "visit")->id, {});
  }
  std::vector<collect::Submission> waiting() {
    auto transaction = workspace().read();
    return collect::waiting_submissions(transaction, "");
  }
  std::vector<collect::Attachment> attachments(Id submission) {
    auto transaction = workspace().read();
    return collect::attachments_of(transaction, submission);
  }
  people::Enrolled enrolled_;
};

inline std::string header(const Response& response, std::string_view name) {
  for (const auto& [each, value] : response.headers)
    if (each == name) return value;
  return "";
}

inline std::string between(const std::string& text, const std::string& from, const std::string& to) {
  const std::size_t begin = text.find(from);
  if (begin == std::string::npos) return "";
  const std::size_t start = begin + from.size();
  return text.substr(start, text.find(to, start) - start);
}

}  // namespace understory::server
