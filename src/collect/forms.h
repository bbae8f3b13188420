// Forms as the workspace keeps them: an id, every version it ever had, the files a version needs beside it.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "collect/form.h"
#include "foundation/clock.h"
#include "storage/workspace.h"

namespace understory::collect {

// open: fetched and sent in. closing: no longer fetched, what is sent is taken. closed: what is sent waits in
// quarantine.
enum class FormState { kOpen, kClosing, kClosed };
std::string_view name_of(FormState state);
std::optional<FormState> form_state_of(std::string_view name);

struct KeptForm {
  Id id;
  std::string form_id;
  Id study;  // none: of the whole workspace
  std::string title;
  FormState state = FormState::kOpen;
  Milliseconds created_at = 0;
};

struct FormVersion {
  Id id, form;
  std::string version, title;
  bool draft = false;
  std::string md5;  // of the bytes that are served
  std::vector<std::string> file_paths;
  std::string public_key;
  std::vector<std::string> warnings;
  Milliseconds created_at = 0, published_at = 0;
};

struct FormFile {
  Id id;
  std::string name, kind, media_type, md5;
  std::int64_t size = 0;
  bool here = false;  // false: the form needs it, nobody has brought it yet
};

struct Published {
  KeptForm form;
  FormVersion version;
  std::vector<FormFile> files;
  bool is_new = true;  // false: the very same version was here already; nothing was changed
};

// Takes an XForm in. A form without instanceID gets one. The same bytes again change nothing. kBadForm, kBadXml;
// kAlreadyExists: other bytes under a version that was published, or a form id that belongs to another study.
// What waited in quarantine for it is released. A draft may be replaced by another.
struct NewForm {
  std::string xml;
  std::string file;  // its name, for messages
  Id study, account;
  bool draft = false;
  bool encrypt = false;  // phones encrypt what is filled in, towards a key of the workspace (collect/encrypted.h)
};
Result<Published> take_form(storage::Transaction& transaction, const NewForm& wanted);
Result<void> publish_draft(storage::Transaction& transaction, Id version);
void set_form_state(storage::Transaction& transaction, Id form, FormState state);

std::vector<KeptForm> forms(storage::Transaction& transaction);
Result<KeptForm> find_form(storage::Transaction& transaction, Id id);
Result<KeptForm> find_form(storage::Transaction& transaction, std::string_view form_id);
// Newest first; without drafts unless asked for.
std::vector<FormVersion> form_versions(storage::Transaction& transaction, Id form, bool drafts = false);
Result<FormVersion> find_version(storage::Transaction& transaction, Id id);
std::string form_xml(storage::Transaction& transaction, Id version);
// Read again from its XML; a form that was taken in reads.
Form form_of(storage::Transaction& transaction, Id version);
// All published versions in one, as exports need it.
Form union_of_versions(storage::Transaction& transaction, Id form);

std::vector<FormFile> form_files(storage::Transaction& transaction, Id version);
// A file the version needs, or one more. Pieces of any size.
using PieceReader = std::function<void(const std::function<void(std::string_view)>&)>;
Result<FormFile> put_form_file(storage::Transaction& transaction, Id version, std::string_view name,
                               std::string_view media_type, const PieceReader& content);
Result<void> read_form_file(storage::Transaction& transaction, Id file,
                            const std::function<void(std::string_view piece)>& reader);
inline constexpr std::int64_t kFormFilePiece = 256 * 1024;  // bytes of each piece but the last
// One piece of it, counted from 0; empty: that was all, or another file came in its place: one that is read in several
// transactions ends before its size, rather than with what is of the other.
std::string form_file_piece(storage::Transaction& transaction, const FormFile& file, std::int64_t position);

// How a form's submissions become evidence: JSON as study/from_submissions.h reads it; "{}" while nobody said.
std::string form_mapping(storage::Transaction& transaction, Id form);
void set_form_mapping(storage::Transaction& transaction, Id form, std::string_view mapping);

}  // namespace understory::collect
