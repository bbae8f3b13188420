// Takes in the body of one request as its address wants it (http.h's Body), piece by piece, with little memory however
// much comes: 512 KiB of all parts together, the rest in the spool. No sockets.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/http.h"
#include "server/multipart.h"
#include "server/upload.h"

namespace understory::server {

class BodyReader : private Multipart::Taker {
 public:
  // `content_type` as the request says it; `declared`: how many bytes it says will come.
  BodyReader(const Body& wanted, std::string_view content_type, std::optional<std::uint64_t> declared, Spool& spool);
  ~BodyReader() override;

  // False: it goes no further, problem() says why, and what else comes need not be read.
  bool feed(std::string_view piece);
  // Takes nothing more, for that reason.
  void refuse(Problem problem) { problem_.emplace(std::move(problem)); }
  // Puts what came into the request: body, parts, content, form, body_problem.
  void finish(Request& request);
  const std::optional<Problem>& problem() const { return problem_; }
  // The next piece may have to be written to a disk, which can take its time.
  bool may_wait() const { return came_ + kCarry > kSmall; }

 private:
  static constexpr std::uint64_t kSmall = UploadWriter::kInMemory, kCarry = 128 * 1024;
  Result<void> take(std::string_view piece);
  Result<void> begin(PartHead head) override;
  Result<void> bytes(std::string_view piece) override;
  Result<void> end() override;
  std::size_t room() const;
  Problem too_large() const;

  const Body wanted_;
  Spool& spool_;
  std::shared_ptr<SpoolFile> file_;
  std::optional<Multipart> multipart_;
  std::optional<UploadWriter> writer_;
  PartHead head_;
  std::string form_;  // of kForm, or of plain fields where parts were wanted
  bool plain_ = false;
  std::uint64_t limit_ = 0;
  std::vector<Part> parts_;
  Upload content_;
  std::uint64_t came_ = 0;
  std::size_t in_memory_ = 0, heads_ = 0;
  std::optional<Problem> problem_;
};

}  // namespace understory::server
