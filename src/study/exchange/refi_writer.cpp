// REFI-QDA projects and codebooks, out.
#include <pugixml.hpp>
#include <set>
#include <sstream>

#include "foundation/archive.h"
#include "foundation/clock.h"
#include "foundation/id.h"
#include "foundation/xml.h"
#include "study/exchange/formats.h"
#include "study/exchange/offsets.h"
#include "study/exchange/refi.h"
#include "study/exchange/refi_elements.h"

namespace understory::study {

namespace {

struct Preset {
  std::string_view name;
  Reading reading;
  bool byte_order_mark;
  bool crlf;            // line ends are written as CR LF
  bool notes_as_files;  // else inside the project
};

const Preset& preset_of(QdpxPreset preset) {
  static const Preset kPresets[] = {
      {"spec", {Unit::kCodePoint, false, true, true}, false, false, false},
      {"NVivo", {Unit::kUtf16, false, true, false}, false, false, true},
      {"ATLAS.ti", {Unit::kCodePoint, false, false, false}, false, true, false},
      {"MAXQDA", {Unit::kCodePoint, false, false, false}, true, true, false},
  };
  return kPresets[static_cast<int>(preset)];
}

bool has_controls(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n'; });
}

bool has_cr(std::string_view text) { return text.find('\r') != std::string_view::npos; }

// Each lone LF → CR LF.
std::string with_crlf(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 40);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) out += '\r';
    out += text[i];
  }
  return out;
}

std::string extension_of(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  std::string extension = dot == std::string::npos ? ".bin" : lower_ascii(name.substr(dot));
  for (char& c : extension)
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '.') c = '_';
  return extension;
}

class ProjectWriter {
 public:
  ProjectWriter(const Material& material, const Preset& preset) : material_(with_guids(material)), preset_(preset) {
    result_.report.format =
        fmt::format("REFI-QDA project for {}", preset_.name == "spec" ? "the standard" : preset_.name);
  }

  Result<Written> write() {
    pugi::xml_document document;
    pugi::xml_node declaration = document.append_child(pugi::node_declaration);
    declaration.append_attribute("version") = "1.0";
    declaration.append_attribute("encoding") = "utf-8";
    pugi::xml_node project = document.append_child("Project");
    project.append_attribute("xmlns") = "urn:QDA-XML:project:1.0";
    set(project, "name", material_.name.empty() ? "Study" : material_.name);
    set(project, "origin", fmt::format("Understory ({})", preset_.name));
    users(project);
    if (!material_.codes.empty()) {
      pugi::xml_node list = project.append_child("CodeBook").append_child("Codes");
      codes(list, -1);
    }
    variables(project);
    cases(project);
    sources(project);
    notes(project);
    links(project);
    sets(project);
    foreign(project, "Graphs", "Graphs");
    for (const MaterialForeign& each : material_.foreign)
      if (each.parent == "Project" && each.name == "Description") append(project, each);
    for (std::size_t i = 0; i < material_.memos.size(); ++i)
      if (material_.memos[i].subject == "study")
        set(project.append_child("NoteRef"), "targetGUID", material_.memos[i].guid);
    for (const MaterialForeign& each : material_.foreign)
      if (each.parent == "Project" && each.name != "Description")
        result_.report.note("element", Outcome::kUnusable, each.name, "the standard has no place for it");

    std::ostringstream out;
    document.save(out, " ", pugi::format_indent, pugi::encoding_utf8);
    entries_["project.qde"] = out.str();
    entries_[std::string(kSideFile)] = write_side_file(material_, {preset_.crlf});
    result_.report.note(
        "file beside the project", Outcome::kKept, std::string(kSideFile),
        "holds names in other languages, kinds of codes, masks and the signs of links; other programs pass it over");
    result_.bytes = TRY(write_archive(entries_));
    return std::move(result_);
  }

 private:
  // Every element gets a GUID; those without get one made from what they are, so that the same material gives the same.
  static Material with_guids(const Material& material) {
    Material copy = material;
    const auto fill = [](std::string& guid, const std::string& words) {
      if (!normal_guid(guid)) guid = guid_from(words + (guid.empty() ? "" : " " + guid));
    };
    for (MaterialCoder& each : copy.coders) fill(each.guid, "coder " + each.name);
    for (std::size_t i = 0; i < copy.codes.size(); ++i)
      fill(copy.codes[i].guid, "code " + code_path(material, static_cast<int>(i)) + " " + std::to_string(i));
    for (MaterialLocation& each : copy.locations) fill(each.guid, "location " + each.name);
    for (MaterialRespondent& each : copy.respondents) fill(each.guid, "respondent " + each.name);
    for (MaterialSource& each : copy.sources) fill(each.guid, "source " + each.name + " " + each.text);
    for (std::size_t i = 0; i < copy.codings.size(); ++i) {
      MaterialCoding& each = copy.codings[i];
      fill(each.guid, fmt::format("coding {} {} {} {} {} {}", each.source, each.code, each.coder, each.span.bytes.start,
                                  each.span.bytes.end, i));
    }
    for (std::size_t i = 0; i < copy.links.size(); ++i)
      fill(copy.links[i].guid, fmt::format("link {} {} {} {} {}", copy.links[i].source, copy.links[i].from,
                                           copy.links[i].to, copy.links[i].span.bytes.start, i));
    for (std::size_t i = 0; i < copy.memos.size(); ++i)
      fill(copy.memos[i].guid, fmt::format("memo {} {} {}", copy.memos[i].title, copy.memos[i].text, i));
    for (std::size_t i = 0; i < copy.sets.size(); ++i)
      fill(copy.sets[i].guid, fmt::format("set {} {}", copy.sets[i].name, i));
    return copy;
  }

  void set(pugi::xml_node node, const char* name, std::string_view value) {
    bool changed = false;
    node.append_attribute(name) = xml_safe(value, &changed).c_str();
    if (changed)
      result_.report.note("character", Outcome::kChanged, name, "a control character XML cannot carry became �");
  }
  void text_child(pugi::xml_node node, const char* name, std::string_view text) {
    bool changed = false;
    node.append_child(name).append_child(pugi::node_pcdata).set_value(xml_safe(text, &changed).c_str());
    if (changed)
      result_.report.note("character", Outcome::kChanged, name, "a control character XML cannot carry became �");
  }
  void date(pugi::xml_node node, const std::optional<std::int64_t>& at) {
    if (at) set(node, "creationDateTime", iso_time(*at));
  }

  void users(pugi::xml_node project) {
    if (material_.coders.empty()) return;
    pugi::xml_node list = project.append_child("Users");
    for (const MaterialCoder& coder : material_.coders) {
      pugi::xml_node user = list.append_child("User");
      set(user, "guid", coder.guid);
      set(user, "name", coder.name);
      result_.report.count("coder", Outcome::kRead);
    }
  }

  void codes(pugi::xml_node list, int parent) {
    for (std::size_t i = 0; i < material_.codes.size(); ++i) {
      const MaterialCode& code = material_.codes[i];
      if (code.parent != parent) continue;
      pugi::xml_node node = list.append_child("Code");
      set(node, "guid", code.guid);
      set(node, "name", code.name);
      node.append_attribute("isCodable") = code.codable;
      if (!code.colour.empty()) set(node, "color", code.colour);
      if (const std::string description = code_description(code); !description.empty())
        text_child(node, "Description", description);
      note_refs(node, "code", static_cast<int>(i));
      result_.report.count("code", Outcome::kRead);
      codes(node, static_cast<int>(i));
    }
  }

  // Facts by the name of their variable, known ones first and then the study's own, each list in one order.
  std::vector<std::pair<std::string, std::string>> facts(const MaterialRespondent& respondent) const {
    std::vector<std::pair<std::string, std::string>> facts{
        {"age_band", respondent.age_band},
        {"gender", respondent.gender},
        {"role", respondent.role},
        {"language", respondent.language},
        {"place", respondent.place_code},
        {"location",
         respondent.location < 0 ? "" : material_.locations[static_cast<std::size_t>(respondent.location)].name}};
    facts.insert(facts.end(), respondent.attributes.begin(), respondent.attributes.end());
    std::erase_if(facts, [](const auto& fact) { return fact.second.empty(); });
    return facts;
  }
  std::vector<std::pair<std::string, std::string>> facts(const MaterialSource& source) const {
    std::vector<std::pair<std::string, std::string>> facts{
        {"source_kind", source.kind},
        {"language", source.language},
        {"told_on", source.told_on},
        {"question", source.question},
        {"location", source.location < 0 ? "" : material_.locations[static_cast<std::size_t>(source.location)].name}};
    std::erase_if(facts, [](const auto& fact) { return fact.second.empty(); });
    return facts;
  }

  void variables(pugi::xml_node project) {
    std::set<std::string> names;
    for (const MaterialRespondent& respondent : material_.respondents)
      for (const auto& [name, value] : facts(respondent)) names.insert(name);
    for (const MaterialSource& source : material_.sources)
      for (const auto& [name, value] : facts(source)) names.insert(name);
    if (names.empty()) return;
    pugi::xml_node list = project.append_child("Variables");
    for (const std::string& name : names) {
      pugi::xml_node node = list.append_child("Variable");
      set(node, "guid", guid_from("variable " + name));
      set(node, "name", name);
      set(node, "typeOfVariable", "Text");
    }
  }
  void values(pugi::xml_node node, const std::vector<std::pair<std::string, std::string>>& facts) {
    for (const auto& [name, value] : facts) {
      pugi::xml_node child = node.append_child("VariableValue");
      set(child.append_child("VariableRef"), "targetGUID", guid_from("variable " + name));
      text_child(child, "TextValue", value);
    }
  }

  void cases(pugi::xml_node project) {
    if (material_.respondents.empty()) return;
    pugi::xml_node list = project.append_child("Cases");
    for (std::size_t i = 0; i < material_.respondents.size(); ++i) {
      const MaterialRespondent& respondent = material_.respondents[i];
      pugi::xml_node node = list.append_child("Case");
      set(node, "guid", respondent.guid);
      set(node, "name", respondent.name);
      values(node, facts(respondent));
      for (const MaterialSource& source : material_.sources)
        if (std::any_of(source.speakers.begin(), source.speakers.end(),
                        [&](const MaterialSpeaker& each) { return each.respondent == static_cast<int>(i); }))
          set(node.append_child("SourceRef"), "targetGUID", source.guid);
      result_.report.count("respondent", Outcome::kRead);
      for (const MaterialMemo& memo : material_.memos)
        if (memo.subject == "respondent" && memo.index == static_cast<int>(i))
          result_.report.note("memo", Outcome::kChanged, memo.guid,
                              "the standard puts no notes on cases; it stands free in the project");
    }
  }

  void note_refs(pugi::xml_node node, const std::string& subject, int index) {
    for (const MaterialMemo& memo : material_.memos)
      if (memo.subject == subject && memo.index == index) set(node.append_child("NoteRef"), "targetGUID", memo.guid);
  }

  std::string file_for(const std::string& guid, const std::string& extension, std::string content) {
    const std::string name = guid + extension;
    entries_["sources/" + name] = std::move(content);
    return "internal://" + name;
  }

  void sources(pugi::xml_node project) {
    bool any_foreign = std::any_of(material_.foreign.begin(), material_.foreign.end(),
                                   [](const MaterialForeign& each) { return each.parent == "Sources"; });
    if (material_.sources.empty() && !any_foreign) return;
    pugi::xml_node list = project.append_child("Sources");
    std::vector<std::vector<int>> codings(material_.sources.size());
    for (std::size_t i = 0; i < material_.codings.size(); ++i)
      codings[static_cast<std::size_t>(material_.codings[i].source)].push_back(static_cast<int>(i));
    std::set<std::string> selections;
    for (std::size_t s = 0; s < material_.sources.size(); ++s) {
      const MaterialSource& source = material_.sources[s];
      if (inside_foreign(source.guid)) {
        result_.report.note(
            "source", codings[s].empty() ? Outcome::kKept : Outcome::kChanged, source.guid,
            "it goes out inside the picture, sound or film it belongs to, as it came in; later codings of it do not");
        continue;
      }
      std::string text = source.text;
      if (preset_.crlf && text.find('\n') != std::string::npos) {
        text = with_crlf(text);
        if (text != source.text)
          result_.report.note("source", Outcome::kChanged, source.guid,
                              has_cr(source.text) ? "its mixed line ends were all written as CR LF"
                                                  : "its line ends were written as CR LF");
        else
          result_.report.count("source", Outcome::kRead);
      } else {
        result_.report.count("source", Outcome::kRead);
      }
      pugi::xml_node node = list.append_child("TextSource");
      set(node, "guid", source.guid);
      set(node, "name", source.name);
      if (!source.original.empty())
        set(node, "richTextPath", file_for(source.guid, extension_of(source.original_name), source.original));
      set(node, "plainTextPath", file_for(source.guid, ".txt", (preset_.byte_order_mark ? "\xEF\xBB\xBF" : "") + text));
      const Positions positions(text, preset_.reading, preset_.byte_order_mark);
      // The n-th byte of the source stands n + (line ends before it that grew) bytes into what is written.
      std::vector<std::int64_t> grown;
      if (text.size() != source.text.size())
        for (std::size_t at = 0; at < source.text.size(); ++at)
          if (source.text[at] == '\n' && (at == 0 || source.text[at - 1] != '\r'))
            grown.push_back(static_cast<std::int64_t>(at));
      const auto moved = [&](std::int64_t byte) {
        return byte + (std::lower_bound(grown.begin(), grown.end(), byte) - grown.begin());
      };

      std::map<std::string, pugi::xml_node> open;  // selection → its element
      std::map<std::string, Span> span_of;
      for (int index : codings[s]) {
        const MaterialCoding& coding = material_.codings[static_cast<std::size_t>(index)];
        std::string selection =
            normal_guid(coding.selection_guid) ? coding.selection_guid : guid_from("selection of " + coding.guid);
        if (const auto known = span_of.find(selection);
            known == span_of.end() ? selections.contains(selection) : known->second != coding.span.bytes)
          selection = guid_from("selection of " + coding.guid);
        pugi::xml_node& element = open[selection];
        if (!element) {
          element = node.append_child("PlainTextSelection");
          set(element, "guid", selection);
          if (!coding.selection_name.empty()) set(element, "name", coding.selection_name);
          set(element, "startPosition", std::to_string(positions.start_of(moved(coding.span.bytes.start))));
          set(element, "endPosition", std::to_string(positions.end_of(moved(coding.span.bytes.end))));
          span_of[selection] = coding.span.bytes;
          selections.insert(selection);
          result_.report.count("selection", Outcome::kRead);
        }
        pugi::xml_node child = element.append_child("Coding");
        set(child, "guid", coding.guid);
        if (coding.coder >= 0)
          set(child, "creatingUser", material_.coders[static_cast<std::size_t>(coding.coder)].guid);
        date(child, coding.created_at);
        set(child.append_child("CodeRef"), "targetGUID", material_.codes[static_cast<std::size_t>(coding.code)].guid);
        note_refs(child, "coding", index);
        result_.report.count("coding", Outcome::kRead);
      }
      note_refs(node, "source", static_cast<int>(s));
      values(node, facts(source));
    }
    for (const MaterialForeign& each : material_.foreign) {
      if (each.parent != "Sources") continue;
      append(list, each);
      if (!each.file_name.empty()) entries_[each.file_name] = each.file;
      texts_within(list.last_child());
    }
  }

  // The files that a transcript or representation inside a kept element names: our own copies of those texts.
  void texts_within(pugi::xml_node element) {
    for (pugi::xml_node child : element.children()) {
      const std::string path = child.attribute("plainTextPath").value();
      const std::string scheme = "internal://";
      if (const std::string guid =
              normal_guid(child.attribute("guid").value()).value_or(child.attribute("guid").value());
          lower_ascii(path).rfind(scheme, 0) == 0 && path.find("..") == std::string::npos)
        for (std::size_t s = 0; s < material_.sources.size(); ++s)
          if (const MaterialSource& source = material_.sources[s]; source.guid == guid) {
            entries_["sources/" + path.substr(scheme.size())] =
                (source.byte_order_mark ? "\xEF\xBB\xBF" : "") + source.text;
            count_anew(child, static_cast<int>(s));
          }
      texts_within(child);
    }
  }

  // Positions in a kept element were counted by the program it came from; here they are counted as the preset does.
  void count_anew(pugi::xml_node text, int index) {
    const MaterialSource& source = material_.sources[static_cast<std::size_t>(index)];
    const Positions positions(source.text, preset_.reading, source.byte_order_mark);
    std::map<std::string, Span> span_of;
    for (const MaterialCoding& coding : material_.codings)
      if (coding.source == index) span_of[coding.selection_guid] = coding.span.bytes;
    for (pugi::xml_node selection : text.children()) {
      const auto span = span_of.find(guid_at(selection));
      if (span == span_of.end()) continue;
      const auto put = [&](pugi::xml_node element, const char* name, std::int64_t position) {
        if (element.attribute(name)) element.attribute(name) = std::to_string(position).c_str();
      };
      put(selection, "startPosition", positions.start_of(span->second.start));
      put(selection, "endPosition", positions.end_of(span->second.end));
      for (pugi::xml_node point : text.children()) {
        if (local_name(point.name()) != "SyncPoint") continue;
        if (guid_at(point) == guid_at(selection, "fromSyncPoint"))
          put(point, "position", positions.start_of(span->second.start));
        if (guid_at(point) == guid_at(selection, "toSyncPoint"))
          put(point, "position", positions.start_of(span->second.end));
      }
    }
  }

  // Texts that came in within a picture, PDF, sound or film go out within it.
  bool inside_foreign(const std::string& guid) const {
    for (const MaterialForeign& each : material_.foreign)
      if (each.parent == "Sources" && lower_ascii(each.xml).find(guid) != std::string::npos) return true;
    return false;
  }

  void append(pugi::xml_node to, const MaterialForeign& foreign) {
    pugi::xml_document fragment;
    if (!fragment.load_buffer(foreign.xml.data(), foreign.xml.size(),
                              pugi::parse_default | pugi::parse_ws_pcdata_single, pugi::encoding_utf8)) {
      result_.report.note("element", Outcome::kUnusable, foreign.name, "what was kept of it is no XML any more");
      return;
    }
    pugi::xml_node element = fragment.document_element();
    element.remove_attribute("basePath");
    element.remove_attribute("currentPath");  // a path on somebody's machine
    if (const std::string path = element.attribute("path").value();
        lower_ascii(path).rfind("absolute://", 0) == 0 || lower_ascii(path).rfind("file:", 0) == 0)
      element.remove_attribute("path");
    bool changed = false;
    make_safe(element, changed);
    to.append_copy(element);
    if (changed)
      result_.report.note("character", Outcome::kChanged, foreign.name,
                          "a control character XML cannot carry became �");
    result_.report.count("element", Outcome::kKept);
  }

  static void make_safe(pugi::xml_node node, bool& changed) {
    for (pugi::xml_attribute attribute : node.attributes())
      if (has_controls(attribute.value())) attribute.set_value(xml_safe(attribute.value(), &changed).c_str());
    for (pugi::xml_node child : node.children()) {
      if (has_controls(child.value())) child.set_value(xml_safe(child.value(), &changed).c_str());
      make_safe(child, changed);
    }
  }

  void notes(pugi::xml_node project) {
    if (material_.memos.empty() && material_.links.empty()) return;
    pugi::xml_node list = project.append_child("Notes");
    for (const MaterialMemo& memo : material_.memos) {
      pugi::xml_node node = list.append_child("Note");
      set(node, "guid", memo.guid);
      if (!memo.title.empty()) set(node, "name", memo.title);
      const bool as_file = preset_.notes_as_files || has_controls(memo.text);
      if (as_file) set(node, "plainTextPath", file_for(memo.guid, ".txt", memo.text));
      if (memo.coder >= 0) set(node, "creatingUser", material_.coders[static_cast<std::size_t>(memo.coder)].guid);
      date(node, memo.created_at);
      if (!as_file) text_child(node, "PlainTextContent", memo.text);
      result_.report.count("memo", Outcome::kRead);
    }
    // A link's words: what was said, so that other programs can read it too.
    for (const MaterialLink& link : material_.links) {
      pugi::xml_node node = list.append_child("Note");
      const MaterialSource& source = material_.sources[static_cast<std::size_t>(link.source)];
      set(node, "guid", guid_from("note of " + link.guid));
      set(node, "name", source.name);
      std::string quote = source.text.substr(static_cast<std::size_t>(link.span.bytes.start),
                                             static_cast<std::size_t>(link.span.bytes.length()));
      text_child(node, "PlainTextContent", quote);
    }
  }

  void links(pugi::xml_node project) {
    const bool any =
        !material_.links.empty() || std::any_of(material_.foreign.begin(), material_.foreign.end(),
                                                [](const MaterialForeign& each) { return each.parent == "Links"; });
    if (!any) return;
    pugi::xml_node list = project.append_child("Links");
    for (const MaterialLink& link : material_.links) {
      pugi::xml_node node = list.append_child("Link");
      set(node, "guid", link.guid);
      set(node, "name", link.sign > 0 ? "leads to" : "prevents");
      set(node, "direction", "OneWay");
      set(node, "originGUID", material_.codes[static_cast<std::size_t>(link.from)].guid);
      set(node, "targetGUID", material_.codes[static_cast<std::size_t>(link.to)].guid);
      set(node.append_child("NoteRef"), "targetGUID", guid_from("note of " + link.guid));
      result_.report.count("link", Outcome::kRead);
    }
    for (const MaterialForeign& each : material_.foreign)
      if (each.parent == "Links") append(list, each);
  }

  void sets(pugi::xml_node project) {
    std::vector<MaterialSet> all;
    for (std::size_t l = 0; l < material_.locations.size(); ++l) {
      MaterialSet set{material_.locations[l].guid, material_.locations[l].name, "", {}};
      for (std::size_t s = 0; s < material_.sources.size(); ++s)
        if (material_.sources[s].location == static_cast<int>(l))
          set.members.push_back({"source", static_cast<int>(s)});
      all.push_back(std::move(set));
    }
    all.insert(all.end(), material_.sets.begin(), material_.sets.end());
    if (all.empty()) return;
    pugi::xml_node list = project.append_child("Sets");
    for (const MaterialSet& each : all) {
      pugi::xml_node node = list.append_child("Set");
      set(node, "guid", each.guid);
      set(node, "name", each.name);
      if (!each.description.empty()) text_child(node, "Description", each.description);
      for (const auto& [kind, element, members] :
           {std::tuple{"code", "MemberCode", 0}, {"source", "MemberSource", 1}, {"memo", "MemberNote", 2}})
        for (const MaterialSet::Member& member : each.members) {
          if (member.kind != kind || member.index < 0) continue;
          const auto at = static_cast<std::size_t>(member.index);
          set(node.append_child(element), "targetGUID",
              members == 0   ? material_.codes[at].guid
              : members == 1 ? material_.sources[at].guid
                             : material_.memos[at].guid);
        }
      for (const MaterialSet::Member& member : each.members)
        if (member.kind == "respondent")
          result_.report.note("set member", Outcome::kUnusable, each.guid, "the standard's sets hold no cases");
      result_.report.count("set", Outcome::kRead);
    }
  }

  void foreign(pugi::xml_node project, const char* parent, const char* list_name) {
    pugi::xml_node list;
    for (const MaterialForeign& each : material_.foreign) {
      if (each.parent != parent) continue;
      if (!list) list = project.append_child(list_name);
      append(list, each);
    }
  }

  Material material_;
  const Preset& preset_;
  std::map<std::string, std::string> entries_;
  Written result_;
};

}  // namespace

Result<Written> write_qdpx(const Material& material, QdpxPreset preset) {
  return ProjectWriter(material, preset_of(preset)).write();
}

}  // namespace understory::study
