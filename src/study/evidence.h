// What the findings count: everything plain about a study, in columns, read with a handful of queries and without
// opening a single seal. Indices are positions in these vectors; -1 is "none".
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "storage/workspace.h"
#include "study/codebook.h"
#include "study/study.h"

namespace understory::study {

struct Evidence {
  Study study;
  std::vector<Location> locations;
  Codebook codebook;

  struct EvidenceRespondent {
    Id id;
    int location = -1;
    std::string age_band, gender, role, language;
    bool group = false;  // a focus group whose speakers were not told apart
    int size = 1;
    int cluster = -1;               // who was interviewed together: a dense number
    bool asked = false;             // behind at least one source that a coder has read (its kinds: asked_kinds)
    std::uint32_t asked_kinds = 0;  // bit i: asked about kCodeKinds[i]
  };
  std::vector<EvidenceRespondent> respondents;  // by location, then GUID: the same order on every engine

  struct EvidenceSource {
    Id id;
    int location = -1;
    std::string kind, language, told_on;
    bool is_read = false;  // marked read, or holds a human coding
    bool translation = false;
    int human_coders = 0;
    std::int64_t byte_length = 0;
    std::vector<int> respondents;
    int first_turn = 0, turn_count = 0;  // into turns; none: the whole source is one
  };
  std::vector<EvidenceSource> sources;  // newest versions, by GUID

  struct EvidenceTurn {  // a turn of a conversation or a paragraph of a document
    std::int32_t start, end;
  };
  std::vector<EvidenceTurn> turns;  // by source, then position

  struct EvidenceCoder {
    Id id;
    bool machine = false;
  };
  std::vector<EvidenceCoder> coders;  // by GUID

  // Codings of newest versions, human and machine, sorted by (source, start, end, code, coder).
  struct EvidenceCoding {
    Id id;
    int source, code, coder;
    std::int32_t start, end;
    int first_respondent, respondent_count;  // into coding_respondents: who said it
  };
  std::vector<EvidenceCoding> codings;
  std::vector<int> coding_respondents;

  struct EvidenceLink {
    Id id;
    int source, coder, from, to, sign;
    std::string certainty;
    std::int32_t start, end;
    int first_respondent, respondent_count;
    // Where whoever speaks said it: the later of its two passages, in which it is whole; of one passage, all of it.
    std::int32_t told_start = 0, told_end = 0;
  };
  std::vector<EvidenceLink> links;

  // Hexadecimal SHA-256 over all of the above in that order, without row ids: the same data on any engine has the same.
  std::string data_hash() const;
};

// Who said a coded passage: the speakers of the turns it overlaps, where known; else the source's only respondent;
// else the respondent of kind "group"; else nobody (the coding then counts for no one and findings say so).
Evidence load_evidence(storage::Transaction& transaction, Id study);

// The words behind codings, masked, each with the paragraph before and after it when `context` is set.
struct Passage {
  Id coding, source, code, coder;
  std::string source_name, location;
  std::string before, quote, after;    // masked
  std::string translation;             // the same turn in the English translation, masked; empty where there is none
  std::string gender, age_band, role;  // of the one who said it; empty where not known
};
std::vector<Passage> open_passages(storage::Transaction& transaction, const Evidence& evidence,
                                   const std::vector<int>& codings, bool context);

}  // namespace understory::study
