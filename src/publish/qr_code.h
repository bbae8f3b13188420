// A QR code as a picture: for pages (SVG) and for terminals.
#pragma once
#include <string>
#include <string_view>

#include "foundation/result.h"

namespace understory::publish {

// kTooLarge: more than a code can hold (about 2,900 bytes).
Result<std::string> qr_code_svg(std::string_view text, std::string_view title);
Result<std::string> qr_code_text(std::string_view text);  // in half blocks, dark on light

}  // namespace understory::publish
