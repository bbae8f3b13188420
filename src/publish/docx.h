// A report as a Word document, from the very HTML the other forms are made from, so that all say the same.
#pragma once
#include <string>
#include <string_view>

#include "foundation/result.h"

namespace understory::publish {

// `html`: what report_html() or answer_page() wrote, nothing else. Headings, lists, tables with heading rows, quotes
// and notes become Word's own, under styles that name a font for each script; each picture is a PNG of twice the
// screen's sharpness with its description. `language`: of the document.
// kProgramMissing without WeasyPrint and pdftoppm (Debian: poppler-utils), which draw the pictures, in memory.
Result<std::string> docx_from_html(const std::string& html, std::string_view language);

}  // namespace understory::publish
