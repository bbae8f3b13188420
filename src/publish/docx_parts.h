// What every Word document of ours holds beside its text: styles, fonts, numbering, page.
#pragma once
#include <map>
#include <string>
#include <string_view>

namespace understory::publish {

// The character style of a script ("Khmer", "Thai", "Devanagari", "Bengali"), empty for Latin and what any font has.
std::string_view script_style(char32_t letter);

// Everything but word/document.xml, its relationships and its pictures.
std::map<std::string, std::string> docx_parts(std::string_view title, std::string_view language);

}  // namespace understory::publish
