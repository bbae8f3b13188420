// Taking in what phones send. What was acknowledged is kept: whatever is wrong with it, it is kept first and sorted out
// by people later. Stories may be locked: then it is sealed towards the workspace and read by nobody until they are
// not.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "collect/record.h"
#include "people/rights.h"
#include "storage/workspace.h"
#include "vault/signing.h"

namespace understory::collect {

struct Sender {
  people::Person person;    // what it may do; person.account is the submitter, none where it is a device
  Id device;                // enrolled
  std::string device_name;  // as the client calls itself
  Id study;                 // of the device; none: every study
  std::string place;        // of the device
  bool over = false;        // revoked or expired: what it sends waits in quarantine
};

struct PostedFile {
  std::string name, media_type;
  std::int64_t size = 0;
  std::function<void(const std::function<void(std::string_view)>& piece)> content;  // may be read more than once
};

struct Post {
  Sender sender;
  std::string xml;  // byte for byte
  std::vector<PostedFile> files;
  std::string route;  // for the log
};

// Why a submission waits in quarantine; kNothing: it does not.
enum class WaitsFor { kNothing, kForm, kVersion, kClosed, kDevice };
std::string_view name_of(WaitsFor reason);  // "", "form", "version", "closed", "device"
WaitsFor waits_for_of(std::string_view name);

struct Receipt {
  Id submission;  // none: it was erased before, and nothing of it was kept
  WaitsFor waits_for = WaitsFor::kNothing;
  bool repeated = false;  // the same was here already; files that had been missing were added
  int files_missing = 0;  // that the instance names and nobody sent yet
};

// Returns once it is on the disk. Posts that arrive together are committed together; a large one is read before that,
// and its large files are in the database by then, so that those it arrives with do not wait for it. The same instance
// again, whenever and however often, is one record.
//
// kBadXml, kBadSubmission: it is no submission at all. kForbidden: the sender may fill no form. kOtherInstance: its
// instanceID came before with other content, or what came under it was erased and this is something else. kEditUnknown,
// kEditOutdated: it edits (deprecatedID) what is not here, or what was edited meanwhile.
Result<Receipt> take_in(storage::Workspace& workspace, const vault::SigningKey& key, const Post& post);

// The names of files that an instance's answers at these paths hold, each once, in document order.
std::vector<std::string> named_files(std::string_view xml, const std::vector<std::string>& paths);
std::vector<std::string> named_files(const XmlDocument& document, const std::vector<std::string>& paths);

}  // namespace understory::collect
