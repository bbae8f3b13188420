// REFI-QDA projects, in: texts, selections and codings.
#include "study/exchange/refi_reader.h"

#include "foundation/xml.h"
#include "study/exchange/offsets.h"
#include "study/exchange/refi.h"
#include "study/exchange/refi_elements.h"

namespace understory::study {

namespace {

std::string percent_decoded(std::string_view text) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0) {
      out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// Within any text there can be; what is none, or beyond, is −1 or just as far out.
std::int64_t position_at(const pugi::xml_node& node, const char* name) {
  constexpr std::int64_t kFar = std::int64_t{1} << 40;
  return std::clamp<std::int64_t>(node.attribute(name).as_llong(-1), -1, kFar);
}

bool is_source_element(std::string_view name) {
  return name == "TextSource" || name == "PictureSource" || name == "PDFSource" || name == "AudioSource" ||
         name == "VideoSource";
}

}  // namespace

// The archive's name of what a path points to; empty where it is not inside.
std::string ProjectReader::inside(std::string path) const {
  for (std::string_view scheme : {"internal://", "relative://", "file://"})
    if (lower_ascii(path).rfind(scheme, 0) == 0) path = path.substr(scheme.size());
  if (lower_ascii(path).rfind("absolute://", 0) == 0) return "";
  while (!path.empty() && (path[0] == '/' || path.rfind("./", 0) == 0)) path.erase(0, path[0] == '/' ? 1 : 2);
  for (const std::string& each : {path, percent_decoded(path)})
    for (const std::string& folder : {std::string("sources/"), std::string()})
      if (const auto found = by_lower_name_.find(lower_ascii(folder + each)); found != by_lower_name_.end())
        return found->second;
  return "";
}

// The text of a TextSource, Note or Transcript. Nothing: there is none to be had, and the report says why.
std::optional<DecodedText> ProjectReader::text_of(const pugi::xml_node& node, const char* element) {
  const std::string path = attribute(node, "plainTextPath"), guid = guid_at(node);
  if (const pugi::xml_node content = child_named(node, "PlainTextContent"))
    return DecodedText{text_in(content), "utf-8", false};
  if (path.empty()) {
    if (attribute(node, "richTextPath").empty()) return DecodedText{};
    report().note(element, Outcome::kUnusable, guid,
                  "it has formatted text only, whose positions no program agrees on");
    return std::nullopt;
  }
  const std::string name = inside(path);
  if (name.empty()) {
    report().note(element, Outcome::kUnusable, guid,
                  "its text is not in the archive (it points to a file elsewhere, which is never opened)");
    return std::nullopt;
  }
  const auto bytes = archive_.read(name);
  if (!bytes) {
    report().note(element, Outcome::kUnusable, guid, "its text cannot be unpacked");
    return std::nullopt;
  }
  auto decoded = decode_text(*bytes, name);
  if (!decoded) {
    report().note(element, Outcome::kUnusable, guid, decoded.error().sentence());
    return std::nullopt;
  }
  return std::move(*decoded);
}

Result<void> ProjectReader::source_element(const pugi::xml_node& node) {
  if (node.type() != pugi::node_element) return {};
  const std::string_view name = local_name(node.name());
  if (name == "TextSource") {
    text_source(node, node);
    return {};
  }
  // Pictures, PDF, sound and film are kept as they are, with their file; a text that goes with them is read.
  MaterialForeign foreign{"Sources", std::string(name), outer_xml(node), "", ""};
  if (const std::string path = inside(attribute(node, "path")); !path.empty()) {
    foreign.file_name = path;
    foreign.file = TRY(archive_.read(path));
  }
  report().note(is_source_element(name) ? "source" : "element", Outcome::kKept, guid_at(node),
                "a " + std::string(name) + " is kept, not shown");
  material_.foreign.push_back(std::move(foreign));
  if (const pugi::xml_node text = child_named(node, "Representation")) text_source(text, node);
  if (const pugi::xml_node text = child_named(node, "TextDescription")) text_source(text, node);
  for (const pugi::xml_node& transcript : node.children())
    if (local_name(transcript.name()) == "Transcript") text_source(transcript, node);
  return {};
}

void ProjectReader::text_source(const pugi::xml_node& node, const pugi::xml_node& owner) {
  auto text = text_of(node, "source");
  if (!text) return;
  MaterialSource source;
  source.guid = guid_at(node);
  source.name = attribute(node, "name");
  if (source.name.empty()) source.name = attribute(owner, "name");
  if (source.name.empty()) {
    source.name = attribute(node, "plainTextPath");
    source.name = percent_decoded(source.name.substr(source.name.rfind('/') + 1));
  }
  if (source.name.empty()) source.name = named_by_guid("source", source.guid);
  source.text = std::move(text->text);
  source.byte_order_mark = text->byte_order_mark;
  if (!side_.empty() && side_file_made_crlf(side_, source.guid)) {
    std::string lf;
    for (std::size_t i = 0; i < source.text.size(); ++i)
      if (source.text[i] != '\r' || i + 1 >= source.text.size() || source.text[i + 1] != '\n') lf += source.text[i];
    crlf_texts_[source.guid] = std::move(source.text);  // positions count in what the file holds
    source.text = std::move(lf);
  }
  if (const std::string rich = inside(attribute(node, "richTextPath")); !rich.empty())
    if (auto bytes = archive_.read(rich)) {
      source.original = std::move(*bytes);
      source.original_name = rich.substr(rich.rfind('/') + 1);
      source.original_media_type = lower_ascii(rich).ends_with(".docx")
                                       ? "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
                                       : "application/octet-stream";
    }
  const int index = static_cast<int>(material_.sources.size());
  if (!sources_.try_emplace(source.guid, index).second) {
    report().note("source", Outcome::kUnusable, source.guid, "its GUID stands twice in the file; the first one counts");
    return;
  }
  material_.sources.push_back(std::move(source));
  source_nodes_.emplace_back(index, node);
  if (const std::string description = text_of_child(node, "Description"); !description.empty()) {
    MaterialMemo memo;
    memo.guid = guid_from("description of " + guid_at(node));
    memo.subject = "source";
    memo.index = index;
    memo.title = "Description";
    memo.text = description;
    material_.memos.push_back(std::move(memo));
    report().note("description", Outcome::kChanged, guid_at(node), "a source's description became a memo");
  }
  PendingSource pending{index, {}};
  std::map<std::string, std::int64_t> sync_points;
  for (const pugi::xml_node& child : node.children())
    if (local_name(child.name()) == "SyncPoint" && child.attribute("position"))
      sync_points[guid_at(child)] = position_at(child, "position");
  for (const pugi::xml_node& child : node.children()) {
    const std::string_view kind = local_name(child.name());
    if (kind == "PlainTextSelection") {
      pending.selections.push_back({child, position_at(child, "startPosition"), position_at(child, "endPosition"),
                                    attribute(child, "name"), text_of_child(child, "Description")});
    } else if (kind == "TranscriptSelection") {
      const auto from = sync_points.find(guid_at(child, "fromSyncPoint")),
                 to = sync_points.find(guid_at(child, "toSyncPoint"));
      if (from == sync_points.end() || to == sync_points.end())
        report().note("selection", Outcome::kUnusable, guid_at(child), "its points in time are not tied to the text");
      else
        pending.selections.push_back(
            {child, from->second, to->second, attribute(child, "name"), text_of_child(child, "Description")});
    } else if (kind == "Coding") {
      MaterialSource& whole = material_.sources[static_cast<std::size_t>(index)];
      const Span all{0, static_cast<std::int64_t>(whole.text.size())};
      if (all.length() > 0)
        add_coding(child, node, index, all, "", "");
      else
        report().note("coding", Outcome::kUnusable, guid_at(child), "it stands on a source without text");
    }
  }
  note_refs(node, "source", index);
  pending_.push_back(std::move(pending));
}

void ProjectReader::add_coding(const pugi::xml_node& coding, const pugi::xml_node& selection, int source, Span span,
                               const std::string& selection_guid, const std::string& selection_name) {
  const std::string target = guid_at(child_named(coding, "CodeRef"), "targetGUID");
  const auto code = codes_.find(target);
  if (code == codes_.end()) {
    report().note("coding", Outcome::kUnusable, guid_at(coding), "the code it names is not in the codebook");
    return;
  }
  MaterialCoding made;
  made.guid = guid_at(coding);
  made.selection_guid = selection_guid;
  made.selection_name = selection_name;
  made.source = source;
  made.code = code->second;
  std::string user = guid_at(coding, "creatingUser");
  if (user.empty()) user = guid_at(selection, "creatingUser");
  made.coder = coder(user);
  made.span.bytes = span;
  made.created_at = time_at(coding, "creationDateTime");
  if (!made.created_at) made.created_at = time_at(selection, "creationDateTime");
  made.where = made.guid;
  note_refs(coding, "coding", static_cast<int>(material_.codings.size()));
  material_.codings.push_back(std::move(made));
}

// Positions of all sources together, because one program wrote them.
void ProjectReader::selections() {
  std::vector<TextToRead> texts;
  for (const PendingSource& pending : pending_) {
    const MaterialSource& source = material_.sources[static_cast<std::size_t>(pending.source)];
    const auto crlf = crlf_texts_.find(source.guid);
    TextToRead text{source.name,
                    crlf == crlf_texts_.end() ? std::string_view(source.text) : std::string_view(crlf->second),
                    source.byte_order_mark,
                    {}};
    for (const PendingSelection& each : pending.selections)
      text.selections.push_back(
          {each.start, each.end, each.name, each.described, local_name(each.node.name()) == "TranscriptSelection"});
    texts.push_back(std::move(text));
  }
  const std::vector<ChosenReading> readings = choose_readings(texts, material_.origin);
  for (std::size_t p = 0; p < pending_.size(); ++p) {
    const PendingSource& pending = pending_[p];
    if (pending.selections.empty()) continue;
    report().readings.push_back(readings[p].report);
    const MaterialSource& source = material_.sources[static_cast<std::size_t>(pending.source)];
    const auto crlf = crlf_texts_.find(source.guid);
    for (std::size_t s = 0; s < pending.selections.size(); ++s) {
      LocatedSpan located = readings[p].spans[s];
      const PendingSelection& selection = pending.selections[s];
      const std::string guid = guid_at(selection.node);
      if (!located.usable) {
        report().note("selection", Outcome::kUnusable, guid,
                      fmt::format("its positions ({}–{}) are empty, turned round or beyond the text", selection.start,
                                  selection.end));
        std::int64_t lost = 0;
        for (const pugi::xml_node& child : selection.node.children()) lost += local_name(child.name()) == "Coding";
        report().count("coding", Outcome::kUnusable, lost);
        continue;
      }
      if (crlf != crlf_texts_.end()) located.bytes = without_returns(crlf->second, located.bytes);
      if (located.widened)
        report().note("selection", Outcome::kChanged, guid, "it cut a character in two and was widened to whole ones");
      else
        report().count("selection", Outcome::kRead);
      bool coded = false;
      for (const pugi::xml_node& child : selection.node.children())
        if (local_name(child.name()) == "Coding") {
          const std::size_t before = material_.codings.size();
          add_coding(child, selection.node, pending.source, located.bytes, guid, selection.name);
          if (material_.codings.size() > before && !coded)
            note_refs(selection.node, "coding", static_cast<int>(before));
          coded = coded || material_.codings.size() > before;
        }
      if (!coded) {
        note_refs(selection.node, "source", pending.source);
        report().note("selection", Outcome::kUnusable, guid,
                      "it carries no coding; its notes, if any, are kept with the source");
      }
      if (!selection.described.empty() && coded && selection.described != selection.name)
        described(selection, static_cast<int>(material_.codings.size()) - 1, located.bytes, source.text);
    }
  }
}

// A description that is not just the words that stand there is somebody's remark.
void ProjectReader::described(const PendingSelection& selection, int coding, Span span, const std::string& text) {
  const std::string there =
      fold(text.substr(static_cast<std::size_t>(span.start), static_cast<std::size_t>(span.length())));
  const std::string said = fold(selection.described);
  if (there.rfind(said.substr(0, std::min<std::size_t>(said.size(), 40)), 0) == 0) return;
  MaterialMemo memo;
  memo.guid = guid_from("description of " + guid_at(selection.node));
  memo.subject = "coding";
  memo.index = coding;
  memo.title = "Description";
  memo.text = selection.described;
  material_.memos.push_back(std::move(memo));
  report().note("description", Outcome::kChanged, guid_at(selection.node), "a selection's description became a memo");
}

Span ProjectReader::without_returns(const std::string& text, Span span) {
  const auto before = [&](std::int64_t at) {
    std::int64_t returns = 0;
    for (std::size_t i = text.find("\r\n"); i != std::string::npos && static_cast<std::int64_t>(i) < at;
         i = text.find("\r\n", i + 2))
      ++returns;
    return at - returns;
  };
  return {before(span.start), before(span.end)};
}

}  // namespace understory::study
