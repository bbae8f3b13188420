// Files root makes in a folder that is somebody else's: a steward at the terminal beside a server that is not root.
#pragma once
#include <filesystem>

namespace understory {

// Gives the file to whom its folder belongs, so that the server can read it. Does nothing unless it is root that runs.
// What cannot be given stays as it is.
void as_its_folder(const std::filesystem::path& file);
// The same, to the owner of another file.
void as_file(int descriptor, const char* other);

}  // namespace understory
