#include "study/evidence.h"

#include "study/blind.h"
#include "study/limits.h"
#include "study/source.h"
#include "study/vocabulary.h"
#include "vault/vault.h"

namespace understory::study {

using storage::Query;
using storage::Row;
using storage::Transaction;

namespace {

const Query kRespondents{"study.evidence_respondents",
                         "select id, location_id, age_band, gender, role, language, kind, size, guid from respondent "
                         "where workspace_id = ? and study_id = ?"};
const Query kSources{
    "study.evidence_sources",
    "select id, location_id, kind, language, told_on, is_read, translation_of, byte_length, asked, guid from source "
    "where workspace_id = ? and study_id = ? and id not in "
    "(select replaces_id from source where workspace_id = ? and study_id = ? and replaces_id is not null) order by "
    "guid collate \"C\""};
const Query kSpeakers{"study.evidence_speakers",
                      "select source_id, respondent_id from source_respondent where workspace_id = ? and study_id = ?"};
const Query kTurns{
    "study.evidence_turns",
    "select source_id, start_byte, end_byte, respondent_id from turn where workspace_id = ? and study_id = ?"};
const Query kCoders{
    "study.evidence_coders",
    "select id, kind, guid from coder where workspace_id = ? and study_id = ? order by guid collate \"C\""};
const Query kCodings{"study.evidence_codings",
                     "select id, source_id, code_id, coder_id, start_byte, end_byte from coding where workspace_id = ? "
                     "and study_id = ?"};
const Query kLinks{
    "study.evidence_links",
    "select id, source_id, coder_id, from_code_id, to_code_id, start_byte, end_byte, sign, certainty, "
    "from_start_byte, from_end_byte, to_start_byte, to_end_byte from link where workspace_id = ? and study_id = ?"};

// Row ids → dense numbers, by open addressing: the only look-up in the loop over all codings.
class DenseIndex {
 public:
  explicit DenseIndex(std::size_t expected) {
    std::size_t size = 16;
    while (size < expected * 2) size *= 2;
    slots_.assign(size, {0, -1});
  }
  void set(Id id, int value) {
    std::size_t at = slot(id);
    while (slots_[at].first != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = {id.value, value};
  }
  int get(Id id) const {
    for (std::size_t at = slot(id); slots_[at].first != 0; at = (at + 1) & (slots_.size() - 1))
      if (slots_[at].first == id.value) return slots_[at].second;
    return -1;
  }

 private:
  std::size_t slot(Id id) const { return (std::hash<Id>{}(id) >> 32) & (slots_.size() - 1); }
  std::vector<std::pair<std::int64_t, int>> slots_;
};

std::uint32_t kinds_of(std::string_view asked) {
  if (trim(asked).empty()) return ~0u;
  std::uint32_t kinds = 0;
  for (std::string_view word : split(asked, ' '))
    for (std::size_t i = 0; i < kCodeKinds.size(); ++i)
      if (kCodeKinds[i] == word) kinds |= 1u << i;
  return kinds;
}

struct SpokenTurn {
  std::int32_t start, end;
  int respondent;
};

class Loading {
 public:
  Loading(Transaction& transaction, Id study) : transaction_(transaction), study_(study) {}

  Evidence run() {
    auto found = find_study(transaction_, study_);
    if (!found) throw std::logic_error("evidence asked for a study that is not there");
    evidence_.study = *found;
    evidence_.locations = locations(transaction_, study_);
    evidence_.codebook = load_codebook(transaction_, study_);
    respondents();
    sources();
    coders();
    turns();
    codings();
    links();
    finish_sources();
    finish_respondents();
    return std::move(evidence_);
  }

 private:
  std::int64_t workspace() const { return transaction_.workspace(); }

  void respondents() {
    std::unordered_map<std::int64_t, int> location_index;
    for (std::size_t i = 0; i < evidence_.locations.size(); ++i)
      location_index[evidence_.locations[i].id.value] = static_cast<int>(i);
    struct Read {
      std::string guid;
      Evidence::EvidenceRespondent respondent;
    };
    std::vector<Read> read;
    transaction_.each(kRespondents, {workspace(), study_}, [&](const Row& row) {
      Evidence::EvidenceRespondent respondent;
      respondent.id = row.id(0);
      const auto location = location_index.find(row.integer(1));
      respondent.location = location == location_index.end() ? -1 : location->second;
      respondent.age_band = row.string(2);
      respondent.gender = row.string(3);
      respondent.role = row.string(4);
      respondent.language = row.string(5);
      respondent.group = row.text(6) == "group";
      respondent.size = static_cast<int>(row.integer(7));
      read.push_back({row.string(8), std::move(respondent)});
    });
    std::sort(read.begin(), read.end(), [](const Read& left, const Read& right) {
      return std::tie(left.respondent.location, left.guid) < std::tie(right.respondent.location, right.guid);
    });
    respondent_index_ = DenseIndex(read.size());
    for (Read& each : read) {
      respondent_index_.set(each.respondent.id, static_cast<int>(evidence_.respondents.size()));
      evidence_.respondents.push_back(std::move(each.respondent));
    }
  }

  void sources() {
    std::unordered_map<std::int64_t, int> location_index;
    for (std::size_t i = 0; i < evidence_.locations.size(); ++i)
      location_index[evidence_.locations[i].id.value] = static_cast<int>(i);
    transaction_.each(kSources, {workspace(), study_, workspace(), study_}, [&](const Row& row) {
      Evidence::EvidenceSource source;
      source.id = row.id(0);
      const auto location = location_index.find(row.integer(1));
      source.location = location == location_index.end() ? -1 : location->second;
      source.kind = row.string(2);
      source.language = row.string(3);
      source.told_on = row.string(4);
      source.is_read = row.integer(5) != 0;
      source.translation = !row.is_null(6);
      source.byte_length = row.integer(7);
      asked_kinds_.push_back(kinds_of(row.text(8)));
      evidence_.sources.push_back(std::move(source));
    });
    source_index_ = DenseIndex(evidence_.sources.size());
    for (std::size_t i = 0; i < evidence_.sources.size(); ++i)
      source_index_.set(evidence_.sources[i].id, static_cast<int>(i));
    transaction_.each(kSpeakers, {workspace(), study_}, [&](const Row& row) {
      const int source = source_index_.get(row.id(0)), respondent = respondent_index_.get(row.id(1));
      if (source >= 0 && respondent >= 0) evidence_.sources[source].respondents.push_back(respondent);
    });
    for (Evidence::EvidenceSource& source : evidence_.sources)
      std::sort(source.respondents.begin(), source.respondents.end());
  }

  void coders() {
    transaction_.each(kCoders, {workspace(), study_}, [&](const Row& row) {
      evidence_.coders.push_back({row.id(0), row.text(1) == "machine"});
    });
    coder_index_ = DenseIndex(evidence_.coders.size());
    for (std::size_t i = 0; i < evidence_.coders.size(); ++i)
      coder_index_.set(evidence_.coders[i].id, static_cast<int>(i));
  }

  void turns() {
    turns_.resize(evidence_.sources.size());
    transaction_.each(kTurns, {workspace(), study_}, [&](const Row& row) {
      const int source = source_index_.get(row.id(0));
      if (source >= 0)
        turns_[source].push_back({static_cast<std::int32_t>(row.integer(1)), static_cast<std::int32_t>(row.integer(2)),
                                  row.is_null(3) ? -1 : respondent_index_.get(row.id(3))});
    });
    for (auto& turns : turns_)
      std::sort(turns.begin(), turns.end(),
                [](const SpokenTurn& left, const SpokenTurn& right) { return left.start < right.start; });
    for (std::size_t i = 0; i < turns_.size(); ++i) {
      evidence_.sources[i].first_turn = static_cast<int>(evidence_.turns.size());
      evidence_.sources[i].turn_count = static_cast<int>(turns_[i].size());
      for (const SpokenTurn& turn : turns_[i]) evidence_.turns.push_back({turn.start, turn.end});
      std::erase_if(turns_[i], [](const SpokenTurn& turn) { return turn.respondent < 0; });
    }
  }

  // Appends who said [start, end) of a source; returns how many.
  int add_speakers(int source, std::int32_t start, std::int32_t end) {
    const std::vector<SpokenTurn>& turns = turns_[source];
    const std::size_t before = evidence_.coding_respondents.size();
    auto turn = std::upper_bound(turns.begin(), turns.end(), start,
                                 [](std::int32_t at, const SpokenTurn& each) { return at < each.end; });
    for (; turn != turns.end() && turn->start < end; ++turn) {
      const auto first = evidence_.coding_respondents.begin() + static_cast<std::ptrdiff_t>(before);
      if (std::find(first, evidence_.coding_respondents.end(), turn->respondent) == evidence_.coding_respondents.end())
        evidence_.coding_respondents.push_back(turn->respondent);
    }
    if (evidence_.coding_respondents.size() == before) {
      const std::vector<int>& people = evidence_.sources[source].respondents;
      if (people.size() == 1) {
        evidence_.coding_respondents.push_back(people[0]);
      } else {
        for (int person : people)
          if (evidence_.respondents[person].group) {
            evidence_.coding_respondents.push_back(person);
            break;
          }
      }
    }
    return static_cast<int>(evidence_.coding_respondents.size() - before);
  }

  void codings() {
    DenseIndex code_index(evidence_.codebook.codes.size());
    for (std::size_t i = 0; i < evidence_.codebook.codes.size(); ++i)
      code_index.set(evidence_.codebook.codes[i].id, static_cast<int>(i));
    transaction_.each(kCodings, {workspace(), study_}, [&](const Row& row) {
      const int source = source_index_.get(row.id(1));
      if (source < 0) return;  // on a version that was replaced
      evidence_.codings.push_back({row.id(0), source, code_index.get(row.id(2)), coder_index_.get(row.id(3)),
                                   static_cast<std::int32_t>(row.integer(4)), static_cast<std::int32_t>(row.integer(5)),
                                   0, 0});
    });
    std::sort(evidence_.codings.begin(), evidence_.codings.end(), [](const auto& left, const auto& right) {
      return std::tie(left.source, left.start, left.end, left.code, left.coder) <
             std::tie(right.source, right.start, right.end, right.code, right.coder);
    });
    evidence_.coding_respondents.reserve(evidence_.codings.size());
    for (auto& coding : evidence_.codings) {
      coding.first_respondent = static_cast<int>(evidence_.coding_respondents.size());
      coding.respondent_count = add_speakers(coding.source, coding.start, coding.end);
    }
  }

  void links() {
    transaction_.each(kLinks, {workspace(), study_}, [&](const Row& row) {
      const int source = source_index_.get(row.id(1));
      if (source < 0) return;
      evidence_.links.push_back({row.id(0), source, coder_index_.get(row.id(2)), evidence_.codebook.index_of(row.id(3)),
                                 evidence_.codebook.index_of(row.id(4)), static_cast<int>(row.integer(7)),
                                 row.string(8), static_cast<std::int32_t>(row.integer(5)),
                                 static_cast<std::int32_t>(row.integer(6)), 0, 0});
      // A link from one passage to another is whole, and so told, in the later of the two; who speaks between them has
      // no part in it.
      auto& link = evidence_.links.back();
      const int later = row.is_null(9) ? 5 : row.integer(9) > row.integer(11) ? 9 : 11;
      link.told_start = static_cast<std::int32_t>(row.integer(later));
      link.told_end = static_cast<std::int32_t>(row.integer(later + 1));
    });
    std::sort(evidence_.links.begin(), evidence_.links.end(), [](const auto& left, const auto& right) {
      return std::tie(left.source, left.start, left.end, left.from, left.to, left.coder) <
             std::tie(right.source, right.start, right.end, right.from, right.to, right.coder);
    });
    for (auto& link : evidence_.links) {
      link.first_respondent = static_cast<int>(evidence_.coding_respondents.size());
      link.respondent_count = add_speakers(link.source, link.told_start, link.told_end);
    }
  }

  // How many human coders each source has; a source they coded has been read.
  void finish_sources() {
    std::vector<std::pair<int, int>> seen;  // (source, coder)
    for (const auto& coding : evidence_.codings)
      if (coding.coder >= 0 && !evidence_.coders[coding.coder].machine) seen.emplace_back(coding.source, coding.coder);
    std::sort(seen.begin(), seen.end());
    seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
    for (const auto& [source, coder] : seen) {
      ++evidence_.sources[source].human_coders;
      evidence_.sources[source].is_read = true;
    }
  }

  // Who was asked, and who was interviewed together: people of one source form one cluster, and so do sources that
  // share a person.
  void finish_respondents() {
    std::vector<int> parent(evidence_.respondents.size());
    for (std::size_t i = 0; i < parent.size(); ++i) parent[i] = static_cast<int>(i);
    const auto root = [&](int at) {
      while (parent[at] != at) at = parent[at] = parent[parent[at]];
      return at;
    };
    for (std::size_t i = 0; i < evidence_.sources.size(); ++i) {
      const Evidence::EvidenceSource& source = evidence_.sources[i];
      for (int person : source.respondents) {
        const int left = root(source.respondents.front()), right = root(person);
        parent[std::max(left, right)] = std::min(left, right);
        if (!source.is_read) continue;
        evidence_.respondents[person].asked = true;
        evidence_.respondents[person].asked_kinds |= asked_kinds_[i];
      }
    }
    std::unordered_map<int, int> dense;
    for (std::size_t i = 0; i < parent.size(); ++i)
      evidence_.respondents[i].cluster =
          dense.try_emplace(root(static_cast<int>(i)), static_cast<int>(dense.size())).first->second;
  }

  Transaction& transaction_;
  Id study_;
  Evidence evidence_;
  DenseIndex respondent_index_{0}, source_index_{0}, coder_index_{0};
  std::vector<std::uint32_t> asked_kinds_;  // by source
  std::vector<std::vector<SpokenTurn>> turns_;
};

// Appends numbers and words unambiguously: each number in 8 bytes, each text after its length.
class HashInput {
 public:
  void add(std::int64_t number) { bytes_.append(reinterpret_cast<const char*>(&number), sizeof number); }
  void add(std::string_view text) {
    add(static_cast<std::int64_t>(text.size()));
    bytes_ += text;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

}  // namespace

Evidence load_evidence(Transaction& transaction, Id study) {
  Evidence evidence = Loading(transaction, study).run();
  // What is still coded blind is not counted yet: who looked at the numbers would see what others coded.
  if (const auto blind = blind_sources(transaction, study); !blind.empty()) {
    Limits limits;
    limits.without_sources.insert(blind.begin(), blind.end());
    evidence = limited(std::move(evidence), limits);
  }
  return evidence;
}

std::string Evidence::data_hash() const {
  HashInput input;
  input.add(study.guid);
  input.add(study.purposive);
  for (const Location& location : locations) input.add(location.name), input.add(location.place_code);
  for (const Code& code : codebook.codes)
    input.add(code.guid), input.add(code.path), input.add(code.kind), input.add(code.meaning);
  for (const auto& each : respondents) {
    for (std::int64_t number :
         {each.location, int{each.group}, each.size, each.cluster, int{each.asked}, static_cast<int>(each.asked_kinds)})
      input.add(number);
    for (const std::string& word : {each.age_band, each.gender, each.role, each.language}) input.add(word);
  }
  for (const auto& each : sources) {
    for (std::int64_t number :
         {std::int64_t{each.location}, std::int64_t{each.is_read}, std::int64_t{each.translation}, each.byte_length})
      input.add(number);
    for (const std::string& word : {each.kind, each.language, each.told_on}) input.add(word);
    for (int person : each.respondents) input.add(std::int64_t{person});
    input.add(std::int64_t{each.turn_count});
  }
  for (const EvidenceCoder& each : coders) input.add(std::int64_t{each.machine});
  for (const auto& each : turns) input.add(std::int64_t{each.start}), input.add(std::int64_t{each.end});
  for (const auto& each : codings)
    for (std::int64_t number : {each.source, each.code, each.coder, each.start, each.end}) input.add(number);
  for (const auto& each : links) {
    for (std::int64_t number : {each.source, each.coder, each.from, each.to, each.sign, each.start, each.end})
      input.add(number);
    input.add(each.certainty);
  }
  return vault::sha256_hex(input.bytes());
}

}  // namespace understory::study
