#include "collect/export/odata_fields.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "collect/export/values.h"
#include "foundation/text.h"

namespace understory::collect {

namespace {

std::string identifier(std::string_view name) {
  std::string out;
  for (const char letter : name) {
    const bool takes = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                       (letter >= '0' && letter <= '9') || letter == '_' || static_cast<unsigned char>(letter) >= 0x80;
    out += takes ? letter : '_';
  }
  if (out.empty() || (out[0] >= '0' && out[0] <= '9')) out.insert(0, "_");
  return out;
}

const std::vector<const char*>* cells_of(const RowView& row, int table, int index) {
  if (!row.told.record) return nullptr;
  const std::vector<Rows::Row>& rows = row.told.record->tables()[static_cast<std::size_t>(table)].rows;
  return index < static_cast<int>(rows.size()) ? &rows[static_cast<std::size_t>(index)].cells : nullptr;
}

}  // namespace

ODataNames odata_names(const Outline& outline) {
  ODataNames names;
  names.form = identifier(outline.form.id);
  std::map<int, std::set<std::string>> taken;  // of the children of each node
  for (const Node& node : outline.form.nodes) {
    const std::string plain = identifier(node.name);
    std::string unique = plain;
    for (int number = 2; !taken[node.parent].insert(unique).second; ++number)
      unique = plain + "_" + std::to_string(number);
    names.nodes.push_back(std::move(unique));
  }
  for (const Table& table : outline.tables) {
    std::string below;
    for (int node = table.node; node > 0; node = outline.form.nodes[static_cast<std::size_t>(node)].parent)
      below = "." + names.nodes[static_cast<std::size_t>(node)] + below;
    names.tables.push_back("Submissions" + below);
    names.parent_ids.emplace_back();
    if (table.parent < 0) continue;
    std::string parent = names.tables[static_cast<std::size_t>(table.parent)];
    for (char& letter : parent)
      if (letter == '.') letter = '-';
    names.parent_ids.back() = "__" + parent + "-id";
  }
  return names;
}

std::string_view name_of(Sort sort) {
  switch (sort) {
    case Sort::kNull: return "null";
    case Sort::kTruth: return "yes or no";
    case Sort::kNumber: return "a number";
    case Sort::kText: return "text";
    case Sort::kMoment: return "a date or a time";
    case Sort::kPlace: return "a place";
  }
  return "";
}

Sort sort_of(AnswerType type) {
  switch (type) {
    case AnswerType::kInteger:
    case AnswerType::kDecimal: return Sort::kNumber;
    case AnswerType::kBoolean: return Sort::kTruth;
    case AnswerType::kDate:
    case AnswerType::kDateTime: return Sort::kMoment;
    default: return is_geometry(type) ? Sort::kPlace : Sort::kText;
  }
}

Value Value::of(bool truth) {
  Value value;
  value.sort = Sort::kTruth;
  value.truth = truth;
  return value;
}
Value Value::of(double number) {
  Value value;
  value.sort = Sort::kNumber;
  value.number = number;
  return value;
}
Value Value::of(std::string_view text) {
  Value value;
  value.sort = Sort::kText;
  value.text = text;
  return value;
}
Value Value::of_time(Milliseconds moment, int zone) {
  Value value;
  value.sort = Sort::kMoment;
  value.moment = moment;
  value.zone = zone;
  return value;
}

Value moment_of(std::string_view text) {
  text = trim(text);
  if (is_whole_date(text)) {
    const auto day = parse_time(std::string(text) + "T00:00:00Z");
    return day ? Value::of_time(*day) : Value();
  }
  const std::string moment = json_moment(text);
  const auto at = moment.empty() ? std::nullopt : parse_time(moment);
  if (!at) return {};
  const std::size_t sign = moment.find_first_of("+-", 10);
  if (sign == std::string::npos) return Value::of_time(*at);
  const auto number = [&](std::size_t from) {
    return from + 2 <= moment.size() ? std::atoi(moment.substr(from, 2).c_str()) : 0;
  };
  const std::size_t minutes = moment.find(':', sign) == std::string::npos ? sign + 3 : sign + 4;
  const int zone = number(sign + 1) * 60 + number(minutes);
  return Value::of_time(*at, moment[sign] == '-' ? -zone : zone);
}

Value value_of(AnswerType type, const char* text) {
  if (!text || !*text) return {};
  switch (sort_of(type)) {
    case Sort::kNumber: {
      const std::string number = type == AnswerType::kInteger ? json_integer(text) : json_number(text);
      return number.empty() ? Value() : Value::of(std::strtod(number.c_str(), nullptr));
    }
    case Sort::kTruth: {
      JsonWriter json;
      write_json(json, type, text);
      return json.text() == "null" ? Value() : Value::of(json.text() == "true");
    }
    case Sort::kMoment: return moment_of(text);
    case Sort::kPlace: {
      Value value = Value::of(std::string_view(geometry(type, text)));
      value.sort = value.text.empty() ? Sort::kNull : Sort::kPlace;
      return value;
    }
    default: return Value::of(std::string_view(text));
  }
}

int compare(const Value& left, const Value& right) {
  if (left.sort == Sort::kNull || right.sort == Sort::kNull)
    return static_cast<int>(left.sort != Sort::kNull) - static_cast<int>(right.sort != Sort::kNull);
  const auto order = [](const auto& a, const auto& b) { return a < b ? -1 : b < a ? 1 : 0; };
  switch (left.sort) {
    case Sort::kTruth: return order(left.truth, right.truth);
    case Sort::kNumber: return order(left.number, right.number);
    case Sort::kMoment: return order(left.moment, right.moment);
    default: return order(left.text, right.text);
  }
}

const std::vector<SystemProperty>& system_properties() {
  static const std::vector<SystemProperty> kProperties{
      {SystemField::kSubmissionDate, "submissionDate", "Edm.DateTimeOffset", Sort::kMoment},
      {SystemField::kUpdatedAt, "updatedAt", "Edm.DateTimeOffset", Sort::kMoment},
      {SystemField::kSubmitterId, "submitterId", "Edm.String", Sort::kText},
      {SystemField::kSubmitterName, "submitterName", "Edm.String", Sort::kText},
      {SystemField::kAttachmentsPresent, "attachmentsPresent", "Edm.Int64", Sort::kNumber},
      {SystemField::kAttachmentsExpected, "attachmentsExpected", "Edm.Int64", Sort::kNumber},
      {SystemField::kStatus, "status", "org.opendatakit.submission.Status", Sort::kText},
      {SystemField::kReviewState, "reviewState", "org.opendatakit.submission.ReviewState", Sort::kText},
      {SystemField::kDeviceId, "deviceId", "Edm.String", Sort::kText},
      {SystemField::kEdits, "edits", "Edm.Int64", Sort::kNumber},
      {SystemField::kFormVersion, "formVersion", "Edm.String", Sort::kText}};
  return kProperties;
}

Value system_value(const Told& told, SystemField field) {
  const Submission& submission = told.opened.submission;
  const auto text = [](std::string_view found) { return found.empty() ? Value() : Value::of(found); };
  switch (field) {
    case SystemField::kSubmissionDate: return Value::of_time(submission.received_at);
    case SystemField::kUpdatedAt:
      return submission.changed_at > submission.received_at ? Value::of_time(submission.changed_at) : Value();
    case SystemField::kSubmitterId: return text(submitter_id(submission));
    case SystemField::kSubmitterName: return text(told.opened.submitter);
    case SystemField::kAttachmentsPresent: return Value::of(static_cast<double>(submission.attachments_present));
    case SystemField::kAttachmentsExpected: return Value::of(static_cast<double>(submission.attachments_expected));
    case SystemField::kStatus:
      return told.record ? Value() : Value::of(std::string_view(told.closed ? "notDecrypted" : "notReadable"));
    case SystemField::kReviewState: return text(review_name(submission.state));
    case SystemField::kDeviceId: return text(submission.device_id);
    case SystemField::kEdits: return Value::of(static_cast<double>(submission.edits));
    case SystemField::kFormVersion: return Value::of(std::string_view(submission.form_version));
  }
  return {};
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char letter : text) {
    const bool plain = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                       (letter >= '0' && letter <= '9') || std::string_view("-._~").find(letter) != std::string::npos;
    out += plain ? std::string(1, letter) : fmt::format("%{:02X}", static_cast<unsigned char>(letter));
  }
  return out;
}

std::string odata_quoted(std::string_view key) {
  std::string doubled;
  for (const char letter : key) doubled += letter == '\'' ? "''" : std::string(1, letter);
  return "'" + percent_encoded(doubled) + "'";
}

std::string odata_path(const Outline& outline, const ODataNames& names, int table, const Column& column) {
  std::string path = names.nodes[static_cast<std::size_t>(column.node)];
  const int home = outline.tables[static_cast<std::size_t>(table)].node;
  for (int node = outline.form.nodes[static_cast<std::size_t>(column.node)].parent; node > 0 && node != home;
       node = outline.form.nodes[static_cast<std::size_t>(node)].parent)
    path = names.nodes[static_cast<std::size_t>(node)] + "/" + path;
  return path;
}

std::optional<ODataField> find_field(const Outline& outline, const ODataNames& names, int table,
                                     std::string_view path) {
  constexpr std::string_view kRoot = "$root/Submissions/", kSystem = "__system/";
  const bool rooted = path.rfind(kRoot, 0) == 0;
  if (rooted) path.remove_prefix(kRoot.size());
  const int home = rooted ? 0 : table;
  ODataField field;
  if (path.rfind(kSystem, 0) == 0) {
    for (const SystemProperty& property : system_properties())
      if (path.substr(kSystem.size()) == property.name) {
        field.of = ODataField::Of::kSystem;
        field.system = property.field;
        field.sort = property.sort;
        return field;
      }
    return std::nullopt;
  }
  if (path == "__id") {
    field.of = rooted ? ODataField::Of::kRootId : ODataField::Of::kId;
    return field;
  }
  if (!rooted && table != 0 && path == names.parent_ids[static_cast<std::size_t>(table)]) {
    field.of = ODataField::Of::kParentId;
    return field;
  }
  const std::vector<Column>& columns = outline.tables[static_cast<std::size_t>(home)].columns;
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (odata_path(outline, names, home, columns[i]) == path) {
      field.of = home == table ? ODataField::Of::kCell : ODataField::Of::kRootCell;
      field.column = static_cast<int>(i);
      field.sort = sort_of(columns[i].type);
      return field;
    }
  return std::nullopt;
}

Value field_value(const ODataField& field, const RowView& row) {
  switch (field.of) {
    case ODataField::Of::kSystem: return system_value(row.told, field.system);
    case ODataField::Of::kId: return Value::of(std::string_view(key_of(row.told, row.outline, row.table, row.row)));
    case ODataField::Of::kParentId:
      return Value::of(std::string_view(parent_key_of(row.told, row.outline, row.table, row.row)));
    case ODataField::Of::kRootId: return Value::of(std::string_view(row.told.opened.submission.instance_id));
    case ODataField::Of::kCell:
    case ODataField::Of::kRootCell: break;
  }
  const bool root = field.of == ODataField::Of::kRootCell;
  const int table = root ? 0 : row.table;
  const auto* cells = cells_of(row, table, root ? 0 : row.row);
  const std::size_t column = static_cast<std::size_t>(field.column);
  if (!cells) return {};
  return value_of(row.outline.tables[static_cast<std::size_t>(table)].columns[column].type, (*cells)[column]);
}

}  // namespace understory::collect
