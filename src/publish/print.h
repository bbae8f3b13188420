// What paper needs and a screen does not.
#pragma once
#include <string>
#include <string_view>

namespace understory::publish {

// The same document with the words of its pictures set as lines of the document, over the picture. WeasyPrint sets the
// text of a picture letter by letter, which tears Khmer, Nepali, Hindi, Bengali and Thai apart. For pictures made in
// this room: one <svg> with width and height, <text> with x and y and no elements inside.
std::string with_words_over_pictures(std::string_view html);

}  // namespace understory::publish
