#include "study/gather.h"

#include <boost/json.hpp>

#include "storage/blobs.h"
#include "study/blind.h"
#include "study/codebook.h"
#include "study/source.h"
#include "study/study.h"

namespace understory::study {

using storage::Query;
using storage::Row;
using storage::Transaction;

namespace {

const Query kRespondents{
    "study.collect_respondents",
    "select id, guid, name, kind, size, age_band, gender, role, language, place_code, location_id, attributes "
    "from respondent where workspace_id = ? and study_id = ?"};
const Query kSources{
    "study.collect_sources",
    "select id, guid, name, kind, language, told_on, location_id, question, asked, translation_of, is_read, "
    "byte_order_mark, original_id, original_name from source where workspace_id = ? and study_id = ? and id not in "
    "(select replaces_id from source where workspace_id = ? and study_id = ? and replaces_id is not null)"};
const Query kText{"study.collect_text", "select text from source where workspace_id = ? and id = ?"};
const Query kSpeakers{
    "study.collect_speakers",
    "select source_id, respondent_id, label from source_respondent where workspace_id = ? and study_id = ?"};
const Query kCodings{
    "study.collect_codings",
    "select id, source_id, code_id, coder_id, start_byte, end_byte, created_at, guid, selection_guid, selection_name "
    "from coding where workspace_id = ? and study_id = ?"};
const Query kLinks{
    "study.collect_links",
    "select id, guid, source_id, coder_id, start_byte, end_byte, from_code_id, to_code_id, sign, certainty, "
    "created_at, "
    "from_start_byte, from_end_byte, to_start_byte, to_end_byte from link where workspace_id = ? and study_id = ?"};
const Query kMemos{"study.collect_memos",
                   "select id, guid, subject, subject_id, coder_id, title, text, created_at from memo where "
                   "workspace_id = ? and study_id = ?"};
const Query kMasks{
    "study.collect_masks",
    "select source_id, start_byte, end_byte, kind, id, instead from mask where workspace_id = ? and study_id = ?"};
const Query kSets{"study.collect_sets",
                  "select id, guid, name, description from item_set where workspace_id = ? and study_id = ?"};
const Query kMembers{
    "study.collect_set_members",
    "select item_set_member.set_id, item_set_member.member, item_set_member.member_id from item_set_member "
    "join item_set on item_set.workspace_id = item_set_member.workspace_id and item_set.id = item_set_member.set_id "
    "where item_set.workspace_id = ? and item_set.study_id = ? order by item_set_member.set_id, "
    "item_set_member.position"};
const Query kForeign{"study.collect_foreign",
                     "select id, parent, name, xml, original_id, original_name from foreign_element "
                     "where workspace_id = ? and study_id = ? order by id"};

using Index = std::unordered_map<std::int64_t, int>;

int at(const Index& index, Id id) {
  const auto found = index.find(id.value);
  return found == index.end() ? -1 : found->second;
}

// Sorts elements that carry their row id beside them, and returns row id → place.
template <class T, class Less>
Index settle(std::vector<std::pair<Id, T>>& rows, std::vector<T>& into, Less less) {
  std::sort(rows.begin(), rows.end(),
            [&](const auto& left, const auto& right) { return less(left.second, right.second); });
  Index index;
  into.reserve(rows.size());
  for (auto& [id, element] : rows) {
    index[id.value] = static_cast<int>(into.size());
    into.push_back(std::move(element));
  }
  return index;
}

std::optional<std::int64_t> time_of(const Row& row, int column) {
  return row.is_null(column) ? std::nullopt : std::optional(row.integer(column));
}

class Gathering {
 public:
  Gathering(Transaction& transaction, Id study, const GatherOptions& options)
      : transaction_(transaction),
        study_(study),
        options_(options),
        blindness_(blindness(transaction, study, options.coder)) {}

  Result<Material> run(const Progress& progress) {
    const Study study = TRY(find_study(transaction_, study_));
    material_.name = study.name;
    coders();
    codes();
    for (const Location& location : locations(transaction_, study_)) {
      location_index_[location.id.value] = static_cast<int>(material_.locations.size());
      material_.locations.push_back({location.guid, location.name, location.place_code, false});
    }
    respondents();
    TRY(sources(progress));
    masks();
    TRY(codings());
    links();
    memos();
    sets();
    TRY(foreign());
    return std::move(material_);
  }

 private:
  std::int64_t workspace() const { return transaction_.workspace(); }

  void coders() {
    for (const Coder& coder : list_coders(transaction_, study_)) {
      coder_index_[coder.id.value] = static_cast<int>(material_.coders.size());
      material_.coders.push_back({coder.guid, coder.name, coder.kind, false});
    }
  }

  void codes() {
    const Codebook codebook = load_codebook(transaction_, study_);
    for (const Code& code : codebook.codes) {
      code_index_[code.id.value] = static_cast<int>(material_.codes.size());
      material_.codes.push_back({code.guid, at(code_index_, code.parent), code.name, code.kind, code.meaning,
                                 code.colour, code.codable, code.definition, code.include, code.exclude, code.names,
                                 false});
    }
  }

  void respondents() {
    std::vector<std::pair<Id, MaterialRespondent>> rows;
    transaction_.each(kRespondents, {workspace(), study_}, [&](const Row& row) {
      MaterialRespondent respondent;
      const Id id = row.id(0);
      respondent.guid = row.string(1);
      respondent.name = transaction_.open("respondent", "name", id, row.blob(2));
      respondent.kind = row.string(3);
      respondent.size = static_cast<int>(row.integer(4));
      respondent.age_band = row.string(5);
      respondent.gender = row.string(6);
      respondent.role = row.string(7);
      respondent.language = row.string(8);
      respondent.place_code = row.string(9);
      respondent.location = at(location_index_, row.id(10));
      const boost::json::value attributes = boost::json::parse(row.text(11));
      for (const auto& [name, value] : attributes.as_object())
        respondent.attributes[std::string(name)] = std::string(value.as_string());
      rows.emplace_back(id, std::move(respondent));
    });
    respondent_index_ = settle(rows, material_.respondents, [](const auto& left, const auto& right) {
      return std::tie(left.name, left.guid) < std::tie(right.name, right.guid);
    });
  }

  Result<void> sources(const Progress& progress) {
    std::vector<std::pair<Id, MaterialSource>> rows;
    std::unordered_map<std::int64_t, Id> translations, originals;
    transaction_.each(kSources, {workspace(), study_, workspace(), study_}, [&](const Row& row) {
      MaterialSource source;
      const Id id = row.id(0);
      source.guid = row.string(1);
      source.name = transaction_.open("source", "name", id, row.blob(2));
      source.kind = row.string(3);
      source.language = row.string(4);
      source.told_on = row.string(5);
      source.location = at(location_index_, row.id(6));
      source.question = row.string(7);
      source.asked = row.string(8);
      if (!row.is_null(9)) translations[id.value] = row.id(9);
      source.is_read = row.integer(10) != 0;
      source.byte_order_mark = row.integer(11) != 0;
      if (!row.is_null(12)) originals[id.value] = row.id(12);
      if (!row.is_null(13)) source.original_name = transaction_.open("source", "original_name", id, row.blob(13));
      rows.emplace_back(id, std::move(source));
    });
    source_index_ = settle(rows, material_.sources, [](const auto& left, const auto& right) {
      return std::tie(left.name, left.guid) < std::tie(right.name, right.guid);
    });
    for (const auto& [id, original] : translations)
      material_.sources[source_index_.at(id)].translation_of = at(source_index_, original);
    transaction_.each(kSpeakers, {workspace(), study_}, [&](const Row& row) {
      const int source = at(source_index_, row.id(0));
      if (source < 0) return;
      material_.sources[source].speakers.push_back(
          {transaction_.open("source_respondent", "label", row.id(0), row.blob(2)), at(respondent_index_, row.id(1))});
    });
    for (MaterialSource& source : material_.sources)
      std::sort(source.speakers.begin(), source.speakers.end(), [](const auto& left, const auto& right) {
        return std::tie(left.respondent, left.label) < std::tie(right.respondent, right.label);
      });
    if (options_.texts) TRY(texts(progress));
    if (options_.originals) {
      for (const auto& [id, blob] : originals) {
        MaterialSource& source = material_.sources[source_index_.at(id)];
        source.original = TRY(storage::read_blob(transaction_, blob));
        source.original_media_type = TRY(storage::blob_info(transaction_, blob))
        .media_type;
      }
    }
    return {};
  }

  Result<void> texts(const Progress& progress) {
    std::int64_t done = 0;
    for (const auto& [id, index] : source_index_) {
      if (done++ % 64 == 0 &&
          !report(progress, "progress.sources", done, static_cast<std::int64_t>(source_index_.size())))
        return fail(problems::kStopped);
      std::string& text = material_.sources[index].text;
      transaction_.each(kText, {workspace(), id}, [&, row_id = id](const Row& row) {
        text = transaction_.open("source", "text", Id{row_id}, row.blob(0));
      });
    }
    return {};
  }

  void masks() {
    transaction_.each(kMasks, {workspace(), study_}, [&](const Row& row) {
      const int source = at(source_index_, row.id(0));
      if (source >= 0)
        material_.masks.push_back({source,
                                   {{row.integer(1), row.integer(2)}, "", 1},
                                   row.string(3),
                                   row.is_null(5) ? "" : transaction_.open("mask", "instead", row.id(4), row.blob(5)),
                                   ""});
    });
    std::sort(material_.masks.begin(), material_.masks.end(), [](const auto& left, const auto& right) {
      return std::tie(left.source, left.span.bytes) < std::tie(right.source, right.span.bytes);
    });
    // Every position stays valid: each byte of a masked passage becomes one "#".
    if (!options_.masked) return;
    for (const MaterialMask& mask : material_.masks) {
      std::string& text = material_.sources[mask.source].text;
      for (std::int64_t i = mask.span.bytes.start;
           i < mask.span.bytes.end && i < static_cast<std::int64_t>(text.size()); ++i)
        if (text[i] != '\n' && text[i] != '\r') text[i] = '#';
    }
  }

  Result<void> codings() {
    std::vector<std::pair<Id, MaterialCoding>> rows;
    transaction_.each(kCodings, {workspace(), study_}, [&](const Row& row) {
      MaterialCoding coding;
      const Id id = row.id(0);
      coding.source = at(source_index_, row.id(1));
      if (coding.source < 0) return;  // on a version that was replaced
      if (is_hidden(id, row.id(1), row.id(3))) return;
      coding.code = at(code_index_, row.id(2));
      coding.coder = at(coder_index_, row.id(3));
      coding.span.bytes = {row.integer(4), row.integer(5)};
      coding.created_at = time_of(row, 6);
      coding.guid = row.string(7);
      coding.selection_guid = row.string(8);
      if (!row.is_null(9)) coding.selection_name = transaction_.open("coding", "selection_name", id, row.blob(9));
      rows.emplace_back(id, std::move(coding));
    });
    coding_index_ = settle(rows, material_.codings, [](const auto& left, const auto& right) {
      return std::tie(left.source, left.span.bytes, left.code, left.coder) <
             std::tie(right.source, right.span.bytes, right.code, right.coder);
    });
    return {};
  }

  // Codings and links on sources that are coded blind are noted, for the memos on them.
  bool is_hidden(Id element, Id source, Id coder) {
    if (!blindness_.sources.contains(source)) return false;
    const bool hidden = blindness_.hides(source, coder);
    blind_subjects_[element.value] = {source, hidden};
    material_.blind += hidden;
    return hidden;
  }

  void links() {
    std::vector<std::pair<Id, MaterialLink>> rows;
    transaction_.each(kLinks, {workspace(), study_}, [&](const Row& row) {
      MaterialLink link;
      link.guid = row.string(1);
      link.source = at(source_index_, row.id(2));
      if (link.source < 0) return;
      if (is_hidden(row.id(0), row.id(2), row.id(3))) return;
      link.coder = at(coder_index_, row.id(3));
      link.span.bytes = {row.integer(4), row.integer(5)};
      link.from = at(code_index_, row.id(6));
      link.to = at(code_index_, row.id(7));
      link.sign = static_cast<int>(row.integer(8));
      link.certainty = row.string(9);
      link.created_at = time_of(row, 10);
      if (!row.is_null(11)) {
        link.from_span = {row.integer(11), row.integer(12)};
        link.to_span = {row.integer(13), row.integer(14)};
      }
      rows.emplace_back(row.id(0), std::move(link));
    });
    link_index_ = settle(rows, material_.links, [](const auto& left, const auto& right) {
      return std::tie(left.source, left.span.bytes, left.from, left.to, left.coder) <
             std::tie(right.source, right.span.bytes, right.from, right.to, right.coder);
    });
  }

  void memos() {
    std::vector<std::pair<Id, MaterialMemo>> rows;
    transaction_.each(kMemos, {workspace(), study_}, [&](const Row& row) {
      MaterialMemo memo;
      const Id id = row.id(0);
      memo.guid = row.string(1);
      memo.subject = row.string(2);
      const std::unordered_map<std::string, const Index*> indexes{{"source", &source_index_},
                                                                  {"code", &code_index_},
                                                                  {"coding", &coding_index_},
                                                                  {"link", &link_index_},
                                                                  {"respondent", &respondent_index_}};
      const Id coder = row.id(4);
      const auto subject = blind_subjects_.find(row.integer(3));
      if (memo.subject == "source" ? blindness_.hides(row.id(3), coder)
                                   : subject != blind_subjects_.end() &&
                                         (subject->second.hidden || blindness_.hides(subject->second.source, coder))) {
        ++material_.blind;
        return;
      }
      const auto index = indexes.find(memo.subject);
      memo.index = index == indexes.end() ? -1 : at(*index->second, row.id(3));
      if (index != indexes.end() && memo.index < 0) memo.subject = "study";
      memo.coder = at(coder_index_, row.id(4));
      memo.title = transaction_.open("memo", "title", id, row.blob(5));
      memo.text = transaction_.open("memo", "text", id, row.blob(6));
      memo.created_at = time_of(row, 7);
      rows.emplace_back(id, std::move(memo));
    });
    memo_index_ = settle(rows, material_.memos, [](const auto& left, const auto& right) {
      return std::tie(left.subject, left.index, left.guid) < std::tie(right.subject, right.index, right.guid);
    });
  }

  void sets() {
    std::vector<std::pair<Id, MaterialSet>> rows;
    transaction_.each(kSets, {workspace(), study_}, [&](const Row& row) {
      MaterialSet set;
      set.guid = row.string(1);
      set.name = transaction_.open("item_set", "name", row.id(0), row.blob(2));
      set.description = transaction_.open("item_set", "description", row.id(0), row.blob(3));
      rows.emplace_back(row.id(0), std::move(set));
    });
    const Index index = settle(rows, material_.sets, [](const auto& left, const auto& right) {
      return std::tie(left.name, left.guid) < std::tie(right.name, right.guid);
    });
    transaction_.each(kMembers, {workspace(), study_}, [&](const Row& row) {
      const std::string kind = row.string(1);
      const Index& members = kind == "source" ? source_index_
                             : kind == "code" ? code_index_
                             : kind == "memo" ? memo_index_
                                              : respondent_index_;
      const int member = at(members, row.id(2));
      if (member >= 0) material_.sets[index.at(row.integer(0))].members.push_back({kind, member});
    });
  }

  Result<void> foreign() {
    std::vector<std::pair<std::size_t, Id>> originals;
    transaction_.each(kForeign, {workspace(), study_}, [&](const Row& row) {
      const Id id = row.id(0);
      if (!row.is_null(4)) originals.emplace_back(material_.foreign.size(), row.id(4));
      material_.foreign.push_back(
          {row.string(1), row.string(2), transaction_.open("foreign_element", "xml", id, row.blob(3)),
           row.is_null(5) ? "" : transaction_.open("foreign_element", "original_name", id, row.blob(5)), ""});
    });
    if (options_.texts)
      for (const auto& [index, blob] : originals)
        material_.foreign[index].file = TRY(storage::read_blob(transaction_, blob));
    return {};
  }

  Transaction& transaction_;
  Id study_;
  const GatherOptions& options_;
  const Blindness blindness_;
  struct BlindSubject {
    Id source;
    bool hidden = false;
  };
  std::unordered_map<std::int64_t, BlindSubject> blind_subjects_;
  Material material_;
  Index coder_index_, code_index_, location_index_, respondent_index_, source_index_, coding_index_, link_index_,
      memo_index_;
};

}  // namespace

Result<Material> gather(Transaction& transaction, Id study, const GatherOptions& options, const Progress& progress) {
  return Gathering(transaction, study, options).run(progress);
}

}  // namespace understory::study
