// What a form's fields are called in OData, and how a row answers for them.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "collect/export/outline.h"

namespace understory::collect {

// OData takes letters, digits and "_"; what else a name holds becomes "_", and names that then meet are numbered.
struct ODataNames {
  std::string form;
  std::vector<std::string> nodes;       // of each node of the form
  std::vector<std::string> tables;      // "Submissions", "Submissions.children.child"
  std::vector<std::string> parent_ids;  // the property that names the row above: "__Submissions-id"; the first has none
};
ODataNames odata_names(const Outline& outline);

// What a field holds, as far as it can be compared.
enum class Sort { kNull, kTruth, kNumber, kText, kMoment, kPlace };
std::string_view name_of(Sort sort);  // "a number"
Sort sort_of(AnswerType type);

struct Value {
  Sort sort = Sort::kNull;
  bool truth = false;
  double number = 0;
  Milliseconds moment = 0;
  int zone = 0;  // minutes east of Greenwich the moment was told in: what year() and hour() go by
  std::string text;

  static Value of(bool truth);
  static Value of(double number);
  static Value of(std::string_view text);
  static Value of_time(Milliseconds moment, int zone = 0);
};
// null (no value) for what is none of the sort.
Value value_of(AnswerType type, const char* text);
// "2026-11-24" (midnight, UTC) or a dateTime.
Value moment_of(std::string_view text);
// -1, 0, 1; both of one sort. Null comes first.
int compare(const Value& left, const Value& right);

enum class SystemField {
  kSubmissionDate,
  kUpdatedAt,
  kSubmitterId,
  kSubmitterName,
  kAttachmentsPresent,
  kAttachmentsExpected,
  kStatus,
  kReviewState,
  kDeviceId,
  kEdits,
  kFormVersion
};
struct SystemProperty {
  SystemField field;
  const char* name;  // "submissionDate"
  const char* type;  // of the metadata document
  Sort sort;
};
const std::vector<SystemProperty>& system_properties();

// One row of one table, while its submission is open.
struct RowView {
  const Outline& outline;
  const Told& told;
  int table = 0;
  int row = 0;
};
Value system_value(const Told& told, SystemField field);

struct ODataField {
  enum class Of { kCell, kRootCell, kSystem, kId, kParentId, kRootId };
  Of of = Of::kCell;
  int column = 0;  // of this table, or of the first one
  SystemField system = SystemField::kSubmissionDate;
  Sort sort = Sort::kText;
};
// "age", "group/field", "__id", "__system/submissionDate", "__Submissions-id", "$root/Submissions/…" as seen from a row
// of `table`; nothing where there is no such field.
std::optional<ODataField> find_field(const Outline& outline, const ODataNames& names, int table, std::string_view path);
Value field_value(const ODataField& field, const RowView& row);

// For a part of an address: all but letters, digits, "-", ".", "_", "~" as %XX.
std::string percent_encoded(std::string_view text);

// A key within an address: quotes doubled, then percent-encoded, between quotes.
std::string odata_quoted(std::string_view key);

// "group/field" of a column, below its table.
std::string odata_path(const Outline& outline, const ODataNames& names, int table, const Column& column);

}  // namespace understory::collect
