// Tables out: codings, codebook, and the whole study as a workbook.
#include <xlsxwriter.h>

#include "collect/export/workbook_memory.h"
#include "foundation/clock.h"
#include "foundation/csv.h"
#include "study/exchange/formats.h"
#include "study/vocabulary.h"

namespace understory::study {

namespace {

std::string quote_of(const Material& material, const MaterialCoding& coding) {
  const std::string& text = material.sources[static_cast<std::size_t>(coding.source)].text;
  return text.substr(static_cast<std::size_t>(coding.span.bytes.start),
                     static_cast<std::size_t>(coding.span.bytes.length()));
}

std::string location_name(const Material& material, int location) {
  return location < 0 ? "" : material.locations[static_cast<std::size_t>(location)].name;
}

// Row by row over all codings, with positions in code points: one offset map a source, since codings come by source.
template <class Each>
void each_coding(const Material& material, const Each& each) {
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < material.codes.size(); ++i) paths.push_back(code_path(material, static_cast<int>(i)));
  int current = -1;
  std::optional<OffsetMap> map;
  for (const MaterialCoding& coding : material.codings) {
    if (coding.source != current) {
      current = coding.source;
      map.emplace(material.sources[static_cast<std::size_t>(current)].text);
    }
    each(coding, *map->code_point_of_byte(coding.span.bytes.start), *map->code_point_of_byte(coding.span.bytes.end),
         paths[static_cast<std::size_t>(coding.code)]);
  }
}

const std::string& coder_name(const Material& material, int coder) {
  static const std::string kNone;
  return coder < 0 ? kNone : material.coders[static_cast<std::size_t>(coder)].name;
}

// A worksheet filled row by row. Texts are texts, never formulas.
class Table {
 public:
  Table(lxw_workbook* workbook, const char* name, std::initializer_list<const char*> header)
      : sheet_(workbook_add_worksheet(workbook, name)) {
    lxw_format* bold = workbook_add_format(workbook);
    format_set_bold(bold);
    lxw_col_t column = 0;
    for (const char* title : header) worksheet_write_string(sheet_, 0, column++, title, bold);
    worksheet_freeze_panes(sheet_, 1, 0);
  }
  Table& text(const std::string& value) {
    // 32,767 UTF-16 units is a cell's limit (ECMA-376 18.3.1.96); what is cut says so.
    if (OffsetMap(value).utf16_length() <= 32767) {
      worksheet_write_string(sheet_, row_, column_++, value.c_str(), nullptr);
    } else {
      const OffsetMap map(value);
      std::int64_t end = 32000;
      while (!map.byte_of_utf16(end)) --end;
      worksheet_write_string(
          sheet_, row_, column_++,
          (value.substr(0, static_cast<std::size_t>(*map.byte_of_utf16(end))) + " … (cut: a cell holds no more)")
              .c_str(),
          nullptr);
    }
    return *this;
  }
  Table& number(std::int64_t value) {
    worksheet_write_number(sheet_, row_, column_++, static_cast<double>(value), nullptr);
    return *this;
  }
  void end_row() {
    ++row_;
    column_ = 0;
  }

 private:
  lxw_worksheet* sheet_;
  lxw_row_t row_ = 1;
  lxw_col_t column_ = 0;
};

}  // namespace

std::string write_codings_csv(const Material& material) {
  std::string out = "source,location,start,end,code,coder,text\n";
  each_coding(material, [&](const MaterialCoding& coding, std::int64_t start, std::int64_t end,
                            const std::string& path) {
    const MaterialSource& source = material.sources[static_cast<std::size_t>(coding.source)];
    out += csv_safe_field(source.name) + "," + csv_safe_field(location_name(material, source.location)) + "," +
           std::to_string(start) + "," + std::to_string(end) + "," + csv_safe_field(path) + "," +
           csv_safe_field(coder_name(material, coding.coder)) + "," + csv_safe_field(quote_of(material, coding)) + "\n";
  });
  return out;
}

std::string codebook_csv(const Material& material) {
  std::string out = "path,kind,meaning,colour,definition,include,exclude";
  for (std::string_view language : kLanguages) out += "," + std::string(language);
  out += "\n";
  for (std::size_t i = 0; i < material.codes.size(); ++i) {
    const MaterialCode& code = material.codes[i];
    out += csv_safe_field(code_path(material, static_cast<int>(i)));
    for (const std::string* value :
         {&code.kind, &code.meaning, &code.colour, &code.definition, &code.include, &code.exclude})
      out += "," + csv_safe_field(*value);
    for (std::string_view language : kLanguages) {
      const auto found = code.names.find(std::string(language));
      out += "," + (found == code.names.end() ? "" : csv_safe_field(found->second));
    }
    out += "\n";
  }
  return out;
}

Result<std::string> write_xlsx(const Material& material) {
  collect::WorkbookMemory memory;
  lxw_workbook_options options{};
  options.tmpdir = memory.scratch();
  lxw_workbook* workbook = workbook_new_opt(memory.path().c_str(), &options);
  if (!workbook) return fail(problems::kDiskFull);
  lxw_doc_properties properties{};
  properties.created = 1;  // not the time of day: same study, same bytes
  workbook_set_properties(workbook, &properties);

  Table codings(workbook, "codings", {"source", "location", "start", "end", "code", "coder", "text"});
  each_coding(material,
              [&](const MaterialCoding& coding, std::int64_t start, std::int64_t end, const std::string& code) {
                const MaterialSource& source = material.sources[static_cast<std::size_t>(coding.source)];
                codings.text(source.name)
                    .text(location_name(material, source.location))
                    .number(start)
                    .number(end)
                    .text(code)
                    .text(coder_name(material, coding.coder))
                    .text(quote_of(material, coding))
                    .end_row();
              });
  Table sources(workbook, "sources", {"source", "kind", "language", "date", "location", "question", "text"});
  for (const MaterialSource& source : material.sources)
    sources.text(source.name)
        .text(source.kind)
        .text(source.language)
        .text(source.told_on)
        .text(location_name(material, source.location))
        .text(source.question)
        .text(source.text)
        .end_row();
  Table respondents(workbook, "respondents",
                    {"respondent", "kind", "size", "age_band", "gender", "role", "language", "place", "location"});
  for (const MaterialRespondent& person : material.respondents)
    respondents.text(person.name)
        .text(person.kind)
        .number(person.size)
        .text(person.age_band)
        .text(person.gender)
        .text(person.role)
        .text(person.language)
        .text(person.place_code)
        .text(location_name(material, person.location))
        .end_row();
  Table codes(workbook, "codes", {"path", "kind", "meaning", "definition", "include", "exclude"});
  for (std::size_t i = 0; i < material.codes.size(); ++i) {
    const MaterialCode& code = material.codes[i];
    codes.text(code_path(material, static_cast<int>(i)))
        .text(code.kind)
        .text(code.meaning)
        .text(code.definition)
        .text(code.include)
        .text(code.exclude)
        .end_row();
  }
  Table memos(workbook, "memos", {"about", "title", "text", "coder"});
  for (const MaterialMemo& memo : material.memos)
    memos.text(memo.subject).text(memo.title).text(memo.text).text(coder_name(material, memo.coder)).end_row();

  const lxw_error error = workbook_close(workbook);
  if (memory.full())
    return fail(problems::kTooLarge, {{"what", "The workbook"},
                                      {"limit", collect::WorkbookMemory::kMost},
                                      {"hint", "Take the tables or the project file."}});
  if (error != LXW_NO_ERROR)
    return fail(problems::kFileUnreadable,
                {{"file", "The workbook"}, {"reason", std::string("it cannot be written, ") + lxw_strerror(error)}});
  std::string bytes;
  TRY(memory.read([&](std::string_view piece) -> Result<void> {
    bytes += piece;
    return {};
  }));
  return bytes;
}

}  // namespace understory::study
