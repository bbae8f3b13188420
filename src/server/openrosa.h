// How clients of the OpenRosa protocol (ODK Collect, KoboCollect, Enketo) are spoken to: an XML envelope with the
// protocol's headers for everything, errors too, with a sentence in the client's language.
// Source: OpenRosa 1.0 (docs.getodk.org/openrosa), and what the clients really check.
#pragma once
#include "collect/forms.h"
#include "collect/intake.h"
#include "people/device.h"
#include "server/visit.h"

namespace understory::server {

inline constexpr std::uint64_t kMostSent = 100'000'000;  // bytes of one POST: X-OpenRosa-Accept-Content-Length

// <OpenRosaResponse> with one message. `nature` as the protocol names it: "submit_success", "error", "".
Response envelope(int status, std::string_view nature, std::string_view message);
Response openrosa_problem(const Catalogue& words, const Problem& problem);
// An XML document of the protocol.
Response openrosa_xml(std::string body);
void add_openrosa_headers(Response& response);
// Any answer to such a client that is no document of the protocol yet becomes one.
Response in_envelope(Response response);

// What the parts of a request are as a submission: one part "xml_submission_file", and files. Who sends it is for the
// route to say. kBadSubmission: no such part, or two.
Result<collect::Post> sent_parts(const Visit& visit);
// The file of that name, as phones and our own page fetch it beside a form. kNotFound: not there, or a list that
// nothing at hand opens.
Result<Response> file_beside(const Visit& visit, const collect::FormVersion& version, const std::string& name);

// The list of entities that stands for a file nobody brought, and its content as whoever asks may have it. Nothing:
// there is none, or nothing at hand opens it.
std::optional<std::pair<Id, std::string>> list_beside(const Visit& visit, Id study, const collect::FormFile& file);
// An answer that holds what those lists say: it stands in the log before it goes out.
Response opens_lists(const Visit& visit, const std::vector<Id>& lists, Response response);

// The device behind a request: by the token in its path, or by its name and token as HTTP Basic (where the way is
// secure) or Digest.
std::optional<people::Device> device_behind(const Visit& visit);
// The answer to a nonce that signs a request by HTTP Digest, where it does: good once. spend() in a transaction of its
// own, while none is open: false where it was used before, on whichever server.
struct NonceUse {
  Id device;
  std::string nonce, count;
};
std::optional<NonceUse> nonce_used(const Visit& visit);
bool spend(storage::Workspace& workspace, const NonceUse& use);
// What the token that came with the request opens; nothing where none came (HTTP Digest).
std::optional<vault::Secret> device_secret_of(const Visit& visit);
// 401 that says how to sign in; with a token in the path, where no password helps, 403.
Response ask_for_device(const Visit& visit);

}  // namespace understory::server
