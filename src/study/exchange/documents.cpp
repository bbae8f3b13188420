// Documents: plain text as it is, everything else through pandoc.
#include <filesystem>

#include "foundation/archive.h"
#include "foundation/file.h"
#include "study/exchange/formats.h"

namespace understory::study {

namespace {

struct DocumentKind {
  std::string_view extension, pandoc, media_type;
};
constexpr DocumentKind kKinds[] = {
    {".html", "html", "text/html"},
    {".htm", "html", "text/html"},
    {".docx", "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {".odt", "odt", "application/vnd.oasis.opendocument.text"}};

}  // namespace

Result<Material> read_document(std::string_view bytes, std::string_view file) {
  Material material;
  material.report.file = std::string(file);
  const std::filesystem::path path{std::string(file)};
  const std::string extension = lower_ascii(path.extension().string());
  MaterialSource source;
  source.name = path.stem().string();
  const auto* kind = std::find_if(std::begin(kKinds), std::end(kKinds),
                                  [&](const DocumentKind& each) { return each.extension == extension; });
  if (kind == std::end(kKinds)) {
    material.report.format = "plain text";
    DecodedText decoded = TRY(decode_text(bytes, file));
    source.text = std::move(decoded.text);
    source.byte_order_mark = decoded.byte_order_mark;
  } else {
    material.report.format = std::string(kind->pandoc) + " by pandoc";
    // --sandbox: a document may name files and addresses; none is opened.
    if (kind->pandoc != "html") TRY(Archive::open(bytes, file));  // what it unpacks to is looked at before pandoc does
    const ProgramCall call{
        "pandoc",           {"--sandbox", "--from", std::string(kind->pandoc), "--to", "plain", "--wrap", "none"},
        std::string(bytes), "importing DOCX, ODT and HTML",
        "pandoc",           60};
    const ProgramResult converted = TRY(run_program(call));
    if (converted.status != 0)
      return fail(problems::kFileUnreadable,
                  {{"file", std::string(file)},
                   {"reason", "pandoc finds no " + std::string(kind->pandoc) + " document in it"}});
    source.text = TRY(decode_text(converted.output, file))
    .text;
    source.original_name = path.filename().string();
    source.original_media_type = std::string(kind->media_type);
    source.original = std::string(bytes);
  }
  material.sources.push_back(std::move(source));
  return material;
}

}  // namespace understory::study
