// What kind of file a name's ending says.
#pragma once
#include <string>
#include <string_view>

namespace understory::collect {

// Of a file beside a form, as phones are told; "application/octet-stream" for an ending that is not known.
std::string media_type_of(std::string_view name);

}  // namespace understory::collect
