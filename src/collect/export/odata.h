// A form's submissions as an OData 4 service (JSON), as ODK Central offers it: what Power BI, Excel, R and pyODK read.
//
// An __id is the submission's instanceID, or the KEY of a repeat's row as the CSV files have it. Rows come in the order
// they were received; a page ends with @odata.nextLink where there is more.
#pragma once
#include "collect/export/odata_filter.h"

namespace understory::collect {

struct ODataQuery {
  std::optional<std::int64_t> top;  // $top
  std::int64_t skip = 0;            // $skip
  std::string skip_token;           // $skiptoken, as a nextLink had it
  std::string filter, order_by;     // $filter, $orderby
  std::vector<std::string> select;  // $select, paths
  bool count = false;               // $count=true
  bool expand = false;              // $expand=*: rows of repeats within the rows they belong to
};
// Of decoded pairs. Names without "$" are passed over. kInvalidValue: an option that is not known here, or its value.
Result<ODataQuery> read_odata_query(const std::vector<std::pair<std::string, std::string>>& query);

// Which rows: "Submissions", "Submissions.children.child", "Submissions('uuid:…')", with a path of repeats behind it
// ("Submissions('uuid:…')/children/child", "…/child('uuid:…/children/child[1]')/toys/toy"), or the number of them
// ("Submissions/$count").
struct ODataPath {
  int table = 0;
  std::string instance_id;              // of the one submission; empty: all
  std::string parent_key;               // only rows below that row; empty: all
  std::string key;                      // that row alone; empty: all
  bool number = false;                  // how many, as plain text
  std::string address = "Submissions";  // the same again, percent-encoded, without $count
};
// `path`: below the service, percent-decoded. kNotFound.
Result<ODataPath> read_odata_path(const Outline& outline, const ODataNames& names, std::string_view path);

struct ODataSource {
  // Submissions that come after one, in the order of their ids.
  std::function<void(Id after, const std::function<bool(const Opened&)>& reader)> walk;
  std::function<std::int64_t()> count;  // of all submissions
  std::string service;                  // absolute address, without "/" at its end: "https://…/forms/x.svc"
  // For nextLinks that repeat nothing of what was asked – a filter may hold a name – but hold it sealed; both or
  // neither. `open_token`: nothing where it is none of ours.
  std::function<std::string(const std::string& text)> seal_token;
  std::function<std::optional<std::string>(const std::string& token)> open_token;
};

std::string odata_service_document(const ODataNames& names, std::string_view service);
std::string odata_metadata(const Outline& outline, const ODataNames& names);

// The rows as they are read, or, with $orderby, once all are read: then at most 10,000 a page, fewer where they are
// very long. kBadExpression and kInvalidValue (before anything is written), kNotFound, kTooLarge ($skip together with
// $orderby goes too far; follow the nextLink).
Result<void> write_odata(const Outline& outline, const ODataNames& names, const ODataSource& source,
                         const ODataPath& path, const ODataQuery& query, const Sink& sink);

}  // namespace understory::collect
