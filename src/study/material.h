// Material: what a file brings into a study, or a study gives to a file, free of row ids.
//
// Every reader (REFI-QDA, survey tables, transcripts, coding tables) makes one; merge.h alone writes it into the
// database; gather.h makes one from a study; every writer takes one. So each format knows nothing of tables, and the
// rules of merging stand in one place.
//
// Elements refer to each other by index into the vectors below; -1 is "none". An element with `reference` set brings
// nothing itself: it names (by guid or name) one that the study must already hold.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "foundation/text.h"
#include "study/import_report.h"

namespace understory::study {

struct MaterialCoder {
  std::string guid;  // empty: one is made
  std::string name;
  std::string kind = "human";
  bool reference = false;
};

struct MaterialCode {
  std::string guid;
  int parent = -1;
  std::string name;
  std::string kind;     // empty: the parent's; a root's is guessed from its name, else "other"
  std::string meaning;  // see kCodeMeanings
  std::string colour;   // empty or #rrggbb
  bool codable = true;
  std::string definition, include, exclude;
  std::map<std::string, std::string> names;  // language → name
  bool reference = false;                    // found by guid or by the path made of the parents' names
};

struct MaterialLocation {
  std::string guid;
  std::string name;
  std::string place_code;
  bool reference = false;
};

struct MaterialRespondent {
  std::string guid;
  std::string name;  // pseudonym, unique in the study
  std::string kind = "person";
  int size = 1;
  std::string age_band, gender, role, language, place_code;
  int location = -1;
  std::map<std::string, std::string> attributes;
  bool reference = false;
};

struct MaterialSpeaker {
  std::string label;  // what stands before the colon; empty in an interview
  int respondent = -1;
};

struct MaterialSource {
  std::string guid;
  std::string name;
  std::string kind = "document";
  std::string language;
  std::string told_on;
  int location = -1;
  std::string question;
  std::string asked;
  int translation_of = -1;
  std::vector<MaterialSpeaker> speakers;
  std::string text;  // UTF-8 without BOM, newlines as they were
  bool byte_order_mark = false;
  bool is_read = false;
  std::string original_name, original_media_type, original;  // the file it came from, where it was not plain text
  bool reference = false;
};

// A place in a source: bytes, or (from tables people write) the words themselves.
struct MaterialSpan {
  Span bytes;
  std::string quote;  // not empty: find its occurrence-th appearance
  int occurrence = 1;
};

struct MaterialCoding {
  std::string guid, selection_guid, selection_name;
  int source = -1, code = -1, coder = -1;
  MaterialSpan span;
  std::optional<std::int64_t> created_at;
  std::string where;  // "codings.csv, row 14": for the report
};

struct MaterialLink {
  std::string guid;
  int source = -1, coder = -1, from = -1, to = -1;
  MaterialSpan span;
  Span from_span, to_span;  // of a link from one passage to another; else both empty
  int sign = 1;
  std::string certainty = "said";
  std::optional<std::int64_t> created_at;
  std::string where;
};

struct MaterialMemo {
  std::string guid;
  std::string subject = "study";  // study | source | code | coding | link | respondent
  int index = -1;                 // into that vector
  int coder = -1;
  std::string title, text;
  std::optional<std::int64_t> created_at;
};

struct MaterialMask {
  int source = -1;
  MaterialSpan span;
  std::string kind = "other";
  std::string instead;  // what is shown in its place
  std::string where;
};

struct MaterialSet {
  std::string guid, name, description;
  struct Member {
    std::string kind;  // source | code | memo | respondent
    int index;
  };
  std::vector<Member> members;
};

struct MaterialForeign {
  std::string parent, name, xml;
  std::string file_name, file;  // the media it names, where it was in the archive
};

struct Material {
  std::string name;    // of the project, where the file gives one
  std::string origin;  // the program that wrote the file, empty for ours
  std::vector<MaterialCoder> coders;
  std::vector<MaterialCode> codes;
  std::vector<MaterialLocation> locations;
  std::vector<MaterialRespondent> respondents;
  std::vector<MaterialSource> sources;
  std::vector<MaterialCoding> codings;
  std::vector<MaterialLink> links;
  std::vector<MaterialMemo> memos;
  std::vector<MaterialMask> masks;
  std::vector<MaterialSet> sets;
  std::vector<MaterialForeign> foreign;
  ImportReport report;     // the reader's lines; merge() adds its own
  std::int64_t blind = 0;  // codings, links and memos left out because their source is coded blind (gather.h)
};

}  // namespace understory::study
