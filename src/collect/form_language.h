// What a form's itext calls its languages, and the languages of pages.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace understory::collect {

// "Khmer (km)" → "km"; so are "km", and "Khmer" of a language pages are in. Empty: the name does not say.
std::string language_code(std::string_view language);
// The one that is nearest to a page's ("km" → "ខ្មែរ (km)"); the first where none is near, "" where there is none.
std::string nearest_language(const std::vector<std::string>& languages, std::string_view page_language);

}  // namespace understory::collect
