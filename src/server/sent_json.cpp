#include "server/sent_json.h"

#include "foundation/text.h"

namespace understory::server {

namespace json = boost::json;

namespace {

constexpr std::size_t kMost = 64 * 1024;

tl::unexpected<Problem> bad(std::string reason) { return fail(problems::kBadJson, {{"reason", std::move(reason)}}); }
std::string quoted(std::string_view name) { return "“" + std::string(name) + "”"; }

}  // namespace

Result<SentJson> SentJson::read(std::string_view text) {
  boost::system::error_code wrong;
  json::parse_options limits;
  limits.max_depth = 4;
  json::value value = json::parse(json::string_view(text.data(), text.size()), wrong, {}, limits);
  if (wrong) return bad(text.empty() ? "nothing was sent" : wrong.message());
  if (!value.is_object()) return bad("it must be an object");
  SentJson made;
  made.object_ = std::move(value.as_object());
  return made;
}

Result<SentJson> SentJson::of(const Request& request) { return read(TRY(request.content.text(kMost))); }

bool SentJson::has(std::string_view name) const {
  const auto found = object_.find(json::string_view(name.data(), name.size()));
  return found != object_.end() && !found->value().is_null();
}

Result<std::string> SentJson::text(std::string_view name, std::size_t most) const {
  if (!has(name)) return bad(quoted(name) + " is missing");
  const json::value& value = object_.at(json::string_view(name.data(), name.size()));
  if (!value.is_string()) return bad(quoted(name) + " must be text");
  std::string text(value.as_string());
  if (text.size() > most) return bad(quoted(name) + " is longer than " + std::to_string(most) + " bytes");
  if (first_invalid_utf8(text) || text.find('\0') != std::string::npos) return bad(quoted(name) + " is no plain text");
  return text;
}

Result<std::string> SentJson::text_or(std::string_view name, std::size_t most, std::string otherwise) const {
  return has(name) ? text(name, most) : Result<std::string>(std::move(otherwise));
}

Result<std::int64_t> SentJson::number(std::string_view name) const {
  if (!has(name)) return bad(quoted(name) + " is missing");
  const json::value& value = object_.at(json::string_view(name.data(), name.size()));
  if (!value.is_int64()) return bad(quoted(name) + " must be a whole number");
  return value.as_int64();
}

Result<bool> SentJson::truth(std::string_view name) const {
  if (!has(name)) return bad(quoted(name) + " is missing");
  const json::value& value = object_.at(json::string_view(name.data(), name.size()));
  if (!value.is_bool()) return bad(quoted(name) + " must be true or false");
  return value.as_bool();
}

Result<Id> SentJson::id(std::string_view name) const {
  const auto id = Id::parse(TRY(text(name, 40)));
  if (!id) return bad(quoted(name) + " must be an id");
  return *id;
}

Result<Id> SentJson::id_or_none(std::string_view name) const { return has(name) ? id(name) : Result<Id>(Id{}); }

Result<std::vector<Id>> SentJson::ids(std::string_view name, std::size_t most) const {
  if (!has(name)) return bad(quoted(name) + " is missing");
  const json::value& value = object_.at(json::string_view(name.data(), name.size()));
  if (!value.is_array()) return bad(quoted(name) + " must be a list of ids");
  if (value.as_array().size() > most) return bad(quoted(name) + " has more than " + std::to_string(most) + " entries");
  std::vector<Id> list;
  for (const json::value& each : value.as_array()) {
    const auto id = each.is_string() ? Id::parse(std::string_view(each.as_string())) : std::nullopt;
    if (!id) return bad(quoted(name) + " must be a list of ids");
    list.push_back(*id);
  }
  return list;
}

Result<std::vector<std::pair<std::string, std::string>>> SentJson::texts(std::string_view name,
                                                                         std::size_t most) const {
  std::vector<std::pair<std::string, std::string>> list;
  if (!has(name)) return list;
  const json::value& value = object_.at(json::string_view(name.data(), name.size()));
  if (!value.is_object()) return bad(quoted(name) + " must be an object of texts");
  for (const auto& [key, each] : value.as_object()) {
    if (!each.is_string() || each.as_string().size() > most) return bad(quoted(name) + " must be an object of texts");
    if (first_invalid_utf8(each.as_string()) || first_invalid_utf8(key)) return bad(quoted(name) + " is no plain text");
    list.emplace_back(std::string(key), std::string(each.as_string()));
  }
  return list;
}

}  // namespace understory::server
