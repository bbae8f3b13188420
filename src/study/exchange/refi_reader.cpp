// REFI-QDA projects and codebooks, in.
#include <pugixml.hpp>
#include <set>

#include "foundation/clock.h"
#include "foundation/id.h"
#include "study/exchange/archive.h"
#include "study/exchange/formats.h"
#include "study/exchange/offsets.h"
#include "study/exchange/refi.h"
#include "study/exchange/xml.h"
#include "study/vocabulary.h"

namespace understory::study {

namespace {

std::string attribute(const pugi::xml_node& node, const char* name) { return node.attribute(name).value(); }

// A GUID in its normal form; what is none is kept as it stands (some programs number their elements).
std::string guid_of(std::string_view text) { return normal_guid(text).value_or(std::string(text)); }
std::string guid_at(const pugi::xml_node& node, const char* name = "guid") { return guid_of(attribute(node, name)); }

std::string text_in(const pugi::xml_node& node) {
  std::string text;
  for (const pugi::xml_node& child : node.children())
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) text += child.value();
  return text;
}
std::string text_of_child(const pugi::xml_node& node, std::string_view name) {
  return text_in(child_named(node, name));
}

std::optional<std::int64_t> time_at(const pugi::xml_node& node, const char* name) {
  return parse_time(attribute(node, name));
}

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

bool is_source_element(std::string_view name) {
  return name == "TextSource" || name == "PictureSource" || name == "PDFSource" || name == "AudioSource" ||
         name == "VideoSource";
}

struct PendingSelection {
  pugi::xml_node node;
  std::int64_t start = 0, end = 0;
  std::string name, described;
};
struct PendingSource {
  int source;
  std::vector<PendingSelection> selections;
};

class ProjectReader {
 public:
  ProjectReader(const Archive& archive, std::string file) : archive_(archive), file_(std::move(file)) {
    for (const std::string& name : archive_.names()) by_lower_name_.try_emplace(lower_ascii(name), name);
  }

  Result<Material> read() {
    const std::string entry = TRY(project_entry());
    const std::string xml = TRY(archive_.read(entry));
    const XmlDocument document = TRY(XmlDocument::parse(xml, file_ + " (" + entry + ")"));
    const pugi::xml_node project = document.root();
    if (local_name(project.name()) != "Project")
      return fail(problems::kBadXml, {{"file", file_},
                                      {"line", "1"},
                                      {"column", "1"},
                                      {"reason", "it begins with “" + std::string(project.name()).substr(0, 40) +
                                                     "”, not with a REFI-QDA Project"}});
    material_.report.file = file_;
    material_.report.format =
        "REFI-QDA project" + (attribute(project, "origin").empty() ? "" : " by " + attribute(project, "origin"));
    material_.name = attribute(project, "name");
    material_.origin = attribute(project, "origin");
    if (archive_.has(std::string(kSideFile))) side_ = TRY(archive_.read(std::string(kSideFile)));

    users(child_named(project, "Users"));
    for (const pugi::xml_node& code : child_named(child_named(project, "CodeBook"), "Codes").children())
      codes(code, -1);
    variables(child_named(project, "Variables"));
    collect_notes(child_named(project, "Notes"));
    for (const pugi::xml_node& source : child_named(project, "Sources").children()) TRY(source_element(source));
    for (const pugi::xml_node& each : child_named(project, "Cases").children()) case_element(each);
    selections();
    source_variables();
    for (const pugi::xml_node& code : child_named(child_named(project, "CodeBook"), "Codes").children())
      code_notes(code);
    for (const pugi::xml_node& set : child_named(project, "Sets").children()) set_element(set);
    if (!side_.empty()) TRY(read_side_file(side_, file_, material_));
    drop_location_sets();
    links(child_named(project, "Links"));
    foreign_elements(project);
    note_refs(project, "study", -1);
    notes();
    return std::move(material_);
  }

 private:
  ImportReport& report() { return material_.report; }

  Result<std::string> project_entry() {
    std::vector<std::string> roots;
    for (const std::string& name : archive_.names())
      if (name.find('/') == std::string::npos && lower_ascii(name).ends_with(".qde")) roots.push_back(name);
    if (roots.size() == 1) return roots[0];
    return fail(problems::kDamagedArchive,
                {{"file", file_},
                 {"reason", roots.empty() ? "it holds no project (.qde)" : "it holds more than one project (.qde)"}});
  }

  void users(const pugi::xml_node& list) {
    for (const pugi::xml_node& user : list.children()) {
      if (user.type() != pugi::node_element) continue;
      const std::string guid = guid_at(user);
      std::string name = attribute(user, "name");
      if (name.empty()) name = attribute(user, "id");
      if (name.empty()) name = "coder " + guid.substr(0, 8);
      if (coders_.contains(guid)) continue;
      // Two users may share a name; coders here may not.
      std::string unique = name;
      for (int n = 2; std::any_of(material_.coders.begin(), material_.coders.end(),
                                  [&](const MaterialCoder& each) { return each.name == unique; });
           ++n)
        unique = name + " (" + std::to_string(n) + ")";
      if (unique != name)
        report().remark("coder", guid, "its name stood twice in the file; the second is called “" + unique + "”");
      coders_[guid] = static_cast<int>(material_.coders.size());
      material_.coders.push_back({guid, unique, lower_ascii(unique) == "machine" ? "machine" : "human"});
    }
  }

  int coder(const std::string& guid) {
    if (const auto found = coders_.find(guid); found != coders_.end()) return found->second;
    const int index = static_cast<int>(material_.coders.size());
    material_.coders.push_back({guid.empty() ? guid_from("unknown coder of " + material_.name) : guid,
                                guid.empty() ? "unknown" : "unknown " + guid.substr(0, 8)});
    report().remark("coder", guid,
                    guid.empty() ? "codings without a user are given to “unknown”"
                                 : "a user the file does not list is called “" + material_.coders.back().name + "”");
    return coders_[guid] = index;
  }

  void codes(const pugi::xml_node& node, int parent) {
    if (node.type() != pugi::node_element) return;
    if (local_name(node.name()) != "Code") return;  // Description and NoteRef of the parent
    MaterialCode code;
    code.guid = guid_at(node);
    code.parent = parent;
    code.name = attribute(node, "name");
    if (trim(code.name).empty()) {
      code.name = "code " + code.guid.substr(0, 8);
      report().remark("code", code.guid, "it has no name and is called “" + code.name + "”");
    }
    code.codable = lower_ascii(attribute(node, "isCodable")) != "false";
    const std::string colour = lower_ascii(attribute(node, "color"));
    if (colour.size() == 7 && colour[0] == '#')
      code.colour = colour;
    else if (colour.size() == 4 && colour[0] == '#')
      code.colour = {'#', colour[1], colour[1], colour[2], colour[2], colour[3], colour[3]};
    if (parent < 0) code.kind = guess_kind(code.name);
    read_code_description(text_of_child(node, "Description"), code);
    const int index = static_cast<int>(material_.codes.size());
    codes_.try_emplace(code.guid, index);
    material_.codes.push_back(std::move(code));
    for (const pugi::xml_node& child : node.children()) codes(child, index);
  }

  void code_notes(const pugi::xml_node& node) {
    if (local_name(node.name()) != "Code") return;
    if (const auto found = codes_.find(guid_at(node)); found != codes_.end()) note_refs(node, "code", found->second);
    for (const pugi::xml_node& child : node.children()) code_notes(child);
  }

  void variables(const pugi::xml_node& list) {
    for (const pugi::xml_node& variable : list.children()) {
      if (variable.type() != pugi::node_element) continue;
      variables_[guid_at(variable)] = attribute(variable, "name");
      report().count("variable", Outcome::kRead);
    }
  }

  // name → value, as text.
  std::vector<std::pair<std::string, std::string>> values_of(const pugi::xml_node& node) {
    std::vector<std::pair<std::string, std::string>> values;
    for (const pugi::xml_node& each : node.children()) {
      if (local_name(each.name()) != "VariableValue") continue;
      const std::string guid = guid_at(child_named(each, "VariableRef"), "targetGUID");
      const auto name = variables_.find(guid);
      if (name == variables_.end()) {
        report().note("variable value", Outcome::kUnusable, guid, "the file does not list its variable");
        continue;
      }
      for (const pugi::xml_node& value : each.children())
        if (std::string_view(local_name(value.name())).ends_with("Value") &&
            local_name(value.name()) != "VariableValue")
          values.emplace_back(name->second, text_in(value));
    }
    return values;
  }

  int location(const std::string& name) {
    for (std::size_t i = 0; i < material_.locations.size(); ++i)
      if (material_.locations[i].name == name) return static_cast<int>(i);
    material_.locations.push_back({"", name, ""});
    return static_cast<int>(material_.locations.size()) - 1;
  }

  // A value under a name this program knows, if it is one of the words that name allows; else an attribute as it is.
  void take(MaterialRespondent& respondent, const std::string& name, const std::string& value) {
    std::string known = lower_ascii(trim(name));
    std::replace(known.begin(), known.end(), ' ', '_');
    const std::string word = lower_ascii(trim(value));
    if (trim(value).empty()) return;
    if ((known == "gender" || known == "sex")) {
      const std::string gender = word == "f" || word == "woman" || word == "girl" ? "female"
                                 : word == "m" || word == "man" || word == "boy"  ? "male"
                                                                                  : word;
      if (is_one_of(kGenders, gender)) {
        respondent.gender = gender;
        return;
      }
    }
    if ((known == "age_band" || known == "age_group") && is_one_of(kAgeBands, word))
      respondent.age_band = word;
    else if (known == "role")
      respondent.role = std::string(trim(value));
    else if (known == "language")
      respondent.language = std::string(trim(value));
    else if (known == "place")
      respondent.place_code = std::string(trim(value));
    else if (known == "location")
      respondent.location = location(std::string(trim(value)));
    else
      respondent.attributes[name] = value;
  }

  void case_element(const pugi::xml_node& node) {
    if (node.type() != pugi::node_element) return;
    MaterialRespondent respondent;
    respondent.guid = guid_at(node);
    respondent.name = attribute(node, "name");
    if (trim(respondent.name).empty()) respondent.name = "case " + respondent.guid.substr(0, 8);
    std::string unique = respondent.name;
    for (int n = 2; !respondent_names_.insert(unique).second; ++n)
      unique = respondent.name + " (" + std::to_string(n) + ")";
    if (unique != respondent.name)
      report().remark("respondent", respondent.guid,
                      "its name stood twice in the file; the second is called “" + unique + "”");
    respondent.name = unique;
    for (const auto& [name, value] : values_of(node)) take(respondent, name, value);
    if (const std::string description = text_of_child(node, "Description"); !description.empty())
      respondent.attributes["description"] = description;
    const int index = static_cast<int>(material_.respondents.size());
    for (const pugi::xml_node& child : node.children()) {
      const std::string_view name = local_name(child.name());
      const std::string target = guid_at(child, "targetGUID");
      if (name == "SourceRef") {
        if (const auto found = sources_.find(target); found != sources_.end()) {
          MaterialSource& source = material_.sources[static_cast<std::size_t>(found->second)];
          source.speakers.push_back({"", index});
          if (respondent.location >= 0 && source.location < 0) source.location = respondent.location;
        } else {
          report().note("respondent's source", Outcome::kUnusable, target, "the source it points to has no text here");
        }
      } else if (name == "CodeRef") {
        report().note("respondent's code", Outcome::kUnusable, respondent.guid,
                      "a code put on a whole case has no passage to stand on");
      } else if (name == "SelectionRef") {
        report().note("respondent's selection", Outcome::kUnusable, respondent.guid,
                      "a case tied to a selection cannot be told apart within a source");
      }
    }
    note_refs(node, "respondent", index);
    material_.respondents.push_back(std::move(respondent));
  }

  // The archive's name of what a path points to; empty where it is not inside.
  std::string inside(std::string path) const {
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
  std::optional<DecodedText> text_of(const pugi::xml_node& node, const char* element) {
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

  Result<void> source_element(const pugi::xml_node& node) {
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

  void text_source(const pugi::xml_node& node, const pugi::xml_node& owner) {
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
    if (source.name.empty()) source.name = "source " + source.guid.substr(0, 8);
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
      report().note("source", Outcome::kUnusable, source.guid,
                    "its GUID stands twice in the file; the first one counts");
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
        sync_points[guid_at(child)] = child.attribute("position").as_llong();
    for (const pugi::xml_node& child : node.children()) {
      const std::string_view kind = local_name(child.name());
      if (kind == "PlainTextSelection") {
        pending.selections.push_back({child, child.attribute("startPosition").as_llong(-1),
                                      child.attribute("endPosition").as_llong(-1), attribute(child, "name"),
                                      text_of_child(child, "Description")});
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

  void add_coding(const pugi::xml_node& coding, const pugi::xml_node& selection, int source, Span span,
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
  void selections() {
    std::vector<TextToRead> texts;
    for (const PendingSource& pending : pending_) {
      const MaterialSource& source = material_.sources[static_cast<std::size_t>(pending.source)];
      const auto crlf = crlf_texts_.find(source.guid);
      TextToRead text{source.name,
                      crlf == crlf_texts_.end() ? std::string_view(source.text) : std::string_view(crlf->second),
                      source.byte_order_mark,
                      {}};
      for (const PendingSelection& each : pending.selections)
        text.selections.push_back({each.start, each.end, each.name, each.described});
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
          report().note("selection", Outcome::kChanged, guid,
                        "it cut a character in two and was widened to whole ones");
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
  void described(const PendingSelection& selection, int coding, Span span, const std::string& text) {
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

  static Span without_returns(const std::string& text, Span span) {
    const auto before = [&](std::int64_t at) {
      std::int64_t returns = 0;
      for (std::size_t i = text.find("\r\n"); i != std::string::npos && static_cast<std::int64_t>(i) < at;
           i = text.find("\r\n", i + 2))
        ++returns;
      return at - returns;
    };
    return {before(span.start), before(span.end)};
  }

  // Variables on a source: those this program knows go to the source; others speak of its teller, who is made where no
  // case names one (document variables of other programs).
  void source_variables() {
    for (const auto& [index, node] : source_nodes_) {
      MaterialSource& source = material_.sources[static_cast<std::size_t>(index)];
      MaterialRespondent teller;
      bool told = false;
      for (const auto& [name, value] : values_of(node)) {
        const std::string known = lower_ascii(name);
        if (known == "source_kind" && is_one_of(kSourceKinds, value))
          source.kind = value;
        else if (known == "told_on" && is_date(value))
          source.told_on = value;
        else if (known == "question")
          source.question = value;
        else if (known == "location")
          source.location = location(value);
        else if (known == "language")
          source.language = value;
        else
          take(teller, name, value), told = true;
      }
      if (!told) continue;
      if (!source.speakers.empty()) {
        for (const auto& [name, value] : teller.attributes)
          material_.respondents[static_cast<std::size_t>(source.speakers[0].respondent)].attributes.try_emplace(name,
                                                                                                                value);
        continue;
      }
      teller.guid = guid_from("teller of " + source.guid);
      teller.name = source.name;
      for (int n = 2; !respondent_names_.insert(teller.name).second; ++n)
        teller.name = source.name + " (" + std::to_string(n) + ")";
      if (teller.location < 0) teller.location = source.location;
      source.speakers.push_back({"", static_cast<int>(material_.respondents.size())});
      material_.respondents.push_back(std::move(teller));
      report().remark("respondent", source.guid, "variables of a source without a case became a respondent of its own");
    }
  }

  void set_element(const pugi::xml_node& node) {
    if (node.type() != pugi::node_element) return;
    MaterialSet set;
    set.guid = guid_at(node);
    set.name = attribute(node, "name");
    set.description = text_of_child(node, "Description");
    for (const pugi::xml_node& member : node.children()) {
      const std::string_view kind = local_name(member.name());
      const std::string target = member.attribute("targetGUID") ? guid_at(member, "targetGUID") : guid_at(member);
      if (kind == "MemberCode" && codes_.contains(target))
        set.members.push_back({"code", codes_[target]});
      else if (kind == "MemberSource" && sources_.contains(target))
        set.members.push_back({"source", sources_[target]});
      else if (kind == "MemberNote")
        set_notes_.push_back({static_cast<int>(material_.sets.size()), target});
      else if (kind.rfind("Member", 0) == 0)
        report().note("set member", Outcome::kUnusable, target, "what it points to is not in the file");
    }
    material_.sets.push_back(std::move(set));
  }

  // Our own locations travel as sets beside the side file that tells them from a researcher's sets.
  void drop_location_sets() {
    std::vector<MaterialSet> kept;
    for (std::size_t i = 0; i < material_.sets.size(); ++i) {
      const bool is_location = !side_.empty() && std::any_of(material_.locations.begin(), material_.locations.end(),
                                                             [&](const MaterialLocation& location) {
                                                               return location.guid == material_.sets[i].guid;
                                                             });
      for (auto& [set, note] : set_notes_)
        if (set == static_cast<int>(i)) set = is_location ? -1 : static_cast<int>(kept.size());
      if (!is_location) kept.push_back(std::move(material_.sets[i]));
    }
    material_.sets = std::move(kept);
  }

  void links(const pugi::xml_node& list) {
    std::set<std::string> known;
    for (const MaterialLink& link : material_.links) known.insert(link.guid);
    for (const pugi::xml_node& link : list.children()) {
      if (link.type() != pugi::node_element) continue;
      for (const pugi::xml_node& child : link.children())
        if (local_name(child.name()) == "NoteRef" && known.contains(guid_at(link)))
          used_notes_.insert(guid_at(child, "targetGUID"));
      if (known.contains(guid_at(link))) continue;
      report().note("link", Outcome::kKept, guid_at(link),
                    "it joins two things without a passage; kept to go out again");
      material_.foreign.push_back({"Links", "Link", outer_xml(link), "", ""});
    }
  }

  void foreign_elements(const pugi::xml_node& project) {
    static const std::set<std::string_view> kKnown{"Users", "CodeBook", "Variables", "Cases",  "Sources",
                                                   "Notes", "Links",    "Sets",      "NoteRef"};
    for (const pugi::xml_node& child : project.children()) {
      if (child.type() != pugi::node_element) continue;
      const std::string_view name = local_name(child.name());
      if (kKnown.contains(name) || (name == "Description" && text_in(child).empty())) continue;
      if (name == "Graphs") {
        for (const pugi::xml_node& graph : child.children())
          if (graph.type() == pugi::node_element) {
            material_.foreign.push_back({"Graphs", "Graph", outer_xml(graph), "", ""});
            report().note("graph", Outcome::kKept, guid_at(graph), "kept to go out again");
          }
        continue;
      }
      material_.foreign.push_back({"Project", std::string(name), outer_xml(child), "", ""});
      report().note(name == "Description" ? "description" : "element", Outcome::kKept, std::string(name),
                    "kept to go out again");
    }
  }

  struct Note {
    pugi::xml_node node;
    bool used = false;
  };
  void collect_notes(const pugi::xml_node& list) {
    for (const pugi::xml_node& note : list.children())
      if (note.type() == pugi::node_element) notes_.push_back({guid_at(note), {note}});
  }

  void note_refs(const pugi::xml_node& node, const std::string& subject, int index) {
    for (const pugi::xml_node& child : node.children())
      if (local_name(child.name()) == "NoteRef")
        note_subjects_[guid_at(child, "targetGUID")].emplace_back(subject, index);
  }

  void notes() {
    std::map<std::string, int> memo_of;
    for (auto& [guid, note] : notes_) {
      if (used_notes_.contains(guid)) continue;
      const auto text = text_of(note.node, "memo");
      if (!text) continue;
      const auto refs = note_subjects_.find(guid);
      std::vector<std::pair<std::string, int>> subjects =
          refs == note_subjects_.end() ? std::vector<std::pair<std::string, int>>{{"study", -1}} : refs->second;
      std::sort(subjects.begin(), subjects.end());
      subjects.erase(std::unique(subjects.begin(), subjects.end()), subjects.end());
      for (std::size_t i = 0; i < subjects.size(); ++i) {
        MaterialMemo memo;
        memo.guid =
            i == 0 ? guid : guid_from(guid + " on " + subjects[i].first + " " + std::to_string(subjects[i].second));
        memo.subject = subjects[i].first;
        memo.index = subjects[i].second;
        const std::string user = guid_at(note.node, "creatingUser");
        if (!user.empty()) memo.coder = coder(user);
        memo.title = attribute(note.node, "name");
        memo.text = text->text;
        memo.created_at = time_at(note.node, "creationDateTime");
        if (i == 0) memo_of[guid] = static_cast<int>(material_.memos.size());
        if (i > 0) report().remark("memo", guid, "a note on several things became one memo for each");
        material_.memos.push_back(std::move(memo));
      }
      for (const pugi::xml_node& child : note.node.children())
        if (local_name(child.name()) == "PlainTextSelection")
          report().note("selection", Outcome::kUnusable, guid_at(child),
                        "it stands on a note, which cannot be coded here");
    }
    for (const auto& [guid, subjects] : note_subjects_)
      if (std::none_of(notes_.begin(), notes_.end(),
                       [&wanted = guid](const auto& each) { return each.first == wanted; }))
        report().note("memo", Outcome::kUnusable, guid, "the note it points to is not in the file");
    for (const auto& [set, guid] : set_notes_) {
      if (set < 0) continue;
      if (memo_of.contains(guid))
        material_.sets[static_cast<std::size_t>(set)].members.push_back({"memo", memo_of[guid]});
      else
        report().note("set member", Outcome::kUnusable, guid, "what it points to is not in the file");
    }
  }

  const Archive& archive_;
  std::string file_, side_;
  Material material_;
  std::map<std::string, std::string> by_lower_name_, variables_, crlf_texts_;
  std::map<std::string, int> coders_, codes_, sources_;
  std::set<std::string> respondent_names_, used_notes_;
  std::vector<std::pair<int, pugi::xml_node>> source_nodes_;
  std::vector<PendingSource> pending_;
  std::vector<std::pair<std::string, Note>> notes_;
  std::map<std::string, std::vector<std::pair<std::string, int>>> note_subjects_;
  std::vector<std::pair<int, std::string>> set_notes_;
};

void codebook_codes(Material& material, const pugi::xml_node& node, int parent, std::map<std::string, int>& index) {
  if (local_name(node.name()) != "Code") return;
  MaterialCode code;
  code.guid = guid_at(node);
  code.parent = parent;
  code.name = attribute(node, "name");
  if (trim(code.name).empty()) code.name = "code " + code.guid.substr(0, 8);
  code.codable = lower_ascii(attribute(node, "isCodable")) != "false";
  if (const std::string colour = lower_ascii(attribute(node, "color")); colour.size() == 7) code.colour = colour;
  if (parent < 0) code.kind = guess_kind(code.name);
  read_code_description(text_of_child(node, "Description"), code);
  const int at = static_cast<int>(material.codes.size());
  index.try_emplace(code.guid, at);
  material.codes.push_back(std::move(code));
  for (const pugi::xml_node& child : node.children()) codebook_codes(material, child, at, index);
}

}  // namespace

Result<Material> read_qdpx(std::string_view bytes, std::string_view file) {
  const Archive archive = TRY(Archive::open(bytes, file));
  return ProjectReader(archive, std::string(file)).read();
}

Result<Material> read_qdc(std::string_view bytes, std::string_view file) {
  const XmlDocument document = TRY(XmlDocument::parse(std::string(bytes), std::string(file)));
  const pugi::xml_node root = document.root();
  if (local_name(root.name()) != "CodeBook")
    return fail(problems::kBadXml, {{"file", std::string(file)},
                                    {"line", "1"},
                                    {"column", "1"},
                                    {"reason", "it begins with “" + std::string(root.name()).substr(0, 40) +
                                                   "”, not with a REFI-QDA CodeBook"}});
  Material material;
  material.origin = attribute(root, "origin");
  material.report.file = std::string(file);
  material.report.format = "REFI-QDA codebook" + (material.origin.empty() ? "" : " by " + material.origin);
  std::map<std::string, int> index;
  for (const pugi::xml_node& code : child_named(root, "Codes").children()) codebook_codes(material, code, -1, index);
  for (const pugi::xml_node& node : child_named(root, "Sets").children()) {
    if (node.type() != pugi::node_element) continue;
    MaterialSet set{guid_at(node), attribute(node, "name"), text_of_child(node, "Description"), {}};
    for (const pugi::xml_node& member : node.children()) {
      if (local_name(member.name()) != "MemberCode") continue;
      const auto found = index.find(guid_at(member));
      if (found != index.end())
        set.members.push_back({"code", found->second});
      else
        material.report.note("set member", Outcome::kUnusable, guid_at(member), "the code it names is not in the file");
    }
    material.sets.push_back(std::move(set));
  }
  return material;
}

}  // namespace understory::study
