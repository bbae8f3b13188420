// A REFI-QDA project, element by element. Positions are read last, all sources together, because one program wrote
// them.
#pragma once
#include <map>
#include <pugixml.hpp>
#include <set>

#include "foundation/archive.h"
#include "foundation/text.h"
#include "study/material.h"

namespace understory::study {

class ProjectReader {
 public:
  ProjectReader(const Archive& archive, std::string file);
  // kBadXml, kDamagedArchive. What cannot be used of a good project is named in the material's report.
  Result<Material> read();

 private:
  struct PendingSelection {
    pugi::xml_node node;
    std::int64_t start = 0, end = 0;  // as the file has them
    std::string name, described;
  };
  struct PendingSource {
    int source;
    std::vector<PendingSelection> selections;
  };
  ImportReport& report() { return material_.report; }

  // refi_reader.cpp: people, codes, sets, links, notes
  Result<std::string> project_entry();
  void users(const pugi::xml_node& list);
  int coder(const std::string& guid);
  void codes(const pugi::xml_node& node, int parent);
  void code_notes(const pugi::xml_node& node);
  void set_element(const pugi::xml_node& node);
  void drop_location_sets();
  void links(const pugi::xml_node& list);
  void foreign_elements(const pugi::xml_node& project);
  void collect_notes(const pugi::xml_node& list);
  void note_refs(const pugi::xml_node& node, const std::string& subject, int index);
  void notes();

  // refi_respondents.cpp: cases, variables
  void variables(const pugi::xml_node& list);
  std::vector<std::pair<std::string, std::string>> values_of(const pugi::xml_node& node);
  int location(const std::string& name);
  void take(MaterialRespondent& respondent, const std::string& name, const std::string& value);
  void case_element(const pugi::xml_node& node);
  void source_variables();

  // refi_sources.cpp: texts, selections, codings
  std::string inside(std::string path) const;
  std::optional<DecodedText> text_of(const pugi::xml_node& node, const char* element);
  Result<void> source_element(const pugi::xml_node& node);
  void text_source(const pugi::xml_node& node, const pugi::xml_node& owner);
  void add_coding(const pugi::xml_node& coding, const pugi::xml_node& selection, int source, Span span,
                  const std::string& selection_guid, const std::string& selection_name);
  void selections();
  void described(const PendingSelection& selection, int coding, Span span, const std::string& text);
  static Span without_returns(const std::string& text, Span span);

  const Archive& archive_;
  std::string file_, side_;
  Material material_;
  std::map<std::string, std::string> by_lower_name_, variables_, crlf_texts_;
  std::map<std::string, int> coders_, codes_, sources_;
  std::set<std::string> respondent_names_, used_notes_;
  std::vector<std::pair<int, pugi::xml_node>> source_nodes_;
  std::vector<PendingSource> pending_;
  std::vector<std::pair<std::string, pugi::xml_node>> notes_;
  std::map<std::string, std::vector<std::pair<std::string, int>>> note_subjects_;
  std::vector<std::pair<int, std::string>> set_notes_;
};

}  // namespace understory::study
