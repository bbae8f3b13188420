// Files of forms that are being filled in on our pages: a browser shows no file box filled twice, so what was chosen is
// kept here until the form is sent. In this process alone: after a restart people choose again, and are told so.
#pragma once
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "foundation/clock.h"
#include "server/upload.h"

namespace understory::server {

struct HeldFile {
  std::string name, media_type;
  Upload content;
};

// Used by any thread. Forms are named by the instanceID they are sent under, which only their own page knows signed.
class HeldFiles {
 public:
  static constexpr std::size_t kForms = 24;  // at once; the one untouched longest goes first
  static constexpr Milliseconds kLife = 3 * 60 * 60 * 1000;

  void put(const std::string& form, HeldFile file, Milliseconds at);
  std::map<std::string, HeldFile> of(const std::string& form, Milliseconds at);  // by name
  void forget(const std::string& form);

 private:
  struct Form {
    std::map<std::string, HeldFile> files;
    Milliseconds at = 0;
  };
  std::mutex mutex_;
  std::map<std::string, Form> forms_;
};

}  // namespace understory::server
