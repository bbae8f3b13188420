#include "collect/forms.h"

#include <algorithm>

#include "collect/encrypted.h"
#include "collect/entities.h"
#include "collect/quarantine.h"
#include "foundation/text.h"
#include "vault/md5.h"

namespace understory::collect {

using storage::Parameter;
using storage::Query;
using storage::Row;
using storage::Transaction;

namespace {

constexpr std::size_t kPiece = kFormFilePiece;

const Query kForms{"collect.forms",
                   "select id, form_id, study_id, title, state, created_at from form where workspace_id = ? order by "
                   "title, id"};
const Query kFormById{"collect.form_by_id",
                      "select id, form_id, study_id, title, state, created_at from form where workspace_id = ? and id "
                      "= ?"};
const Query kFormByName{"collect.form_by_form_id",
                        "select id, form_id, study_id, title, state, created_at from form where workspace_id = ? and "
                        "form_id = ?"};
const Query kAddForm{"collect.add_form",
                     "insert into form (workspace_id, id, form_id, study_id, title, state, mapping, created_at) values "
                     "(?, ?, ?, ?, ?, 'open', '{}', ?)"};
const Query kSetTitle{"collect.set_form_title", "update form set title = ? where workspace_id = ? and id = ?"};
const Query kSetState{"collect.set_form_state", "update form set state = ? where workspace_id = ? and id = ?"};
const Query kMapping{"collect.form_mapping", "select mapping from form where workspace_id = ? and id = ?"};
const Query kSetMapping{"collect.set_form_mapping", "update form set mapping = ? where workspace_id = ? and id = ?"};
const Query kVersions{
    "collect.form_versions",
    "select id, form_row_id, version, title, state, md5, file_paths, public_key, warnings, created_at, published_at "
    "from form_version where workspace_id = ? and form_row_id = ? order by coalesce(published_at, created_at) desc, id "
    "desc"};
const Query kVersion{
    "collect.form_version",
    "select id, form_row_id, version, title, state, md5, file_paths, public_key, warnings, created_at, published_at "
    "from form_version where workspace_id = ? and id = ?"};
const Query kXml{"collect.form_xml", "select xml from form_version where workspace_id = ? and id = ?"};
const Query kAddVersion{
    "collect.add_form_version",
    "insert into form_version (workspace_id, id, form_row_id, version, state, title, xml, md5, file_paths, public_key, "
    "warnings, account_id, created_at, published_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
const Query kPublish{"collect.publish_version",
                     "update form_version set state = 'published', published_at = ? where workspace_id = ? and id = ?"};
const Query kDropVersion{"collect.drop_version", "delete from form_version where workspace_id = ? and id = ?"};
const Query kFiles{
    "collect.form_files",
    "select id, name, kind, media_type, size, md5 from form_file where workspace_id = ? and version_id = "
    "? order by name"};
const Query kAddFile{"collect.add_form_file",
                     "insert into form_file (workspace_id, id, version_id, name, kind, media_type, size, md5) values "
                     "(?, ?, ?, ?, ?, ?, ?, ?)"};
const Query kFillFile{"collect.fill_form_file",
                      "update form_file set media_type = ?, size = ?, md5 = ? where workspace_id = ? and id = ?"};
const Query kAddPiece{"collect.add_form_file_piece",
                      "insert into form_file_piece (workspace_id, file_id, position, content) values (?, ?, ?, ?)"};
const Query kDropPieces{"collect.drop_form_file_pieces",
                        "delete from form_file_piece where workspace_id = ? and file_id = ?"};
const Query kDropFile{"collect.drop_form_file", "delete from form_file where workspace_id = ? and id = ?"};
// A piece at a time: a file may be larger than memory, and PostgreSQL hands over all rows at once.
const Query kPieceAt{"collect.form_file_piece",
                     "select content from form_file_piece where workspace_id = ? and file_id = ? and position = ?"};
const Query kPieceOf{"collect.form_file_piece_of_version",
                     "select form_file_piece.content from form_file join form_file_piece on "
                     "form_file_piece.workspace_id = form_file.workspace_id and form_file_piece.file_id = form_file.id "
                     "where form_file.workspace_id = ? and form_file.id = ? and form_file.md5 = ? and "
                     "form_file_piece.position = ?"};

constexpr std::array<std::string_view, 3> kStates{"open", "closing", "closed"};

KeptForm read_kept(const Row& row) {
  return {row.id(0),     row.string(1), row.id(2), row.string(3), form_state_of(row.text(4)).value_or(FormState::kOpen),
          row.integer(5)};
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  for (std::string_view line : split(text, '\n'))
    if (!line.empty()) lines.emplace_back(line);
  return lines;
}

FormVersion read_version(const Row& row) {
  FormVersion version;
  version.id = row.id(0);
  version.form = row.id(1);
  version.version = row.string(2);
  version.title = row.string(3);
  version.draft = row.text(4) == "draft";
  version.md5 = row.string(5);
  version.file_paths = lines_of(row.text(6));
  version.public_key = row.string(7);
  version.warnings = lines_of(row.text(8));
  version.created_at = row.integer(9);
  version.published_at = row.integer(10);
  return version;
}

void drop_version(Transaction& transaction, Id version) {
  for (const FormFile& file : form_files(transaction, version)) {
    transaction.run(kDropPieces, {transaction.workspace(), file.id});
    transaction.run(kDropFile, {transaction.workspace(), file.id});
  }
  drop_entity_plans(transaction, version);
  transaction.run(kDropVersion, {transaction.workspace(), version});
}

}  // namespace

std::string_view name_of(FormState state) { return kStates[static_cast<std::size_t>(state)]; }
std::optional<FormState> form_state_of(std::string_view name) {
  const auto found = std::find(kStates.begin(), kStates.end(), name);
  if (found == kStates.end()) return std::nullopt;
  return static_cast<FormState>(found - kStates.begin());
}

Result<Published> take_form(Transaction& transaction, const NewForm& wanted) {
  FormRead read = TRY(read_form(wanted.xml, wanted.file));
  std::string xml = wanted.xml;
  if (!read.form.has_instance_id) {
    xml = TRY(with_instance_id(wanted.xml, wanted.file));
    std::vector<std::string> warnings = std::move(read.warnings);
    read = TRY(read_form(xml, wanted.file));
    warnings.emplace_back("The form has no instanceID; one was added, so that nothing is taken twice.");
    read.warnings = std::move(warnings);
  }
  if (wanted.encrypt) {
    xml = TRY(with_public_key(xml, wanted.file, managed_public_key(transaction, read.form.id, wanted.account)));
    read.form = std::move(TRY(read_form(xml, wanted.file)).form);
  }
  const Form& form = read.form;

  Published made;
  auto kept = transaction.one(kFormByName, {transaction.workspace(), form.id}, read_kept);
  if (kept && wanted.study && kept->study != wanted.study)
    return fail(problems::kAlreadyExists, {{"what", "form of another study"}, {"name", form.id}});
  if (!kept) {
    kept = KeptForm{Id::make(), form.id, wanted.study, form.title, FormState::kOpen, now()};
    transaction.run(kAddForm, {transaction.workspace(), kept->id, form.id, wanted.study, form.title, kept->created_at});
  }
  const std::string md5 = vault::md5_hex(xml);
  for (FormVersion& version : form_versions(transaction, kept->id, true)) {
    if (!version.draft && version.version == form.version) {
      if (version.md5 != md5)
        return fail(problems::kAlreadyExists, {{"what", "version of “" + form.id + "”"}, {"name", form.version}});
      made.is_new = false;
      made.files = form_files(transaction, version.id);
      made.version = std::move(version);
      made.form = std::move(*kept);
      return made;
    }
    if (version.draft) drop_version(transaction, version.id);  // one draft at a time; phones may not hold to it
  }

  FormVersion& version = made.version;
  version.id = Id::make();
  version.form = kept->id;
  version.version = form.version;
  version.title = form.title;
  version.draft = wanted.draft;
  version.md5 = md5;
  for (const Node& node : form.nodes)
    if (node.type == AnswerType::kFile) version.file_paths.push_back(node.path);
  version.public_key = form.public_key;
  version.warnings = read.warnings;
  version.created_at = now();
  version.published_at = wanted.draft ? 0 : version.created_at;
  transaction.run(
      kAddVersion,
      {transaction.workspace(), version.id, kept->id, version.version, wanted.draft ? "draft" : "published",
       version.title, xml, md5, join(version.file_paths, "\n"), version.public_key, join(version.warnings, "\n"),
       wanted.account, version.created_at, wanted.draft ? Parameter(nullptr) : Parameter(version.published_at)});
  for (const NeededFile& file : form.files)
    transaction.run(kAddFile, {transaction.workspace(), Id::make(), version.id, file.name, file.kind, "", nullptr, ""});
  made.files = form_files(transaction, version.id);
  keep_entity_plans(transaction, version.id, kept->study, form);
  if (!wanted.draft) {
    transaction.run(kSetTitle, {form.title, transaction.workspace(), kept->id});
    kept->title = form.title;
    release_for(transaction, *kept, version);
  }
  made.form = std::move(*kept);
  return made;
}

Result<void> publish_draft(Transaction& transaction, Id id) {
  FormVersion version = TRY(find_version(transaction, id));
  if (!version.draft) return {};
  const KeptForm form = TRY(find_form(transaction, version.form));
  for (const FormVersion& other : form_versions(transaction, version.form))
    if (other.version == version.version)
      return fail(problems::kAlreadyExists, {{"what", "version of “" + form.form_id + "”"}, {"name", version.version}});
  transaction.run(kPublish, {now(), transaction.workspace(), id});
  transaction.run(kSetTitle, {version.title, transaction.workspace(), version.form});
  version.draft = false;
  release_for(transaction, form, version);
  return {};
}

void set_form_state(Transaction& transaction, Id form, FormState state) {
  transaction.run(kSetState, {name_of(state), transaction.workspace(), form});
  if (state == FormState::kClosed) return;
  const auto kept = find_form(transaction, form);
  if (!kept) return;
  for (const FormVersion& version : form_versions(transaction, form)) release_for(transaction, *kept, version);
}

std::vector<KeptForm> forms(Transaction& transaction) {
  std::vector<KeptForm> all;
  transaction.each(kForms, {transaction.workspace()}, [&](const Row& row) { all.push_back(read_kept(row)); });
  return all;
}

Result<KeptForm> find_form(Transaction& transaction, Id id) {
  auto found = transaction.one(kFormById, {transaction.workspace(), id}, read_kept);
  if (!found) return fail(problems::kNotFound, {{"what", "form"}, {"name", id.text()}});
  return std::move(*found);
}

Result<KeptForm> find_form(Transaction& transaction, std::string_view form_id) {
  auto found = transaction.one(kFormByName, {transaction.workspace(), form_id}, read_kept);
  if (!found) return fail(problems::kNotFound, {{"what", "form"}, {"name", std::string(shortened(form_id, 80))}});
  return std::move(*found);
}

std::vector<FormVersion> form_versions(Transaction& transaction, Id form, bool drafts) {
  std::vector<FormVersion> all;
  transaction.each(kVersions, {transaction.workspace(), form}, [&](const Row& row) {
    FormVersion version = read_version(row);
    if (drafts || !version.draft) all.push_back(std::move(version));
  });
  return all;
}

Result<FormVersion> find_version(Transaction& transaction, Id id) {
  auto found = transaction.one(kVersion, {transaction.workspace(), id}, read_version);
  if (!found) return fail(problems::kNotFound, {{"what", "form"}, {"name", id.text()}});
  return std::move(*found);
}

std::string form_xml(Transaction& transaction, Id version) {
  return transaction.one(kXml, {transaction.workspace(), version}, [](const Row& row) { return row.string(0); })
      .value_or("");
}

Form form_of(Transaction& transaction, Id version) {
  auto read = read_form(form_xml(transaction, version), version.text());
  if (!read) throw std::runtime_error("a form that was taken in does not read: " + read.error().sentence());
  return std::move(read->form);
}

Form union_of_versions(Transaction& transaction, Id form) {
  std::vector<Form> all;
  for (const FormVersion& version : form_versions(transaction, form)) all.push_back(form_of(transaction, version.id));
  std::vector<const Form*> newest_first;
  for (const Form& each : all) newest_first.push_back(&each);
  return union_of(newest_first);
}

std::vector<FormFile> form_files(Transaction& transaction, Id version) {
  std::vector<FormFile> all;
  transaction.each(kFiles, {transaction.workspace(), version}, [&](const Row& row) {
    all.push_back(
        {row.id(0), row.string(1), row.string(2), row.string(3), row.string(5), row.integer(4), !row.is_null(4)});
  });
  return all;
}

Result<FormFile> put_form_file(Transaction& transaction, Id version, std::string_view name, std::string_view media_type,
                               const PieceReader& content) {
  TRY(find_version(transaction, version));
  if (name.empty() || name.size() > 255 || name.find_first_of("/\\") != std::string_view::npos)
    return fail(problems::kInvalidValue, {{"where", "The file"},
                                          {"value", std::string(shortened(name, 80))},
                                          {"what", "file name"},
                                          {"hint", "Give it the name the form calls it by."}});
  const auto all = form_files(transaction, version);
  const auto known = std::find_if(all.begin(), all.end(), [&](const FormFile& each) { return each.name == name; });
  FormFile file;
  if (known != all.end()) {
    file = *known;
    transaction.run(kDropPieces, {transaction.workspace(), file.id});
  } else {
    file = {Id::make(), std::string(name), "file", "", "", 0, false};
    transaction.run(kAddFile, {transaction.workspace(), file.id, version, name, file.kind, "", nullptr, ""});
  }
  vault::Md5 md5;
  std::string waiting;
  std::int64_t position = 0;
  const auto keep = [&](std::string_view piece) {
    transaction.run(kAddPiece, {transaction.workspace(), file.id, position++, Parameter::blob(piece)});
  };
  file.size = 0;
  content([&](std::string_view piece) {
    md5.add(piece);
    file.size += static_cast<std::int64_t>(piece.size());
    waiting += piece;
    while (waiting.size() >= kPiece) {
      keep(std::string_view(waiting).substr(0, kPiece));
      waiting.erase(0, kPiece);
    }
  });
  if (!waiting.empty()) keep(waiting);
  file.media_type = media_type;
  file.md5 = md5.finish_hex();
  file.here = true;
  transaction.run(kFillFile, {file.media_type, file.size, file.md5, transaction.workspace(), file.id});
  return file;
}

Result<void> read_form_file(Transaction& transaction, Id file, const std::function<void(std::string_view)>& reader) {
  for (std::int64_t position = 0;; ++position) {
    const std::string piece = transaction
                                  .one(kPieceAt, {transaction.workspace(), file, position},
                                       [](const Row& row) { return std::string(row.blob(0)); })
                                  .value_or("");
    if (piece.empty()) return {};
    reader(piece);
  }
}

std::string form_file_piece(Transaction& transaction, const FormFile& file, std::int64_t position) {
  return transaction
      .one(kPieceOf, {transaction.workspace(), file.id, file.md5, position},
           [](const Row& row) { return std::string(row.blob(0)); })
      .value_or("");
}

std::string form_mapping(Transaction& transaction, Id form) {
  return transaction.one(kMapping, {transaction.workspace(), form}, [](const Row& row) { return row.string(0); })
      .value_or("{}");
}

void set_form_mapping(Transaction& transaction, Id form, std::string_view mapping) {
  transaction.run(kSetMapping, {mapping, transaction.workspace(), form});
}

}  // namespace understory::collect
