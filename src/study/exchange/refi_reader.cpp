// REFI-QDA projects, in: people, codes, sets, links and notes.
#include "study/exchange/refi_reader.h"

#include "foundation/id.h"
#include "foundation/xml.h"
#include "study/exchange/formats.h"
#include "study/exchange/refi.h"
#include "study/exchange/refi_elements.h"

namespace understory::study {

ProjectReader::ProjectReader(const Archive& archive, std::string file) : archive_(archive), file_(std::move(file)) {
  for (const std::string& name : archive_.names()) by_lower_name_.try_emplace(lower_ascii(name), name);
}

Result<Material> ProjectReader::read() {
  const std::string entry = TRY(project_entry());
  const std::string xml = TRY(archive_.read(entry));
  const XmlDocument document = TRY(XmlDocument::parse(xml, file_ + " (" + entry + ")"));
  const pugi::xml_node project = document.root();
  if (local_name(project.name()) != "Project") return wrong_root(file_, project.name(), "Project");
  material_.report.file = file_;
  material_.report.format =
      "REFI-QDA project" + (attribute(project, "origin").empty() ? "" : " by " + attribute(project, "origin"));
  material_.name = attribute(project, "name");
  material_.origin = attribute(project, "origin");
  if (archive_.has(std::string(kSideFile))) side_ = TRY(archive_.read(std::string(kSideFile)));

  users(child_named(project, "Users"));
  for (const pugi::xml_node& code : child_named(child_named(project, "CodeBook"), "Codes").children()) codes(code, -1);
  variables(child_named(project, "Variables"));
  collect_notes(child_named(project, "Notes"));
  for (const pugi::xml_node& source : child_named(project, "Sources").children()) TRY(source_element(source));
  for (const pugi::xml_node& each : child_named(project, "Cases").children()) case_element(each);
  selections();
  source_variables();
  for (const pugi::xml_node& code : child_named(child_named(project, "CodeBook"), "Codes").children()) code_notes(code);
  for (const pugi::xml_node& set : child_named(project, "Sets").children()) set_element(set);
  if (!side_.empty()) TRY(read_side_file(side_, file_, material_));
  drop_location_sets();
  links(child_named(project, "Links"));
  foreign_elements(project);
  note_refs(project, "study", -1);
  notes();
  tell_guids_apart(material_);
  return std::move(material_);
}

Result<std::string> ProjectReader::project_entry() {
  std::vector<std::string> roots;
  for (const std::string& name : archive_.names())
    if (name.find('/') == std::string::npos && lower_ascii(name).ends_with(".qde")) roots.push_back(name);
  if (roots.size() == 1) return roots[0];
  return fail(problems::kDamagedArchive,
              {{"file", file_},
               {"reason", roots.empty() ? "it holds no project (.qde)" : "it holds more than one project (.qde)"}});
}

void ProjectReader::users(const pugi::xml_node& list) {
  for (const pugi::xml_node& user : list.children()) {
    if (user.type() != pugi::node_element) continue;
    const std::string guid = guid_at(user);
    std::string name = attribute(user, "name");
    if (name.empty()) name = attribute(user, "id");
    if (name.empty()) name = named_by_guid("coder", guid);
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

int ProjectReader::coder(const std::string& guid) {
  if (const auto found = coders_.find(guid); found != coders_.end()) return found->second;
  const int index = static_cast<int>(material_.coders.size());
  material_.coders.push_back({guid.empty() ? guid_from("unknown coder of " + material_.name) : guid,
                              guid.empty() ? "unknown" : named_by_guid("unknown", guid)});
  report().remark("coder", guid,
                  guid.empty() ? "codings without a user are given to “unknown”"
                               : "a user the file does not list is called “" + material_.coders.back().name + "”");
  return coders_[guid] = index;
}

void ProjectReader::codes(const pugi::xml_node& node, int parent) {
  if (node.type() != pugi::node_element) return;
  if (local_name(node.name()) != "Code") return;  // Description and NoteRef of the parent
  MaterialCode code = read_code(node, parent, report());
  const int index = static_cast<int>(material_.codes.size());
  codes_.try_emplace(code.guid, index);
  material_.codes.push_back(std::move(code));
  for (const pugi::xml_node& child : node.children()) codes(child, index);
}

void ProjectReader::code_notes(const pugi::xml_node& node) {
  if (local_name(node.name()) != "Code") return;
  if (const auto found = codes_.find(guid_at(node)); found != codes_.end()) note_refs(node, "code", found->second);
  for (const pugi::xml_node& child : node.children()) code_notes(child);
}

void ProjectReader::set_element(const pugi::xml_node& node) {
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
void ProjectReader::drop_location_sets() {
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

void ProjectReader::links(const pugi::xml_node& list) {
  std::set<std::string> known;
  for (const MaterialLink& link : material_.links) known.insert(link.guid);
  for (const pugi::xml_node& link : list.children()) {
    if (link.type() != pugi::node_element) continue;
    for (const pugi::xml_node& child : link.children())
      if (local_name(child.name()) == "NoteRef" && known.contains(guid_at(link)))
        used_notes_.insert(guid_at(child, "targetGUID"));
    if (known.contains(guid_at(link))) continue;
    report().note("link", Outcome::kKept, guid_at(link), "it joins two things without a passage; kept to go out again");
    material_.foreign.push_back({"Links", "Link", outer_xml(link), "", ""});
  }
}

void ProjectReader::foreign_elements(const pugi::xml_node& project) {
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

void ProjectReader::collect_notes(const pugi::xml_node& list) {
  for (const pugi::xml_node& note : list.children())
    if (note.type() == pugi::node_element) notes_.emplace_back(guid_at(note), note);
}

void ProjectReader::note_refs(const pugi::xml_node& node, const std::string& subject, int index) {
  for (const pugi::xml_node& child : node.children())
    if (local_name(child.name()) == "NoteRef")
      note_subjects_[guid_at(child, "targetGUID")].emplace_back(subject, index);
}

void ProjectReader::notes() {
  std::map<std::string, int> memo_of;
  for (auto& [guid, note] : notes_) {
    if (used_notes_.contains(guid)) continue;
    const auto text = text_of(note, "memo");
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
      const std::string user = guid_at(note, "creatingUser");
      if (!user.empty()) memo.coder = coder(user);
      memo.title = attribute(note, "name");
      memo.text = text->text;
      memo.created_at = time_at(note, "creationDateTime");
      if (i == 0) memo_of[guid] = static_cast<int>(material_.memos.size());
      if (i > 0) report().remark("memo", guid, "a note on several things became one memo for each");
      material_.memos.push_back(std::move(memo));
    }
    for (const pugi::xml_node& child : note.children())
      if (local_name(child.name()) == "PlainTextSelection")
        report().note("selection", Outcome::kUnusable, guid_at(child),
                      "it stands on a note, which cannot be coded here");
  }
  for (const auto& [guid, subjects] : note_subjects_)
    if (std::none_of(notes_.begin(), notes_.end(), [&wanted = guid](const auto& each) { return each.first == wanted; }))
      report().note("memo", Outcome::kUnusable, guid, "the note it points to is not in the file");
  for (const auto& [set, guid] : set_notes_) {
    if (set < 0) continue;
    if (memo_of.contains(guid))
      material_.sets[static_cast<std::size_t>(set)].members.push_back({"memo", memo_of[guid]});
    else
      report().note("set member", Outcome::kUnusable, guid, "what it points to is not in the file");
  }
}

Result<Material> read_qdpx(std::string_view bytes, std::string_view file) {
  const Archive archive = TRY(Archive::open(bytes, file));
  return ProjectReader(archive, std::string(file)).read();
}

}  // namespace understory::study
