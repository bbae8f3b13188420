// Positions in a source as the desk counts them: code points of the text, a mask having as many as what it hides. They
// stay what they are when something is masked, so that nobody's are wrong who has not heard of it yet.
#pragma once
#include "foundation/text.h"
#include "server/visit.h"
#include "study/coding.h"
#include "study/source.h"

namespace understory::server {

// Spans of the original as people see them: a span that cuts a mask covers all of it.
class Places {
 public:
  Places(std::string_view text, const std::vector<study::SourceMask>& masks)
      : masked_(study::masked(text, masks, study::MaskedBy::kSigns)), offsets_(masked_.text) {}
  Places(const Places&) = delete;
  std::pair<std::int64_t, std::int64_t> operator()(Span each) const {
    return {offsets_.code_point_of_byte(masked_.at(each.start)).value(),
            offsets_.code_point_of_byte(masked_.at(each.end, study::MaskedText::Edge::kAfter)).value()};
  }
  const std::string& text() const { return masked_.text; }

 private:
  study::MaskedText masked_;
  OffsetMap offsets_;
};

// The bytes between two code points that were sent, widened to whole characters and whole masks. kInvalidValue.
Result<Span> span_sent(const study::SourceText& source, std::int64_t start, std::int64_t end);
// Tells others who have the study open, once what was changed is kept.
Response told_others(JsonWriter out, Id study, int status = 200);

// Whoever asks, as a coder of the study; made if need be.
Id own_coder(const Visit& visit, Id study);

void write_coding(JsonWriter& out, const study::Coding& coding, const Places& places);

}  // namespace understory::server
