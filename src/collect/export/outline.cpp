#include "collect/export/outline.h"

#include <fmt/format.h>

namespace understory::collect {

Outline outline_of(const std::vector<const Form*>& versions, bool deleted_fields) {
  Outline outline;
  outline.form = deleted_fields && versions.size() > 1 ? union_of(versions) : *versions.at(0);
  outline.tables = tables_of(outline.form);
  for (const Table& table : outline.tables) {
    if (table.parent < 0) {
      outline.paths.emplace_back();
      continue;
    }
    const auto path = [&](int node) -> const std::string& {
      return outline.form.nodes[static_cast<std::size_t>(node)].path;
    };
    const Table& above = outline.tables[static_cast<std::size_t>(table.parent)];
    outline.paths.push_back(path(table.node).substr(path(above.node).size() + 1));
  }
  return outline;
}

Told told(const Opened& opened, const Outline& outline) {
  Told told{opened, std::nullopt, opened.unreadable};
  // An encrypted submission's envelope has the shape of a form that was left blank.
  if (!told.closed && opened.xml.find("base64EncryptedKey") != std::string_view::npos)
    if (const auto envelope = read_envelope(opened.xml)) told.closed = envelope->encrypted;
  if (!told.closed)
    if (auto record = Record::read(opened.xml, outline.form, outline.tables)) told.record = std::move(*record);
  return told;
}

std::string_view status_of(const Told& told) {
  return told.record ? "" : told.closed ? "not decrypted" : "not readable";
}

std::string key_of(const Told& told, const Outline& outline, int table, int row) {
  if (table == 0) return told.opened.submission.instance_id;
  const Rows::Row& found = told.record->tables()[static_cast<std::size_t>(table)].rows[static_cast<std::size_t>(row)];
  return key_of(told, outline, outline.tables[static_cast<std::size_t>(table)].parent, found.parent) + "/" +
         outline.paths[static_cast<std::size_t>(table)] + "[" + std::to_string(found.position + 1) + "]";
}

std::string parent_key_of(const Told& told, const Outline& outline, int table, int row) {
  if (table == 0) return {};
  const Rows::Row& found = told.record->tables()[static_cast<std::size_t>(table)].rows[static_cast<std::size_t>(row)];
  return key_of(told, outline, outline.tables[static_cast<std::size_t>(table)].parent, found.parent);
}

std::string_view review_name(ReviewState state) {
  switch (state) {
    case ReviewState::kHasIssues: return "hasIssues";
    case ReviewState::kEdited: return "edited";
    case ReviewState::kApproved: return "approved";
    case ReviewState::kRejected: return "rejected";
    case ReviewState::kReceived: break;
  }
  return "";
}

std::string exact_time(Milliseconds at) {
  std::string text = iso_time(at);
  text.pop_back();
  return text + fmt::format(".{:03}Z", at % 1000);
}

std::string submitter_id(const Submission& submission) {
  if (submission.account) return submission.account.text();
  return submission.device ? submission.device.text() : std::string();
}

std::string file_name(std::string_view text) {
  std::string out(text);
  for (char& letter : out)
    if (static_cast<unsigned char>(letter) < 0x20 || std::string_view("/\\:*?\"<>|").find(letter) != std::string::npos)
      letter = '_';
  if (out.empty() || out[0] == '.') out.insert(0, "_");
  return out;
}

Result<void> walk_through(const Walk& walk, const std::function<Result<void>(const Opened&)>& each) {
  Result<void> outcome;
  walk([&](const Opened& opened) {
    outcome = each(opened);
    return outcome.has_value();
  });
  return outcome;
}

}  // namespace understory::collect
