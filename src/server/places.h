// Positions in a source as the desk counts them: code points of the masked text. A mask has as many as what it hides.
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
      : masked_(study::masked(text, masks)), offsets_(masked_.text) {}
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

// Whoever asks, as a coder of the study; made if need be.
Id own_coder(const Visit& visit, Id study);

void write_coding(JsonWriter& out, const study::Coding& coding, const Places& places);

}  // namespace understory::server
