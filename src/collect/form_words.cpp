// The words of a form: its itext, and labels that hold their text themselves.
#include <algorithm>

#include "collect/form_parts.h"
#include "foundation/text.h"

namespace understory::collect::reading {

void Texts::add(std::size_t language, const std::string& id, Words::In words) {
  texts_[id].emplace_back(language, std::move(words));
}

const std::vector<std::pair<std::size_t, Words::In>>* Texts::find(const std::string& id) const {
  const auto found = texts_.find(id);
  return found == texts_.end() ? nullptr : &found->second;
}

std::map<std::string, Words> Texts::all() const {
  std::map<std::string, Words> all;
  for (const auto& [id, texts] : texts_)
    for (const auto& [language, in] : texts) all[id].each.push_back(in);
  return all;
}

namespace {

// The text of an element; what stands in <output> is kept as "${" expression "}". Line breaks of the file's own layout
// around the text are nobody's words.
std::string text_with_outputs(const pugi::xml_node& element) {
  std::string text;
  const auto add = [&](auto&& self, const pugi::xml_node& node) -> void {
    for (const pugi::xml_node& piece : node.children()) {
      if (piece.type() == pugi::node_pcdata || piece.type() == pugi::node_cdata) {
        for (const char* byte = piece.value(); *byte; ++byte) text.append(*byte == '$' ? 2 : 1, *byte);
      } else if (local_name(piece.name()) == "output") {
        const char* value = attribute_named(piece, "value");
        if (!value) value = attribute_named(piece, "ref");
        if (value) text.append("${").append(trim(value)).append("}");
      } else if (piece.type() == pugi::node_element) {
        self(self, piece);  // markup of old forms: its words remain
      }
    }
  };
  add(add, element);
  return std::string(trim(text));
}

std::string file_name(std::string_view address) {
  address = trim(address);
  const std::size_t slash = address.rfind('/');
  return std::string(slash == std::string_view::npos ? address : address.substr(slash + 1));
}

std::size_t size_of(const Words::In& words) {
  return words.language.size() + words.text.size() + words.image.size() + words.audio.size() + words.video.size() +
         sizeof(Words::In);
}

Words::In read_text(const pugi::xml_node& text) {
  Words::In words;
  std::string long_form, short_form;
  bool plain = false;
  std::string big_image;
  for (const pugi::xml_node& value : text.children()) {
    if (local_name(value.name()) != "value") continue;
    const char* form = attribute_named(value, "form");
    const std::string_view kind = form ? trim(form) : std::string_view();
    if (kind.empty() && !plain) {
      words.text = text_with_outputs(value);
      plain = true;
    } else if (kind == "long") {
      long_form = text_with_outputs(value);
    } else if (kind == "short") {
      short_form = text_with_outputs(value);
    } else if (kind == "image") {
      words.image = file_name(text_of(value));
    } else if (kind == "big-image") {
      big_image = file_name(text_of(value));
    } else if (kind == "audio") {
      words.audio = file_name(text_of(value));
    } else if (kind == "video") {
      words.video = file_name(text_of(value));
    }
  }
  if (!plain) words.text = long_form.empty() ? short_form : long_form;
  if (words.image.empty()) words.image = big_image;
  return words;
}

}  // namespace

void read_texts(Reading& reading, const pugi::xml_node& model) {
  const pugi::xml_node itext = child_named(model, "itext");
  std::vector<pugi::xml_node> translations;
  std::ptrdiff_t first = -1;
  for (const pugi::xml_node& translation : itext.children()) {
    if (local_name(translation.name()) != "translation") continue;
    const char* is_default = attribute_named(translation, "default");
    if (is_default && first < 0 && trim(is_default) != "false()")
      first = static_cast<std::ptrdiff_t>(translations.size());
    translations.push_back(translation);
  }
  if (first > 0) std::rotate(translations.begin(), translations.begin() + first, translations.begin() + first + 1);
  for (const pugi::xml_node& translation : translations) {
    const char* name = attribute_named(translation, "lang");
    const std::string language = name ? std::string(trim(name)) : std::string();
    auto& languages = reading.form.languages;
    if (std::find(languages.begin(), languages.end(), language) != languages.end()) {
      reading.warn(translation, "the language “" + language + "” stands twice; the first one counts");
      continue;
    }
    languages.push_back(language);
    for (const pugi::xml_node& text : translation.children()) {
      if (local_name(text.name()) != "text") continue;
      const char* id = attribute_named(text, "id");
      if (!id) continue;
      Words::In words = read_text(text);
      words.language = language;
      reading.need_file(words.image, "image");
      reading.need_file(words.audio, "audio");
      reading.need_file(words.video, "video");
      for (const pugi::xml_node& value : text.children())
        if (const char* form = attribute_named(value, "form"); form && trim(form) == "big-image")
          reading.need_file(file_name(text_of(value)), "image");
      reading.texts.add(languages.size() - 1, std::string(trim(id)), std::move(words));
    }
  }
}

std::optional<std::string> itext_id(std::string_view reference) {
  reference = trim(reference);
  if (reference.rfind("jr:itext(", 0) != 0 || reference.back() != ')') return std::nullopt;
  std::string_view inside = trim(reference.substr(9, reference.size() - 10));
  if (inside.size() < 2 || (inside[0] != '\'' && inside[0] != '"') || inside.back() != inside[0]) return std::nullopt;
  inside = inside.substr(1, inside.size() - 2);
  if (inside.find_first_of("'\"") != std::string_view::npos) return std::nullopt;
  return std::string(trim(inside));
}

Result<Words> words_by_id(Reading& reading, const pugi::xml_node& element, const std::string& id) {
  Words words;
  const auto* found = reading.texts.find(id);
  if (!found) {
    reading.warn(element, "there is no text “" + id + "” in the itext");
    return words;
  }
  for (const auto& [language, in] : *found) {
    reading.copied += size_of(in);
    if (reading.copied > kCopyLimit) return reading.refuse(element, "its texts are asked for too often to be held");
    if (!words.each.empty() && words.each.back().language == in.language) continue;  // the id stands twice
    words.each.push_back(in);
  }
  return words;
}

Result<Words> words_of(Reading& reading, const pugi::xml_node& element) {
  if (!element) return Words{};
  if (const char* reference = attribute_named(element, "ref")) {
    if (const auto id = itext_id(reference)) return words_by_id(reading, element, *id);
    // A path: the words are what stands there while the form is filled in.
    Words words;
    words.each.push_back({"", "${" + std::string(trim(reference)) + "}", "", "", ""});
    return words;
  }
  Words words;
  std::string text = text_with_outputs(element);
  if (!text.empty()) words.each.push_back({"", std::move(text), "", "", ""});
  return words;
}

Result<Words> words_of_attribute(Reading& reading, const pugi::xml_node& element, const char* value) {
  Words words;
  if (!value || !*value) return words;
  if (const auto id = itext_id(value)) return words_by_id(reading, element, *id);
  std::string text;
  for (const char* byte = value; *byte; ++byte) text.append(*byte == '$' ? 2 : 1, *byte);
  words.each.push_back({"", std::move(text), "", "", ""});
  return words;
}

}  // namespace understory::collect::reading
