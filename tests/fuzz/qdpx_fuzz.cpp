// A project archive from a stranger: read, or refused with a problem; and what was read can be written in every preset.
// The first byte says whether the input is a whole archive or the project inside a good one, so that mutation reaches
// past the zip's checksums.
#include "foundation/archive.h"
#include "fuzz.h"
#include "study/exchange/formats.h"

using namespace understory::study;

namespace {

constexpr const char* kProject =
    "<Project xmlns=\"urn:QDA-XML:project:1.0\" name=\"p\" origin=\"qc 1\"><Users><User "
    "guid=\"00000000-0000-4000-8000-000000000001\" name=\"A\"/></Users><CodeBook><Codes>"
    "<Code guid=\"00000000-0000-4000-8000-000000000002\" name=\"C\" isCodable=\"true\" "
    "color=\"#f00\"><Description>d</Description></Code></Codes></CodeBook>"
    "<Variables><Variable guid=\"00000000-0000-4000-8000-000000000009\" name=\"gender\" "
    "typeOfVariable=\"Text\"/></Variables><Cases><Case guid=\"00000000-0000-4000-8000-000000000008\" name=\"R\">"
    "<VariableValue><VariableRef "
    "targetGUID=\"00000000-0000-4000-8000-000000000009\"/><TextValue>female</TextValue></VariableValue><SourceRef "
    "targetGUID=\"00000000-0000-4000-8000-000000000003\"/></Case></Cases>"
    "<Sources><TextSource guid=\"00000000-0000-4000-8000-000000000003\" name=\"s\" "
    "plainTextPath=\"internal://a.txt\"><PlainTextSelection guid=\"00000000-0000-4000-8000-000000000004\" "
    "name=\"Hello\" startPosition=\"0\" endPosition=\"5\">"
    "<Coding guid=\"00000000-0000-4000-8000-000000000005\" "
    "creatingUser=\"00000000-0000-4000-8000-000000000001\"><CodeRef "
    "targetGUID=\"00000000-0000-4000-8000-000000000002\"/></Coding></PlainTextSelection></TextSource>"
    "<PictureSource guid=\"00000000-0000-4000-8000-00000000000a\" path=\"internal://p.png\"/></Sources><Notes><Note "
    "guid=\"00000000-0000-4000-8000-000000000006\"><PlainTextContent>n</PlainTextContent></Note></Notes>"
    "<Links><Link guid=\"00000000-0000-4000-8000-000000000007\" "
    "originGUID=\"00000000-0000-4000-8000-000000000002\"/></Links><Sets/><NoteRef "
    "targetGUID=\"00000000-0000-4000-8000-000000000006\"/></Project>";

std::string archive_with(const std::string& project) {
  return *understory::write_archive({{"project.qde", project}, {"sources/a.txt", "Hello 😀 ខ្មែរ\r\nworld"}});
}

}  // namespace

std::vector<std::string> fuzz_seeds() { return {"p" + std::string(kProject), "z" + archive_with(kProject), "z"}; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string rest(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::string bytes = data[0] == 'z' ? rest : archive_with(rest);
  const auto material = read_qdpx(bytes, "fuzz.qdpx");
  if (!material) return 0;
  for (QdpxPreset preset : {QdpxPreset::kSpec, QdpxPreset::kNvivo, QdpxPreset::kAtlasti, QdpxPreset::kMaxqda})
    if (const auto written = write_qdpx(*material, preset))
      if (const auto again = read_qdpx(written->bytes, "again.qdpx"); !again) {
        std::fprintf(stderr, "not read again: %s\n", again.error().sentence().c_str());
        __builtin_trap();
      }
  return 0;
}
