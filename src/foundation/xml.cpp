#include "foundation/xml.h"

#include <algorithm>
#include <cctype>
#include <sstream>

#include "foundation/reasons.h"
#include "foundation/text.h"

namespace understory {

namespace {

constexpr int kDepthLimit = 200;

tl::unexpected<Problem> bad(const std::string& file, std::string_view content, std::size_t at,
                            const ProblemKind& reason) {
  at = std::min(at, content.size());
  const std::string_view before = content.substr(0, at);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t begin = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  std::int64_t column = 1;
  for (char byte : before.substr(begin)) column += (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  return fail_because(reason, problems::kBadXml,
                      {{"file", file}, {"line", std::to_string(line)}, {"column", std::to_string(column)}});
}

const ProblemKind& reason_of(pugi::xml_parse_status status) {
  switch (status) {
    case pugi::status_no_document_element: return problems::kReasonNoElement;
    case pugi::status_unrecognized_tag:
    case pugi::status_bad_start_element:
    case pugi::status_bad_pi: return problems::kReasonTag;
    case pugi::status_bad_end_element:
    case pugi::status_end_element_mismatch: return problems::kReasonNotClosed;
    case pugi::status_bad_attribute: return problems::kReasonAttribute;
    case pugi::status_bad_comment:
    case pugi::status_bad_cdata: return problems::kReasonNoEnd;
    case pugi::status_bad_doctype: return problems::kReasonDtd;
    case pugi::status_out_of_memory: throw std::bad_alloc();
    default: return problems::kReasonNotXml;
  }
}

// pugixml keeps the tree's depth on the call stack when it is walked; a scan before keeps it small. Tags inside
// comments and CDATA are passed over; what is not well-formed is pugixml's to tell.
Result<void> check(const std::string& file, std::string_view content) {
  int depth = 0;
  for (std::size_t at = content.find('<'); at != std::string_view::npos; at = content.find('<', at + 1)) {
    const std::string_view rest = content.substr(at);
    if (rest.rfind("<!--", 0) == 0) {
      at = content.find("-->", at + 4);
    } else if (rest.rfind("<![CDATA[", 0) == 0) {
      at = content.find("]]>", at + 9);
    } else if (rest.rfind("<?", 0) == 0) {
      at = content.find("?>", at + 2);
    } else if (rest.rfind("<!", 0) == 0) {
      return bad(file, content, at, problems::kReasonDtd);
    } else {
      char quote = 0;
      std::size_t end = at + 1;
      for (; end < content.size(); ++end) {
        if (quote) {
          if (content[end] == quote) quote = 0;
        } else if (content[end] == '"' || content[end] == '\'') {
          quote = content[end];
        } else if (content[end] == '>') {
          break;
        }
      }
      if (end >= content.size()) return {};
      if (content[at + 1] == '/')
        --depth;
      else if (content[end - 1] != '/' && ++depth > kDepthLimit)
        return bad(file, content, at, problems::kReasonDeep);
      at = end;
    }
    if (at == std::string_view::npos) return {};
  }
  return {};
}

// A reference to a character XML 1.0 forbids (section 2.2): pugixml would make bytes of it that are no text, or cut the
// text at it. Inside CDATA nothing is a reference; refusing it there too loses nothing anybody writes.
Result<void> check_references(const std::string& file, std::string_view content) {
  for (std::size_t at = content.find("&#"); at != std::string_view::npos; at = content.find("&#", at + 2)) {
    std::size_t digit = at + 2;
    const bool hexadecimal = digit < content.size() && content[digit] == 'x';
    if (hexadecimal) ++digit;
    std::uint32_t value = 0;
    const std::size_t first = digit;
    for (; digit < content.size() && value <= 0x10FFFF; ++digit) {
      const char c = content[digit];
      const int number = c >= '0' && c <= '9'                  ? c - '0'
                         : hexadecimal && c >= 'a' && c <= 'f' ? c - 'a' + 10
                         : hexadecimal && c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                               : -1;
      if (number < 0) break;
      value = value * (hexadecimal ? 16 : 10) + static_cast<std::uint32_t>(number);
    }
    if (digit == first || (digit < content.size() && content[digit] != ';' && value <= 0x10FFFF)) continue;
    const bool allowed = value == 0x9 || value == 0xA || value == 0xD || (value >= 0x20 && value <= 0xD7FF) ||
                         (value >= 0xE000 && value <= 0xFFFD) || (value >= 0x10000 && value <= 0x10FFFF);
    if (!allowed) return bad(file, content, at, problems::kReasonCharacter);
  }
  return {};
}

}  // namespace

Result<XmlDocument> XmlDocument::parse(std::string_view content, const std::string& file) {
  DecodedText decoded = TRY(decode_text(content, file));
  XmlDocument result;
  result.content_ = std::make_shared<std::string>(std::move(decoded.text));
  TRY(check(file, *result.content_));
  TRY(check_references(file, *result.content_));
  result.document_ = std::make_shared<pugi::xml_document>();
  // White space inside text is part of what was told: nothing is trimmed. Line ends are XML's own rule (2.11).
  const unsigned int options = pugi::parse_cdata | pugi::parse_escapes | pugi::parse_eol | pugi::parse_wconv_attribute |
                               pugi::parse_ws_pcdata_single;
  const pugi::xml_parse_result parsed =
      result.document_->load_buffer(result.content_->data(), result.content_->size(), options, pugi::encoding_utf8);
  if (!parsed)
    return bad(file, *result.content_, static_cast<std::size_t>(std::max<std::ptrdiff_t>(parsed.offset, 0)),
               reason_of(parsed.status));
  if (!result.document_->document_element()) return bad(file, *result.content_, 0, problems::kReasonNoElement);
  return result;
}

std::size_t XmlDocument::offset_of(const pugi::xml_node& node) const {
  const std::ptrdiff_t offset = node.offset_debug();
  return offset < 0 ? 0 : std::min(static_cast<std::size_t>(offset), content_->size());
}

int XmlDocument::line_of(const pugi::xml_node& node) const {
  const auto end = content_->begin() + static_cast<std::ptrdiff_t>(offset_of(node));
  return 1 + static_cast<int>(std::count(content_->begin(), end, '\n'));
}

std::string_view local_name(const char* name) {
  const std::string_view whole(name);
  const std::size_t colon = whole.rfind(':');
  return colon == std::string_view::npos ? whole : whole.substr(colon + 1);
}

pugi::xml_node child_named(const pugi::xml_node& node, std::string_view name) {
  for (const pugi::xml_node& each : node.children())
    if (local_name(each.name()) == name) return each;
  return {};
}

std::string outer_xml(const pugi::xml_node& node) {
  std::ostringstream out;
  node.print(out, "", pugi::format_raw | pugi::format_no_declaration, pugi::encoding_utf8);
  return out.str();
}

std::string text_of(const pugi::xml_node& node) {
  std::string text;
  for (const pugi::xml_node& piece : node.children())
    if (piece.type() == pugi::node_pcdata || piece.type() == pugi::node_cdata) text += piece.value();
  return text;
}

const char* attribute_named(const pugi::xml_node& node, std::string_view name) {
  const char* prefixed = nullptr;
  for (const pugi::xml_attribute& attribute : node.attributes()) {
    if (attribute.name() == name) return attribute.value();
    if (!prefixed && std::string_view(attribute.name()).rfind("xmlns:", 0) != 0 && local_name(attribute.name()) == name)
      prefixed = attribute.value();
  }
  return prefixed;
}

std::string xml_safe(std::string_view text, bool* changed) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const bool allowed = static_cast<unsigned char>(c) >= 0x20 || c == '\t' || c == '\n' || c == '\r';
    allowed ? out += c : out += "\xEF\xBF\xBD";
    if (!allowed && changed) *changed = true;
  }
  return out;
}

bool is_xml_name(std::string_view text) {
  const auto begins = [](unsigned char c) { return std::isalpha(c) || c == '_' || (c & 0x80); };
  return !text.empty() && begins(static_cast<unsigned char>(text[0])) &&
         std::ranges::all_of(text,
                             [&](unsigned char c) { return begins(c) || std::isdigit(c) || c == '-' || c == '.'; });
}

}  // namespace understory
