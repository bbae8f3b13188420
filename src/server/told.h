// The source an address names, as far as it is open to whoever asks.
#pragma once
#include "server/visit.h"
#include "study/source.h"

namespace understory::server {

// One that is not open to this person is not there; and it takes no longer to say so. kNotFound. While it is coded
// blind, what others put on it is not in it.
Result<study::Source> open_to(const Visit& visit, Id study, Id wanted);
// The same without opening what was told.
Result<void> is_open_to(const Visit& visit, Id study, Id wanted);

std::string name_of(const std::vector<study::Location>& locations, Id location);

// A stretch of what one person said, or a paragraph of a text without turns. `speech`: where the words begin, after
// what names the speaker.
struct Block {
  Span span;
  std::int64_t speech;
};
std::vector<Block> blocks_of(const study::Source& source);

}  // namespace understory::server
