// A refusal in the language of whoever asked and in the form its address wants: an envelope for phones, JSON for
// programs, a small page for everybody else. No transaction: the transport refuses too, before any route is asked.
#pragma once
#include <string>
#include <string_view>

#include "foundation/problem.h"
#include "server/http.h"

namespace understory::server {

enum class Wants { kPage, kJson, kOpenRosa };
// OpenRosa: all of /v1, and whatever ends like one of the protocol's addresses, so that a phone that was given a wrong
// server address is told so in a way it shows.
Wants wants(std::string_view path);

// ?lang= beats the cookie, the cookie what the client accepts, and that beats English.
std::string language_of(const Request& request);

Response refusal(const Request& request, const Problem& problem);
Response refusal(const Request& request, const Problem& problem, int come_back_in);  // seconds

// What can be told of a request whose head cannot be read: its first line's address and the languages it names.
Request glimpsed(std::string_view head);

}  // namespace understory::server
