#include "server/held_files.h"

#include <algorithm>

namespace understory::server {

void HeldFiles::put(const std::string& form, HeldFile file, Milliseconds at) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(forms_, [&](const auto& each) { return each.second.at + kLife < at; });
  if (!forms_.contains(form) && forms_.size() >= kForms)
    forms_.erase(std::min_element(forms_.begin(), forms_.end(),
                                  [](const auto& a, const auto& b) { return a.second.at < b.second.at; }));
  Form& held = forms_[form];
  held.at = at;
  const std::string name = file.name;
  held.files.insert_or_assign(name, std::move(file));
}

std::map<std::string, HeldFile> HeldFiles::of(const std::string& form, Milliseconds at) {
  const std::scoped_lock lock(mutex_);
  const auto found = forms_.find(form);
  if (found == forms_.end() || found->second.at + kLife < at) return {};
  found->second.at = at;
  return found->second.files;
}

void HeldFiles::forget(const std::string& form) {
  const std::scoped_lock lock(mutex_);
  forms_.erase(form);
}

}  // namespace understory::server
