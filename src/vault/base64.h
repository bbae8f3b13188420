// Base64 (RFC 4648 §4, with padding), as HTTP and XForms use it.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace understory::vault {

std::string to_base64(std::string_view bytes);
std::optional<std::string> from_base64(std::string_view text);  // white space is passed over; nothing: not base64

}  // namespace understory::vault
