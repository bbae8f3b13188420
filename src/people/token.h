// Opaque random words (sessions, invitations, devices): 256 bits, shown once, kept only as their hash.
#pragma once
#include <string>
#include <string_view>

namespace understory::people {

std::string make_token();                        // 64 hexadecimal digits
std::string token_hash(std::string_view token);  // 32 bytes; a token needs no slow hash, it cannot be guessed
// A word for one form of one session: what a page from elsewhere cannot know.
std::string form_token(std::string_view session_token);
bool same(std::string_view left, std::string_view right);  // in a time that depends on the lengths alone

}  // namespace understory::people
