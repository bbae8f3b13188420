// What is found out about a post before the database is asked, and the way in. No SQL.
#include "collect/intake.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <set>

#include "collect/intake_steps.h"
#include "foundation/reasons.h"
#include "foundation/text.h"
#include "vault/vault.h"

namespace understory::collect {

namespace {

constexpr std::array<std::string_view, 5> kReasons{"", "form", "version", "closed", "device"};

// "uuid:" and 32 digits, as clients make them.
std::string number_of(const vault::SigningKey& key, std::string_view told) {
  const std::string digits = vault::hex(key.mark("instance number", told));
  return fmt::format("uuid:{}-{}-{}-{}-{}", digits.substr(0, 8), digits.substr(8, 4), digits.substr(12, 4),
                     digits.substr(16, 4), digits.substr(20, 12));
}

// Out of who sends and the content: the same answers sent again are the same instance, those of somebody else are
// another's. So what is erased under such a number is never taken for what another phone sends later.
std::string number_for(const vault::SigningKey& key, const Post& post) {
  const Sender& sender = post.sender;
  std::string who = sender.device           ? "device " + sender.device.text()
                    : sender.person.account ? "account " + sender.person.account.text()
                                            : "client " + sender.device_name;
  return number_of(key, who + "\n" + post.xml);
}

std::string mark_of(const vault::SigningKey& key, const PostedFile& file) {
  vault::Sha256 hash;
  file.content([&](std::string_view piece) { hash.add(piece); });
  return key.mark("attachment content", hash.finish());
}

// RFC 9110 §8.3.1 without parameters, which may hold anything (name="…"), and lie in plain.
std::string plain_media_type(std::string_view said) {
  const std::string type = lower_ascii(trim(said.substr(0, said.find(';'))));
  const auto token = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') ||
           std::string_view("/.+-_").find(letter) != std::string_view::npos;
  };
  const bool fits = type.size() <= 127 && std::count(type.begin(), type.end(), '/') == 1 && type.front() != '/' &&
                    type.back() != '/' && std::all_of(type.begin(), type.end(), token);
  return fits ? type : "application/octet-stream";
}

void find_files(const pugi::xml_node& node, const std::string& path, const std::set<std::string>& wanted,
                std::vector<std::string>& found) {
  for (const pugi::xml_node& child : node.children()) {
    if (child.type() != pugi::node_element) continue;
    const std::string at = path + "/" + std::string(local_name(child.name()));
    if (wanted.contains(at)) {
      std::string name(trim(child.child_value()));
      if (!name.empty() && std::find(found.begin(), found.end(), name) == found.end()) found.push_back(std::move(name));
    }
    find_files(child, at, wanted, found);
  }
}

struct Keeping final : storage::Work {
  explicit Keeping(const Arrival& which) : arrival(which) {}
  void keep(storage::Transaction& transaction, std::span<storage::Work* const> all) override {
    std::vector<const Arrival*> arrivals;
    for (storage::Work* each : all) arrivals.push_back(&static_cast<Keeping*>(each)->arrival);
    std::vector<Result<Receipt>> receipts = collect::keep(transaction, arrivals);
    for (std::size_t i = 0; i < all.size(); ++i) static_cast<Keeping*>(all[i])->receipt = std::move(receipts[i]);
  }
  const Arrival& arrival;
  Result<Receipt> receipt = Receipt{};
};

constexpr std::int64_t kAhead = 1 << 20;  // bytes of a file

// A tree of XML takes many times its text. Small ones are held together; of large ones there is one at a time, and none
// while files are written or a commit is waited for.
bool is_large(const Post& post) {
  constexpr std::size_t kLarge = 256 * 1024;  // bytes
  return post.xml.size() > kLarge;
}

std::unique_lock<std::mutex> turn_for(const Post& post) {
  static std::mutex large;
  return is_large(post) ? std::unique_lock(large) : std::unique_lock<std::mutex>();
}

}  // namespace

std::string_view name_of(WaitsFor reason) { return kReasons[static_cast<std::size_t>(reason)]; }
WaitsFor waits_for_of(std::string_view name) {
  const auto found = std::find(kReasons.begin(), kReasons.end(), name);
  return found == kReasons.end() ? WaitsFor::kNothing : static_cast<WaitsFor>(found - kReasons.begin());
}

std::vector<std::string> named_files(std::string_view xml, const std::vector<std::string>& paths) {
  if (paths.empty()) return {};
  const auto document = XmlDocument::parse(xml, "");
  return document ? named_files(*document, paths) : std::vector<std::string>();
}

std::vector<std::string> named_files(const XmlDocument& document, const std::vector<std::string>& paths) {
  std::vector<std::string> found;
  const std::set<std::string> wanted(paths.begin(), paths.end());
  if (!wanted.empty())
    find_files(document.root(), "/" + std::string(local_name(document.root().name())), wanted, found);
  return found;
}

Result<Arrival> arrived(const vault::SigningKey& key, const Post& post) {
  Arrival arrival{post, {}, {}, {}, {}, {}, key};
  {
    const auto turn = turn_for(post);
    XmlDocument document = TRY(XmlDocument::parse(post.xml, "xml_submission_file"));
    arrival.envelope = TRY(read_envelope(document));
    if (!is_large(post)) arrival.document.emplace(std::move(document));
  }
  arrival.mark = key.mark("instance", post.xml);
  if (arrival.envelope.instance_id.empty()) {
    arrival.envelope.instance_id = number_for(key, post);
    arrival.number_before = number_of(key, post.xml);
  }
  if (arrival.envelope.instance_id.size() > 500 || arrival.envelope.form_id.size() > 249 ||
      arrival.envelope.version.size() > 249)
    return fail_because(problems::kReasonLongNumber, problems::kBadSubmission);
  for (const PostedFile& file : post.files)
    arrival.files.push_back(
        {&file, key.mark("attachment name", file.name), mark_of(key, file), plain_media_type(file.media_type)});
  return arrival;
}

void put_ahead(storage::Workspace& workspace, Arrival& arrival) {
  std::vector<ArrivedFile*> large;
  for (ArrivedFile& each : arrival.files)
    if (each.file->size >= kAhead) large.push_back(&each);
  if (large.empty()) return;
  {
    storage::Transaction transaction = workspace.read();
    large = wanted(transaction, arrival, large);
  }
  for (ArrivedFile* each : large)
    each->ahead =
        std::make_shared<storage::BlobAhead>(workspace, each->media_type, storage::Pieces(each->file->content));
}

Result<Receipt> take_in(storage::Workspace& workspace, const vault::SigningKey& key, const Post& post) {
  Arrival arrival = TRY(arrived(key, post));
  put_ahead(workspace, arrival);
  Keeping keeping(arrival);
  workspace.write_together(keeping);
  return std::move(keeping.receipt);
}

}  // namespace understory::collect
