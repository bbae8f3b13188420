// The OData service against what ODK Central documents and answers for its own test forms.
#include "collect/export/odata.h"

#include <boost/json.hpp>

#include "collect/export/export_test.h"
#include "foundation/xml.h"

namespace understory::collect {

namespace json = boost::json;

namespace {

constexpr const char* kService = "https://here.example/v1/forms/x.svc";

// A form as a service, over a box.
struct Service {
  Outline outline;
  ODataNames names = odata_names(outline);
  Box box;

  explicit Service(Outline made) : outline(std::move(made)) {}

  ODataSource source() const {
    return {[this](Id after, const std::function<bool(const Opened&)>& reader) { box.walk_after(after, reader); },
            [this] { return static_cast<std::int64_t>(box.all().size()); }, kService};
  }
  Result<std::string> text(std::string_view address,
                           const std::vector<std::pair<std::string, std::string>>& options = {}) const {
    const ODataPath path = TRY(read_odata_path(outline, names, address));
    const ODataQuery query = TRY(read_odata_query(options));
    std::string out;
    TRY(write_odata(outline, names, source(), path, query, into(out)));
    return out;
  }
  json::value get(std::string_view address,
                  const std::vector<std::pair<std::string, std::string>>& options = {}) const {
    const auto found = text(address, options);
    if (!found) return json::value(found.error().sentence());
    boost::system::error_code error;
    json::value parsed = json::parse(*found, error);
    EXPECT_FALSE(error) << *found;
    return parsed;
  }
  // The __id of each row, or the problem.
  std::vector<std::string> ids(const std::vector<std::pair<std::string, std::string>>& options,
                               std::string_view address = "Submissions") const {
    const json::value answer = get(address, options);
    if (answer.is_string()) return {std::string(answer.as_string())};
    std::vector<std::string> out;
    for (const json::value& row : answer.at("value").as_array()) out.emplace_back(row.at("__id").as_string());
    return out;
  }
  // All pages, by their nextLink.
  std::vector<std::string> pages(std::vector<std::pair<std::string, std::string>> options,
                                 std::size_t most = 100) const {
    std::vector<std::string> out;
    for (std::size_t page = 0; page < most; ++page) {
      const json::value answer = get("Submissions", options);
      if (answer.is_string()) return {std::string(answer.as_string())};
      std::string line;
      for (const json::value& row : answer.at("value").as_array())
        line += (line.empty() ? "" : " ") + std::string(row.at("__id").as_string());
      out.push_back(line);
      const json::value* next = answer.as_object().if_contains("@odata.nextLink");
      if (!next) return out;
      const std::string link(next->as_string());
      const std::size_t at = link.find("%24skiptoken=") + 13;
      options.erase(
          std::remove_if(options.begin(), options.end(),
                         [](const auto& option) { return option.first == "$skiptoken" || option.first == "$skip"; }),
          options.end());
      options.emplace_back("$skiptoken", link.substr(at, link.find('&', at) - at));
    }
    return out;
  }
};

json::value parsed(std::string_view text) { return json::parse(json::string_view(text.data(), text.size())); }

using Ids = std::vector<std::string>;

}  // namespace

class OData : public CentralForms {
 protected:
  Service simple() const {
    Service service(form("simple"));
    for (const char* name : {"one", "two", "three"}) service.box.add(name, instance(std::string("simple.") + name));
    return service;
  }
  Service repeats() const {
    Service service(form("withrepeat"));
    for (const char* name : {"one", "two", "three"})
      service.box.add(std::string("r") + name, instance(std::string("withrepeat.") + name));
    return service;
  }
};

TEST_F(OData, RowsAsCentralHasThem) {
  Service service = simple();
  service.box.all()[0].submitter = "Alice's phone";
  service.box.all()[0].submission.account = Id{77};
  EXPECT_EQ(service.get("Submissions", {{"$top", "1"}, {"$count", "true"}}), parsed(R"({
    "@odata.context": "https://here.example/v1/forms/x.svc/$metadata#Submissions",
    "value": [{
      "__id": "one",
      "__system": {"submissionDate": "2026-11-18T11:06:41.000Z", "updatedAt": null, "submitterId": ")" +
                                                                                    Id{77}.text() + R"(",
        "submitterName": "Alice's phone", "attachmentsPresent": 0, "attachmentsExpected": 0, "status": null,
        "reviewState": null, "deviceId": null, "edits": 0, "formVersion": ""},
      "meta": {"instanceID": "one"}, "name": "Alice", "age": 30}],
    "@odata.nextLink": "https://here.example/v1/forms/x.svc/Submissions?%24skiptoken=0000000000001.0&%24top=1&%24count=true",
    "@odata.count": 3})"));
  EXPECT_EQ(service.ids({}), (Ids{"one", "two", "three"}));
  EXPECT_EQ(service.ids({}, "Submissions('two')"), (Ids{"two"}));
  EXPECT_EQ(service.get("Submissions('nobody')").as_string(), "There is no submission called “nobody” here.");
  EXPECT_EQ(*service.text("Submissions/$count"), "3");
  EXPECT_EQ(*service.text("Submissions/$count", {{"$filter", "age gt 30"}}), "2");
}

TEST_F(OData, RepeatsAreTablesLinkedOrWithin) {
  const Service service = repeats();
  EXPECT_EQ(service.get("Submissions('rtwo')", {{"$select", "name,children"}}).at("value"),
            parsed(R"([{"name": "Bob", "children": {
              "child@odata.navigationLink": "Submissions('rtwo')/children/child"}}])"));
  EXPECT_EQ(service.get("Submissions.children.child").at("value"), parsed(R"([
    {"__id": "rtwo/children/child[1]", "__Submissions-id": "rtwo", "name": "Billy", "age": 4},
    {"__id": "rtwo/children/child[2]", "__Submissions-id": "rtwo", "name": "Blaine", "age": 6},
    {"__id": "rthree/children/child[1]", "__Submissions-id": "rthree", "name": "Candace", "age": 2}])"));
  EXPECT_EQ(service.ids({}, "Submissions('rtwo')/children/child").size(), 2u);
  EXPECT_EQ(service.ids({}, "Submissions('rtwo')/children/child('rtwo/children/child[2]')"),
            (Ids{"rtwo/children/child[2]"}));
  EXPECT_EQ(service.get("Submissions('rone')/children/child").at("value").as_array().size(), 0u);
  EXPECT_EQ(service.get("Submissions('rthree')", {{"$expand", "*"}, {"$select", "children"}}).at("value"),
            parsed(R"([{"children": {"child": [
              {"__id": "rthree/children/child[1]", "name": "Candace", "age": 2}]}}])"));
  const json::value page = service.get("Submissions('rtwo')/children/child", {{"$top", "1"}});
  EXPECT_EQ(
      page.at("@odata.nextLink").as_string(),
      "https://here.example/v1/forms/x.svc/Submissions('rtwo')/children/child?%24skiptoken=0000000000002.0&%24top=1");

  Service nested(form("doubleRepeat"));
  nested.box.add("double", instance("doubleRepeat.double"));
  const json::value toys = nested.get("Submissions.children.child.toys.toy");
  EXPECT_EQ(toys.at("value").as_array().size(), 8u);
  EXPECT_EQ(toys.at("value").as_array()[4], parsed(R"({"__id": "double/children/child[3]/toys/toy[1]",
    "__Submissions-children-child-id": "double/children/child[3]", "name": "Rainbow Dash"})"));
  EXPECT_EQ(nested.get("Submissions('double')/children/child('double/children/child[2]')/toys/toy")
                .at("value")
                .as_array()
                .size(),
            4u);
  EXPECT_EQ(nested.get("Submissions", {{"$expand", "*"}, {"$select", "children"}})
                .at("value")
                .as_array()[0]
                .at("children")
                .at("child")
                .as_array()[1]
                .at("toys")
                .at("toy")
                .as_array()[3]
                .at("name")
                .as_string(),
            "Spike");
  // Below a row of a repeat, and by the link that a row gives.
  EXPECT_EQ(nested.get("Submissions.children.child", {{"$top", "1"}}).at("value").as_array()[0].at("toys"),
            parsed(R"({"toy@odata.navigationLink":
              "Submissions.children.child('double%2Fchildren%2Fchild%5B1%5D')/toys/toy"})"));
  EXPECT_EQ(nested.ids({}, "Submissions.children.child('double/children/child[3]')/toys/toy").size(), 4u);
  for (const char* none : {"Submissions.children", "Submissions/children/child", "Submissions('x", "Nothing", "",
                           "Submissions('double')/children", "Submissions('double')/name", "Submissions(5)"})
    EXPECT_EQ(nested.text(none).error().code(), "not_found") << none;
}

TEST_F(OData, PlacesAreGeoJson) {
  Service service(form("geoTypes"));
  service.box.add("uuid:g",
                  "<data id='geotest' version='10'><survey_started_at>2026-01-02T03:04:05.678+07:00</survey_started_at>"
                  "<singular><input_geopoint>50 1 2 3</input_geopoint><input_geotrace>51 1 0 0; 52 2 0 0"
                  "</input_geotrace><input_geoshape>53 3; 54 4; 55 5; 53 3</input_geoshape></singular></data>");
  const json::value row = service.get("Submissions").at("value").as_array()[0];
  EXPECT_EQ(row.at("survey_started_at").as_string(), "2026-01-02T03:04:05.678+07:00");
  EXPECT_EQ(row.at("singular"), parsed(R"({
    "input_geopoint": {"type": "Point", "coordinates": [1, 50, 2], "properties": {"accuracy": 3}},
    "input_geotrace": {"type": "LineString", "coordinates": [[1, 51, 0], [2, 52, 0]]},
    "input_geoshape": {"type": "Polygon", "coordinates": [[[3, 53], [4, 54], [5, 55], [3, 53]]]}})"));
  EXPECT_EQ(service.ids({{"$filter", "singular/input_geopoint ne null and plural_count eq null"}}), (Ids{"uuid:g"}));
  // The zone it was told in decides which day it is.
  EXPECT_EQ(service.ids({{"$filter", "day(survey_started_at) eq 2 and hour(survey_started_at) eq 3"}}),
            (Ids{"uuid:g"}));
  EXPECT_EQ(service.ids({{"$filter", "survey_started_at eq 2026-01-01T20:04:05.678Z"}}), (Ids{"uuid:g"}));
}

TEST_F(OData, AFilterOnAnyField) {
  const Service service = simple();  // Alice 30, Bob 34, Chelsea 38
  const auto filtered = [&](const char* filter) { return service.ids({{"$filter", filter}}); };
  EXPECT_EQ(filtered("age gt 30"), (Ids{"two", "three"}));
  EXPECT_EQ(filtered("age ge 30 and age lt 34.5"), (Ids{"one", "two"}));
  EXPECT_EQ(filtered("not (name eq 'Bob')"), (Ids{"one", "three"}));
  EXPECT_EQ(filtered("not name eq 'Bob'"), (Ids{"one", "three"}));
  EXPECT_EQ(filtered("name in ('Bob', 'Alice')"), (Ids{"one", "two"}));
  EXPECT_EQ(filtered("contains(tolower(name), 'LI') or endswith(name,'sea')"), (Ids{"three"}));
  EXPECT_EQ(filtered("startswith(name,'A') or length(name) eq 3"), (Ids{"one", "two"}));
  EXPECT_EQ(filtered("meta/instanceID eq 'two'"), (Ids{"two"}));
  EXPECT_EQ(filtered("__id ne 'two'"), (Ids{"one", "three"}));
  EXPECT_EQ(filtered("name eq 'it''s'"), Ids{});
  EXPECT_EQ(filtered("__system/submissionDate gt 2026-11-18T11:06:41Z and year(__system/submissionDate) eq 2026"),
            (Ids{"two", "three"}));
  // An encoded "+" that became a space on the way.
  EXPECT_EQ(filtered("__system/submissionDate lt 2026-11-18T18:06:42 07:00"), (Ids{"one"}));
  EXPECT_EQ(filtered("__system/submissionDate lt 2026-11-19 and now() gt 2026-01-01"), (Ids{"one", "two", "three"}));
  EXPECT_EQ(filtered("__system/reviewState eq null and __system/submitterId ne 5"), (Ids{"one", "two", "three"}));
  EXPECT_EQ(filtered("null gt 5 or null eq 5"), Ids{});
  EXPECT_EQ(filtered("true and (null eq null)"), (Ids{"one", "two", "three"}));
  EXPECT_EQ(filtered("$root/Submissions/age eq 34"), (Ids{"two"}));

  const Service nested = repeats();
  const auto children = [&](const char* filter) {
    return nested.ids({{"$filter", filter}}, "Submissions.children.child");
  };
  EXPECT_EQ(children("age gt 3"), (Ids{"rtwo/children/child[1]", "rtwo/children/child[2]"}));
  EXPECT_EQ(children("$root/Submissions/name eq 'Chelsea'"), (Ids{"rthree/children/child[1]"}));
  EXPECT_EQ(children("__Submissions-id eq 'rtwo' and name ne 'Billy'"), (Ids{"rtwo/children/child[2]"}));
  EXPECT_EQ(children("$root/Submissions/__system/submissionDate le 2026-11-18T11:06:42Z").size(), 2u);
}

TEST_F(OData, AFilterThatCannotBeReadSaysWhereAndWhy) {
  const Service service = simple();
  const auto problem = [&](std::string_view filter) {
    const auto found = service.text("Submissions", {{"$filter", std::string(filter)}});
    return found ? *found : found.error().sentence();
  };
  EXPECT_EQ(problem("age gt"), "“$filter”, character 7: the expression ends too early.");
  EXPECT_EQ(problem("name eq 'ស្រី"), "“$filter”, character 9: a text is opened here and never closed.");
  EXPECT_EQ(problem("name eq 'ស្រី' x"), "“$filter”, character 16: this does not belong here.");
  EXPECT_EQ(problem("agee gt 5"), "“$filter”, character 1: this table has no field of that name.");
  EXPECT_EQ(problem("age gt 5 and nope(age)"), "“$filter”, character 14: there is no function of that name here.");
  EXPECT_EQ(problem("age eq 'x'"), "“$filter”, character 5: a number cannot be compared with text.");
  EXPECT_EQ(problem("age in (1, 'x')"), "“$filter”, character 12: a number cannot be compared with text.");
  EXPECT_EQ(problem("name gt 5"), "“$filter”, character 6: text cannot be compared with a number.");
  EXPECT_EQ(problem("year(age) eq 1"), "“$filter”, character 6: year() takes a date or a time, and this is a number.");
  EXPECT_EQ(problem("age"), "“$filter”, character 1: this is a number, and neither yes nor no.");
  EXPECT_EQ(problem("age and true"), "“$filter”, character 1: this is a number, and neither yes nor no.");
  EXPECT_EQ(problem("(age eq 5"), "“$filter”, character 10: a parenthesis is never closed.");
  EXPECT_EQ(problem("__system/submissionDate gt 2026-13-01"),
            "“$filter”, character 28: this is no date and no time (2026-11-24, 2026-11-24T08:16:34Z).");
  EXPECT_EQ(problem(std::string(200, '(')), "“$filter”, character 101: this is nested too deeply.");
  EXPECT_EQ(problem(std::string(9000, ' ')), "“$filter”, character 8193: an expression has at most 8,192 bytes.");
}

TEST_F(OData, PagesFitTogether) {
  const Service service = simple();
  EXPECT_EQ(service.pages({{"$top", "2"}}), (Ids{"one two", "three"}));
  EXPECT_EQ(service.pages({{"$top", "1"}, {"$skip", "1"}}), (Ids{"two", "three"}));
  EXPECT_EQ(service.pages({{"$top", "3"}}), (Ids{"one two three"}));
  EXPECT_EQ(service.pages({{"$top", "0"}}), (Ids{""}));
  EXPECT_EQ(service.pages({{"$top", "1"}, {"$filter", "age ne 34"}, {"$count", "true"}}), (Ids{"one", "three"}));
  EXPECT_EQ(
      service.get("Submissions", {{"$top", "1"}, {"$filter", "age ne 34"}, {"$count", "true"}}).at("@odata.count"), 2);
  EXPECT_EQ(service.pages({{"$top", "1"}, {"$orderby", "age desc"}}), (Ids{"three", "two", "one"}));
  EXPECT_EQ(service.pages({{"$top", "2"}, {"$orderby", "length(name), name desc"}}), (Ids{"two one", "three"}));
  EXPECT_EQ(service.pages({{"$orderby", "__system/submissionDate desc"}, {"$skip", "1"}}), (Ids{"two one"}));
  EXPECT_EQ(service.pages({{"$orderby", "age"}, {"$top", "0"}}), (Ids{""}));
  EXPECT_EQ(
      service.get("Submissions", {{"$orderby", "age desc"}, {"$top", "1"}, {"$count", "true"}}).at("@odata.count"), 3);
  const Service nested = repeats();
  EXPECT_EQ(nested.ids({{"$orderby", "age"}}, "Submissions.children.child"),
            (Ids{"rthree/children/child[1]", "rtwo/children/child[1]", "rtwo/children/child[2]"}));
  // A page of a repeat ends between two rows of one submission.
  const json::value page = nested.get("Submissions.children.child", {{"$top", "1"}});
  const std::string link(page.at("@odata.nextLink").as_string());
  EXPECT_NE(link.find("skiptoken=0000000000002.0&"), std::string::npos) << link;
  EXPECT_EQ(nested.ids({{"$skiptoken", "0000000000002.0"}}, "Submissions.children.child"),
            (Ids{"rtwo/children/child[2]", "rthree/children/child[1]"}));
  for (const char* bad : {"x", "0000000000002", "0000000000002.", "0000000000002.-1", "0000000000002.9999999999999"})
    EXPECT_EQ(service.text("Submissions", {{"$skiptoken", bad}}).error().code(), "invalid_value") << bad;
  EXPECT_EQ(service.text("Submissions", {{"$skiptoken", "000000000000z.0"}, {"$orderby", "age"}}).error().code(),
            "invalid_value");
}

TEST_F(OData, OptionsThatAreNotKnownAreRefused) {
  const Service service = simple();
  using Options = std::vector<std::pair<std::string, std::string>>;
  for (const Options& bad :
       {Options{{"$top", "-1"}}, Options{{"$top", "x"}}, Options{{"$skip", ""}}, Options{{"$count", "maybe"}},
        Options{{"$expand", "children"}}, Options{{"$apply", "x"}}, Options{{"$select", "nope"}},
        Options{{"$select", "__system/nope"}}, Options{{"$format", "xml"}}})
    EXPECT_EQ(service.text("Submissions", bad).error().code(), "invalid_value") << bad[0].first;
  EXPECT_TRUE(service.text("Submissions", {{"top", "x"}, {"$format", "json"}, {"$top", "99999999999"}}));
  EXPECT_EQ(service.get("Submissions('one')", {{"$select", "__id,__system/edits,meta/instanceID"}}).at("value"),
            parsed(R"([{"__id": "one", "__system": {"edits": 0}, "meta": {"instanceID": "one"}}])"));
}

TEST_F(OData, AnUnreadableOneSpoilsNothing) {
  Service service = repeats();
  service.box.add("uuid:closed", "").unreadable = true;
  service.box.add("broken", "<data>");
  const json::value answer = service.get("Submissions", {{"$select", "__id,__system/status,name"}});
  EXPECT_EQ(answer.at("value").as_array()[3],
            parsed(R"({"__id": "uuid:closed", "__system": {"status": "notDecrypted"}})"));
  EXPECT_EQ(answer.at("value").as_array()[4], parsed(R"({"__id": "broken", "__system": {"status": "notReadable"}})"));
  EXPECT_EQ(service.ids({{"$filter", "__system/status eq null"}}).size(), 3u);
  EXPECT_EQ(service.ids({{"$filter", "name eq null"}}), (Ids{"uuid:closed", "broken"}));
  EXPECT_EQ(service.ids({}, "Submissions.children.child").size(), 3u);
}

TEST_F(OData, TheDocumentsThatDescribeIt) {
  const Service service(form("doubleRepeat"));
  EXPECT_EQ(parsed(odata_service_document(service.names, kService)), parsed(R"({
    "@odata.context": "https://here.example/v1/forms/x.svc/$metadata",
    "value": [{"name": "Submissions", "kind": "EntitySet", "url": "Submissions"},
      {"name": "Submissions.children.child", "kind": "EntitySet", "url": "Submissions.children.child"},
      {"name": "Submissions.children.child.toys.toy", "kind": "EntitySet",
       "url": "Submissions.children.child.toys.toy"}]})"));
  const std::string metadata = odata_metadata(service.outline, service.names);
  ASSERT_TRUE(XmlDocument::parse(metadata, "metadata"));
  for (const char* part : {"<EntityType Name=\"Submissions.children.child.toys.toy\">",
                           "<Property Name=\"__Submissions-children-child-id\" Type=\"Edm.String\"/>",
                           "<Property Name=\"children\" Type=\"org.opendatakit.user.doubleRepeat.children\"/>",
                           "<NavigationProperty Name=\"child\" "
                           "Type=\"Collection(org.opendatakit.user.doubleRepeat.Submissions.children.child)\"/>",
                           "<ComplexType Name=\"children.child.toys\">", "<EntityContainer Name=\"doubleRepeat\">"})
    EXPECT_NE(metadata.find(part), std::string::npos) << part << metadata;
  const Service geo(form("geoTypes"));
  EXPECT_NE(
      odata_metadata(geo.outline, geo.names).find("<Property Name=\"input_geopoint\" Type=\"Edm.GeographyPoint\"/>"),
      std::string::npos);
}

TEST(ODataNames, AreIdentifiersAndDiffer) {
  Outline outline;
  outline.form.id = "1 form: é";
  outline.form.nodes.resize(4);
  for (int i = 1; i < 4; ++i) outline.form.nodes[static_cast<std::size_t>(i)].parent = 0;
  outline.form.nodes[1].name = "a-b";
  outline.form.nodes[2].name = "a.b";
  outline.form.nodes[3].name = "ភេទ";
  outline.tables = tables_of(outline.form);
  const ODataNames names = odata_names(outline);
  EXPECT_EQ(names.form, "_1_form__é");
  EXPECT_EQ(names.nodes[1], "a_b");
  EXPECT_EQ(names.nodes[2], "a_b_2");
  EXPECT_EQ(names.nodes[3], "ភេទ");
}

}  // namespace understory::collect
