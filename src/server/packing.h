// What every answer carries, and answers made small for slow networks.
#pragma once
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "server/http.h"

namespace understory::server {

// A page names nothing from elsewhere, runs nothing, may use no part of the machine, is framed by nobody and stays in
// no cache. Its address goes to no other site; to this one it must: with "no-referrer" browsers send forms with
// "Origin: null".
inline constexpr std::array<std::pair<const char*, const char*>, 8> kOnEveryAnswer{{
    {"Content-Security-Policy",
     "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
     "frame-ancestors 'none'"},
    {"Permissions-Policy",
     "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), bluetooth=(), midi=(), "
     "display-capture=(), accelerometer=(), gyroscope=(), magnetometer=(), browsing-topics=()"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "same-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Embedder-Policy", "require-corp"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cache-Control", "no-store"},
}};

bool worth_packing(const Response& response);       // text, and long enough to save more than a header costs
bool takes_gzip(std::string_view accept_encoding);  // and does not say gzip;q=0
std::string packed(const std::string& content);     // gzip

}  // namespace understory::server
