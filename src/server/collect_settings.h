// What ODK Collect and KoboCollect read from a QR code: where the server is. Source:
// docs.getodk.org/collect-import-export
#pragma once
#include <string>
#include <string_view>

namespace understory::server {

// "https://voices.example.org" and a token → the address all of a device's requests begin with.
std::string device_address(std::string_view server, std::string_view token);
// The settings as they stand in the code: JSON, packed with zlib, in Base64.
std::string collect_settings(std::string_view address, std::string_view project);

}  // namespace understory::server
