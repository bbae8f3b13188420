// The side file understory.json.
#include <boost/json.hpp>

#include "foundation/id.h"
#include "foundation/json_writer.h"
#include "foundation/text.h"
#include "study/exchange/offsets.h"
#include "study/exchange/refi.h"
#include "study/vocabulary.h"
#include "vault/vault.h"

namespace understory::study {

namespace json = boost::json;

namespace {

constexpr Reading kSideReading{Unit::kCodePoint, false, false, false};
constexpr std::string_view kInclude = "\n\nInclude: ", kExclude = "\n\nExclude: ";

constexpr std::int64_t kFar = std::int64_t{1} << 40;  // further than any text goes

bool only_lf(std::string_view text) {
  return text.find('\n') != std::string_view::npos && text.find('\r') == std::string_view::npos;
}

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value && value->is_string() ? std::string(value->as_string()) : "";
}
std::int64_t number_of(const json::object& object, std::string_view key, std::int64_t otherwise) {
  const json::value* value = object.if_contains(key);
  return value && value->is_int64() ? std::clamp(value->as_int64(), -kFar, kFar) : otherwise;
}
bool truth_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value && value->is_bool() && value->as_bool();
}
const json::array& list_of(const json::object& object, std::string_view key) {
  static const json::array kEmpty;
  const json::value* value = object.if_contains(key);
  return value && value->is_array() ? value->as_array() : kEmpty;
}

template <typename Elements>
std::map<std::string, int> by_guid(const Elements& elements) {
  std::map<std::string, int> index;
  for (std::size_t i = 0; i < elements.size(); ++i)
    if (!elements[i].guid.empty()) index.try_emplace(elements[i].guid, static_cast<int>(i));
  return index;
}
int found(const std::map<std::string, int>& index, const std::string& guid) {
  const auto at = index.find(guid);
  return at == index.end() ? -1 : at->second;
}

// A span of the side file → bytes; nothing when it does not lie in the text.
std::optional<Span> span_in(const std::string& text, const json::object& object) {
  const std::vector<LocatedSpan> located =
      locate(text, {{number_of(object, "start", -1), number_of(object, "end", -1), "", ""}}, kSideReading);
  if (!located[0].usable) return std::nullopt;
  return located[0].bytes;
}

}  // namespace

std::string code_description(const MaterialCode& code) {
  std::string description = code.definition;
  if (!code.include.empty()) description += std::string(kInclude) + code.include;
  if (!code.exclude.empty()) description += std::string(kExclude) + code.exclude;
  return description;
}

void read_code_description(std::string_view description, MaterialCode& code) {
  const std::size_t exclude = description.rfind(kExclude);
  if (exclude != std::string_view::npos) {
    code.exclude = std::string(description.substr(exclude + kExclude.size()));
    description = description.substr(0, exclude);
  }
  const std::size_t include = description.rfind(kInclude);
  if (include != std::string_view::npos) {
    code.include = std::string(description.substr(include + kInclude.size()));
    description = description.substr(0, include);
  }
  code.definition = std::string(description);
}

std::string guid_from(std::string_view words) {
  std::string digits = vault::sha256_hex(words).substr(0, 32);
  digits[12] = '8';  // RFC 9562: a version of our own making
  digits[16] = "89ab"[digits[16] % 4];
  for (int at : {8, 13, 18, 23}) digits.insert(static_cast<std::size_t>(at), "-");
  return digits;
}

std::string write_side_file(const Material& material, const SideOptions& options) {
  JsonWriter out;
  out.object().member("format", "understory 1").key("coders").array();
  for (const MaterialCoder& coder : material.coders)
    if (coder.kind != "human") out.object().member("guid", coder.guid).member("kind", coder.kind).end_object();
  out.end_array().key("codes").array();
  for (const MaterialCode& code : material.codes) {
    out.object().member("guid", code.guid).member("kind", code.kind);
    if (!code.meaning.empty()) out.member("meaning", code.meaning);
    if (!code.names.empty()) {
      out.key("names").object();
      for (const auto& [language, name] : code.names) out.member(language, name);
      out.end_object();
    }
    out.end_object();
  }
  out.end_array().key("locations").array();
  for (const MaterialLocation& location : material.locations)
    out.object()
        .member("guid", location.guid)
        .member("name", location.name)
        .member("place_code", location.place_code)
        .end_object();
  out.end_array().key("respondents").array();
  for (const MaterialRespondent& respondent : material.respondents)
    if (respondent.kind != "person" || respondent.size != 1)
      out.object()
          .member("guid", respondent.guid)
          .member("kind", respondent.kind)
          .member("size", respondent.size)
          .end_object();
  out.end_array().key("sources").array();
  for (std::size_t s = 0; s < material.sources.size(); ++s) {
    const MaterialSource& source = material.sources[s];
    const Positions positions(source.text, kSideReading, false);
    out.object().member("guid", source.guid);
    if (!source.asked.empty()) out.member("asked", source.asked);
    if (source.is_read) out.member("is_read", true);
    if (source.byte_order_mark) out.member("byte_order_mark", true);
    if (options.newlines_made_crlf && only_lf(source.text)) out.member("newlines_made_crlf", true);
    if (source.translation_of >= 0)
      out.member("translation_of", material.sources[static_cast<std::size_t>(source.translation_of)].guid);
    if (!source.original_name.empty())
      out.member("original_name", source.original_name).member("original_media_type", source.original_media_type);
    if (!source.speakers.empty()) {
      out.key("speakers").array();
      for (const MaterialSpeaker& speaker : source.speakers)
        out.object()
            .member("label", speaker.label)
            .member("respondent", speaker.respondent < 0
                                      ? ""
                                      : material.respondents[static_cast<std::size_t>(speaker.respondent)].guid)
            .end_object();
      out.end_array();
    }
    bool masks = false;
    for (const MaterialMask& mask : material.masks) {
      if (mask.source != static_cast<int>(s)) continue;
      if (!masks) out.key("masks").array();
      masks = true;
      out.object()
          .member("start", positions.start_of(mask.span.bytes.start))
          .member("end", positions.end_of(mask.span.bytes.end))
          .member("kind", mask.kind);
      if (!mask.instead.empty()) out.member("instead", mask.instead);
      out.end_object();
    }
    if (masks) out.end_array();
    out.end_object();
  }
  out.end_array().key("links").array();
  for (const MaterialLink& link : material.links) {
    if (link.source < 0) continue;
    const MaterialSource& source = material.sources[static_cast<std::size_t>(link.source)];
    const Positions positions(source.text, kSideReading, false);
    out.object().member("guid", link.guid).member("source", source.guid);
    if (link.coder >= 0) out.member("coder", material.coders[static_cast<std::size_t>(link.coder)].guid);
    out.member("from", material.codes[static_cast<std::size_t>(link.from)].guid)
        .member("to", material.codes[static_cast<std::size_t>(link.to)].guid);
    out.member("start", positions.start_of(link.span.bytes.start)).member("end", positions.end_of(link.span.bytes.end));
    if (link.from_span.start < link.from_span.end)
      for (const auto& [name, span] : {std::pair{"cause", link.from_span}, {"effect", link.to_span}})
        out.key(name)
            .object()
            .member("start", positions.start_of(span.start))
            .member("end", positions.end_of(span.end))
            .end_object();
    out.member("sign", link.sign).member("certainty", link.certainty);
    if (link.created_at) out.member("created_at", *link.created_at);
    out.end_object();
  }
  return out.end_array().end_object().text() + "\n";
}

bool side_file_made_crlf(std::string_view text, const std::string& source_guid) {
  boost::system::error_code error;
  const json::value document = json::parse(text, error);
  if (error || !document.is_object()) return false;
  for (const json::value& entry : list_of(document.as_object(), "sources"))
    if (entry.is_object() && text_of(entry.as_object(), "guid") == source_guid)
      return truth_of(entry.as_object(), "newlines_made_crlf");
  return false;
}

Result<void> read_side_file(std::string_view text, const std::string& file, Material& material) {
  boost::system::error_code error;
  const json::value document = json::parse(text, error);
  if (error || !document.is_object() || text_of(document.as_object(), "format").rfind("understory ", 0) != 0)
    return fail(problems::kDamagedArchive, {{"file", file}, {"reason", "its understory.json cannot be read"}});
  const json::object& side = document.as_object();
  const auto each = [](const json::array& list, auto&& use) {
    for (const json::value& entry : list)
      if (entry.is_object()) use(entry.as_object());
  };
  const auto coders = by_guid(material.coders), codes = by_guid(material.codes),
             respondents = by_guid(material.respondents), sources = by_guid(material.sources);
  each(list_of(side, "coders"), [&](const json::object& entry) {
    if (const int at = found(coders, text_of(entry, "guid")); at >= 0 && text_of(entry, "kind") == "machine")
      material.coders[static_cast<std::size_t>(at)].kind = "machine";
  });
  each(list_of(side, "codes"), [&](const json::object& entry) {
    const int at = found(codes, text_of(entry, "guid"));
    if (at < 0) return;
    MaterialCode& code = material.codes[static_cast<std::size_t>(at)];
    if (is_one_of(kCodeKinds, text_of(entry, "kind"))) code.kind = text_of(entry, "kind");
    if (is_one_of(kCodeMeanings, text_of(entry, "meaning"))) code.meaning = text_of(entry, "meaning");
    if (const json::value* names = entry.if_contains("names"); names && names->is_object())
      for (const auto& name : names->as_object())
        if (name.value().is_string() && is_one_of(kLanguages, name.key()))
          code.names[std::string(name.key())] = std::string(name.value().as_string());
  });
  each(list_of(side, "locations"), [&](const json::object& entry) {
    for (MaterialLocation& location : material.locations)
      if (location.name == text_of(entry, "name")) {
        location.guid = text_of(entry, "guid");
        location.place_code = text_of(entry, "place_code");
        return;
      }
    material.locations.push_back({text_of(entry, "guid"), text_of(entry, "name"), text_of(entry, "place_code")});
  });
  each(list_of(side, "respondents"), [&](const json::object& entry) {
    const int at = found(respondents, text_of(entry, "guid"));
    if (at < 0) return;
    MaterialRespondent& respondent = material.respondents[static_cast<std::size_t>(at)];
    if (text_of(entry, "kind") == "group") respondent.kind = "group";
    respondent.size = static_cast<int>(std::clamp<std::int64_t>(number_of(entry, "size", 1), 1, 1000));
  });
  each(list_of(side, "sources"), [&](const json::object& entry) {
    const int at = found(sources, text_of(entry, "guid"));
    if (at < 0) return;
    MaterialSource& source = material.sources[static_cast<std::size_t>(at)];
    source.asked = text_of(entry, "asked");
    source.is_read = truth_of(entry, "is_read");
    source.byte_order_mark = truth_of(entry, "byte_order_mark");
    source.translation_of = found(sources, text_of(entry, "translation_of"));
    if (const std::string name = text_of(entry, "original_name"); !name.empty() && !source.original.empty()) {
      source.original_name = name;
      source.original_media_type = text_of(entry, "original_media_type");
    }
    if (!list_of(entry, "speakers").empty()) {
      source.speakers.clear();
      each(list_of(entry, "speakers"), [&](const json::object& speaker) {
        source.speakers.push_back({text_of(speaker, "label"), found(respondents, text_of(speaker, "respondent"))});
      });
    }
    each(list_of(entry, "masks"), [&](const json::object& mask) {
      const std::string kind = text_of(mask, "kind");
      if (const auto span = span_in(source.text, mask))
        material.masks.push_back(
            {at, {*span, "", 1}, is_one_of(kMaskKinds, kind) ? kind : "other", text_of(mask, "instead"), file});
      else
        material.report.note("mask", Outcome::kUnusable, source.guid, "it does not lie within the text");
    });
  });
  each(list_of(side, "links"), [&](const json::object& entry) {
    MaterialLink link;
    link.guid = text_of(entry, "guid");
    link.source = found(sources, text_of(entry, "source"));
    link.coder = found(coders, text_of(entry, "coder"));
    link.from = found(codes, text_of(entry, "from"));
    link.to = found(codes, text_of(entry, "to"));
    const auto span =
        link.source < 0 ? std::nullopt : span_in(material.sources[static_cast<std::size_t>(link.source)].text, entry);
    if (!span || link.from < 0 || link.to < 0) {
      material.report.note("link", Outcome::kUnusable, link.guid,
                           "its source or one of its codes is not in the file, or it lies beyond the text");
      return;
    }
    link.span.bytes = *span;
    const auto passage = [&](const char* name) -> std::optional<Span> {
      const json::value* at = entry.if_contains(name);
      if (!at || !at->is_object()) return std::nullopt;
      return span_in(material.sources[static_cast<std::size_t>(link.source)].text, at->as_object());
    };
    if (const auto cause = passage("cause"), effect = passage("effect"); cause && effect) {
      link.from_span = *cause;
      link.to_span = *effect;
    }
    link.sign = number_of(entry, "sign", 1) < 0 ? -1 : 1;
    if (const std::string certainty = text_of(entry, "certainty"); is_one_of(kCertainties, certainty))
      link.certainty = certainty;
    if (const std::int64_t at = number_of(entry, "created_at", -1); at >= 0) link.created_at = at;
    link.where = file;
    material.links.push_back(std::move(link));
  });
  return {};
}

}  // namespace understory::study
