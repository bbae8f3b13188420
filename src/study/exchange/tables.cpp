// The tables people write by hand: respondents, sources, codings, links, masks, codebooks (their columns are told in
// examples/seven-communities/README.md).
#include <set>

#include "foundation/csv.h"
#include "study/exchange/formats.h"
#include "study/exchange/table_view.h"
#include "study/vocabulary.h"

namespace understory::study {

namespace {

const std::vector<std::pair<TableKind, std::vector<std::string_view>>>& shapes() {
  static const std::vector<std::pair<TableKind, std::vector<std::string_view>>> kShapes{
      {TableKind::kLinks, {"source", "coder", "from", "to", "quote"}},
      {TableKind::kCodings, {"source", "coder", "code", "quote"}},
      {TableKind::kMasks, {"source", "quote", "kind"}},
      {TableKind::kSources, {"file", "source"}},
      {TableKind::kPlaces, {"code", "parent", "level"}},
      {TableKind::kCodebook, {"path", "kind"}},
  };
  return kShapes;
}

constexpr std::string_view kRespondentColumns[] = {"respondent", "location", "kind",  "size",    "age_band",
                                                   "gender",     "role",     "place", "language"};

// Index of a coder, code, source or respondent that the table only names.
class Names {
 public:
  explicit Names(Material& material) : material_(material) {}

  int coder(const std::string& name) {
    return remember(coders_, name, material_.coders, [&] { return MaterialCoder{"", name, "human", true}; });
  }
  int source(const std::string& name) {
    return remember(sources_, name, material_.sources, [&] {
      MaterialSource source;
      source.name = name;
      source.reference = true;
      return source;
    });
  }
  int respondent(const std::string& name) {
    return remember(respondents_, name, material_.respondents, [&] {
      MaterialRespondent respondent;
      respondent.name = name;
      respondent.reference = true;
      return respondent;
    });
  }
  int location(const std::string& name) {
    if (name.empty()) return -1;
    return remember(locations_, name, material_.locations, [&] { return MaterialLocation{"", name, "", false}; });
  }
  // "Causes/Poverty": each part is a code under the one before; "\/" is a slash inside a name.
  int code(const std::string& path) {
    if (path.empty()) return -1;
    const auto found = codes_.find(path);
    if (found != codes_.end()) return found->second;
    std::size_t cut = path.rfind('/');
    while (cut != std::string::npos && cut > 0 && path[cut - 1] == '\\') cut = path.rfind('/', cut - 1);
    const int parent = cut == std::string::npos ? -1 : code(path.substr(0, cut));
    std::string name = cut == std::string::npos ? path : path.substr(cut + 1);
    for (std::size_t at = name.find("\\/"); at != std::string::npos; at = name.find("\\/", at + 1)) name.erase(at, 1);
    MaterialCode code;
    code.parent = parent;
    code.name = name;
    code.reference = true;
    material_.codes.push_back(std::move(code));
    return codes_[path] = static_cast<int>(material_.codes.size()) - 1;
  }

 private:
  template <class T, class Make>
  int remember(std::map<std::string, int>& index, const std::string& name, std::vector<T>& list, const Make& make) {
    if (name.empty()) return -1;
    const auto [found, is_new] = index.try_emplace(name, static_cast<int>(list.size()));
    if (is_new) list.push_back(make());
    return found->second;
  }
  Material& material_;
  std::map<std::string, int> coders_, sources_, respondents_, locations_, codes_;
};

Result<void> read_respondents(const TableView& table, Material& material) {
  Names names(material);
  for (std::size_t row = 0; row < table.size(); ++row) {
    MaterialRespondent respondent;
    respondent.name = TRY(table.needed(row, "respondent"));
    respondent.location = names.location(table.get(row, "location"));
    respondent.kind = table.get(row, "kind").empty() ? "person" : table.get(row, "kind");
    respondent.size = static_cast<int>(TRY(table.whole_number(row, "size", 1)));
    respondent.age_band = table.get(row, "age_band");
    respondent.gender = table.get(row, "gender");
    respondent.role = table.get(row, "role");
    respondent.place_code = table.get(row, "place");
    respondent.language = table.get(row, "language");
    for (const std::string& column : table.columns())
      if (std::find(std::begin(kRespondentColumns), std::end(kRespondentColumns), column) ==
              std::end(kRespondentColumns) &&
          !table.get(row, column).empty())
        respondent.attributes[column] = table.get(row, column);
    material.respondents.push_back(std::move(respondent));
  }
  return {};
}

// "Sophea=SR-11; Vanna=SR-12", or one pseudonym alone.
void read_speakers(const std::string& text, Names& names, MaterialSource& source) {
  for (std::string_view part : split(text, ';')) {
    part = trim(part);
    if (part.empty()) continue;
    const std::size_t equals = part.rfind('=');
    MaterialSpeaker speaker;
    if (equals != std::string_view::npos) speaker.label = std::string(trim(part.substr(0, equals)));
    speaker.respondent =
        names.respondent(std::string(trim(equals == std::string_view::npos ? part : part.substr(equals + 1))));
    source.speakers.push_back(std::move(speaker));
  }
}

Result<void> read_sources(const TableView& table, Material& material, std::string_view file, const TextOf& text_of) {
  Names names(material);
  std::map<std::string, int> by_name;
  for (std::size_t row = 0; row < table.size(); ++row) {
    const std::string wanted = TRY(table.needed(row, "file"));
    auto bytes = text_of(wanted);
    if (!bytes)
      return fail(problems::kBadTable, {{"file", std::string(file)},
                                        {"row", std::to_string(table.number(row))},
                                        {"reason", bytes.error().sentence()}});
    Material document = TRY(read_document(*bytes, wanted));
    MaterialSource source = std::move(document.sources.at(0));
    source.name = TRY(table.needed(row, "source"));
    source.kind = table.get(row, "kind").empty() ? "document" : table.get(row, "kind");
    source.location = names.location(table.get(row, "location"));
    source.language = table.get(row, "language");
    source.told_on = table.get(row, "date");
    source.asked = table.get(row, "asked");
    source.is_read = table.get(row, "read") == "yes";
    read_speakers(table.get(row, "respondents"), names, source);
    if (!by_name.try_emplace(source.name, static_cast<int>(material.sources.size())).second)
      return fail(problems::kBadTable, {{"file", std::string(file)},
                                        {"row", std::to_string(table.number(row))},
                                        {"reason", "the source “" + source.name + "” stands twice"}});
    material.sources.push_back(std::move(source));
  }
  // Translations may stand before or after what they translate, or translate a source of the study.
  const std::size_t own = material.sources.size();
  for (std::size_t row = 0; row < own; ++row) {
    const std::string original = table.get(row, "translation_of");
    if (original.empty()) continue;
    const auto found = by_name.find(original);
    material.sources[row].translation_of = found != by_name.end() ? found->second : names.source(original);
  }
  return {};
}

Result<MaterialSpan> read_span(const TableView& table, std::size_t row) {
  MaterialSpan span;
  span.quote = TRY(table.needed(row, "quote"));
  span.occurrence = static_cast<int>(TRY(table.whole_number(row, "occurrence", 1)));
  return span;
}

Result<void> read_codings(const TableView& table, Material& material) {
  Names names(material);
  for (std::size_t row = 0; row < table.size(); ++row) {
    MaterialCoding coding;
    coding.source = names.source(TRY(table.needed(row, "source")));
    coding.coder = names.coder(table.get(row, "coder"));
    coding.code = names.code(TRY(table.needed(row, "code")));
    coding.span = TRY(read_span(table, row));
    coding.where = table.where(row);
    material.codings.push_back(std::move(coding));
  }
  return {};
}

Result<void> read_links(const TableView& table, Material& material) {
  Names names(material);
  for (std::size_t row = 0; row < table.size(); ++row) {
    MaterialLink link;
    link.source = names.source(TRY(table.needed(row, "source")));
    link.coder = names.coder(table.get(row, "coder"));
    link.from = names.code(TRY(table.needed(row, "from")));
    link.to = names.code(TRY(table.needed(row, "to")));
    link.span = TRY(read_span(table, row));
    const std::string sign = table.get(row, "sign");
    if (!sign.empty() && sign != "+" && sign != "-" && sign != "\xE2\x88\x92")
      return table.bad_value(row, "sign", sign, "sign", "Write + (leads to) or - (prevents).");
    link.sign = sign.empty() || sign == "+" ? 1 : -1;
    const std::string certainty = table.get(row, "certainty");
    if (!certainty.empty() && !is_one_of(kCertainties, certainty))
      return table.bad_value(row, "certainty", certainty, "certainty", "Write said, likely or possible.");
    if (!certainty.empty()) link.certainty = certainty;
    link.where = table.where(row);
    material.links.push_back(std::move(link));
  }
  return {};
}

Result<void> read_masks(const TableView& table, Material& material) {
  Names names(material);
  for (std::size_t row = 0; row < table.size(); ++row) {
    MaterialMask mask;
    mask.source = names.source(TRY(table.needed(row, "source")));
    mask.span = TRY(read_span(table, row));
    const std::string kind = table.get(row, "kind");
    if (!kind.empty() && !is_one_of(kMaskKinds, kind))
      return table.bad_value(row, "kind", kind, "kind of mask", "Write name, place, phone or other.");
    if (!kind.empty()) mask.kind = kind;
    mask.instead = table.get(row, "instead");
    mask.where = table.where(row);
    material.masks.push_back(std::move(mask));
  }
  return {};
}

std::string_view name_of(TableKind kind) {
  switch (kind) {
    case TableKind::kRespondents: return "table of respondents";
    case TableKind::kSources: return "table of sources";
    case TableKind::kCodings: return "table of codings";
    case TableKind::kLinks: return "table of links";
    case TableKind::kMasks: return "table of masks";
    case TableKind::kCodebook: return "codebook table";
    case TableKind::kPlaces: return "table of places";
    case TableKind::kSurvey: return "survey";
  }
  return "table";
}

}  // namespace

Result<Sheet> read_csv_sheet(std::string_view bytes, std::string_view file) {
  CsvTable table = TRY(read_csv(TRY(decode_text(bytes, file)).text, file));
  return Sheet{"", std::move(table.header), std::move(table.rows), std::move(table.row_numbers)};
}

TableKind table_kind(const Sheet& sheet) {
  const auto has = [&](std::string_view column) {
    return std::find(sheet.header.begin(), sheet.header.end(), column) != sheet.header.end();
  };
  for (const auto& [kind, columns] : shapes())
    if (std::all_of(columns.begin(), columns.end(), has)) return kind;
  // One column short of a known table is that table with a column missing, and the reader says which; not a survey.
  for (const auto& [kind, columns] : shapes())
    if (columns.size() > 2 &&
        std::count_if(columns.begin(), columns.end(), has) + 1 == static_cast<std::ptrdiff_t>(columns.size()) &&
        !has("respondent"))
      return kind;
  // Nothing but facts about respondents; one more column of words makes it a survey.
  const bool only_facts =
      has("respondent") && std::all_of(sheet.header.begin(), sheet.header.end(), [](const std::string& column) {
        return std::find(std::begin(kRespondentColumns), std::end(kRespondentColumns), column) !=
               std::end(kRespondentColumns);
      });
  return only_facts ? TableKind::kRespondents : TableKind::kSurvey;
}

Result<Material> read_table(const Sheet& sheet, TableKind kind, std::string_view file, const TextOf& text_of) {
  Material material;
  material.report.file = std::string(file);
  material.report.format = std::string(name_of(kind));
  for (const auto& [known, columns] : shapes())
    for (std::string_view column : columns)
      if (known == kind && std::find(sheet.header.begin(), sheet.header.end(), column) == sheet.header.end())
        return fail(problems::kMissingColumn, {{"file", std::string(file)},
                                               {"column", std::string(column)},
                                               {"columns", join(sheet.header, ", ")},
                                               {"hint", "This looks like a " + std::string(name_of(kind)) +
                                                            "; add the column, empty where you do not know."}});
  const TableView table(sheet, file);
  switch (kind) {
    case TableKind::kRespondents: TRY(read_respondents(table, material)); break;
    case TableKind::kSources: TRY(read_sources(table, material, file, text_of)); break;
    case TableKind::kCodings: TRY(read_codings(table, material)); break;
    case TableKind::kLinks: TRY(read_links(table, material)); break;
    case TableKind::kMasks: TRY(read_masks(table, material)); break;
    case TableKind::kCodebook: return read_codebook_table(sheet, file);
    case TableKind::kPlaces:
    case TableKind::kSurvey: throw std::logic_error("this table is read elsewhere");
  }
  return material;
}

Result<Material> read_codebook_table(const Sheet& sheet, std::string_view file) {
  Material material;
  material.report.file = std::string(file);
  material.report.format = std::string(name_of(TableKind::kCodebook));
  const TableView table(sheet, file);
  Names names(material);
  std::set<int> defined;
  for (std::size_t row = 0; row < table.size(); ++row) {
    const int index = names.code(TRY(table.needed(row, "path")));
    if (!defined.insert(index).second)
      return table.bad_value(row, "path", table.get(row, "path"), "new path", "It stands twice.");
    MaterialCode& code = material.codes[static_cast<std::size_t>(index)];
    code.reference = false;
    code.kind = table.get(row, "kind");
    if (!code.kind.empty() && !is_one_of(kCodeKinds, code.kind))
      return table.bad_value(
          row, "kind", code.kind, "kind of code",
          "Kinds: cause, vulnerability, means, exploitation, route, actor, strategy, trend, enforcement, other.");
    code.meaning = table.get(row, "meaning");
    if (!code.meaning.empty() && !is_one_of(kCodeMeanings, code.meaning))
      return table.bad_value(row, "meaning", code.meaning, "meaning of a code",
                             "Meanings: self_protection, intervention, awareness, up, same, down, unknown, period.");
    code.colour = table.get(row, "colour");
    code.definition = table.get(row, "definition");
    code.include = table.get(row, "include");
    code.exclude = table.get(row, "exclude");
    for (std::string_view language : kLanguages)
      if (const std::string name = table.get(row, std::string(language)); !name.empty())
        code.names[std::string(language)] = name;
  }
  // A code that is only named as a parent comes into being with its children.
  for (MaterialCode& code : material.codes) code.reference = false;
  return material;
}

}  // namespace understory::study
