// The XML layer and the codebook reader.
#include "foundation/xml.h"
#include "fuzz.h"
#include "study/exchange/formats.h"

using namespace understory::study;

std::vector<std::string> fuzz_seeds() {
  return {
      "<CodeBook xmlns=\"urn:QDA-XML:codebook:1.0\" origin=\"x\"><Codes><Code "
      "guid=\"0D62985D-B147-5D01-A9B5-CAE5DCD98342\" name=\"a &amp; b\" "
      "isCodable=\"true\"><Description><![CDATA[d]]></Description></Code></Codes></CodeBook>",
      "\xFF\xFE<\0a\0/\0>\0", "<!DOCTYPE a><a/>", "<a b='c'><!-- d --><?e f?></a>"};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto document = understory::XmlDocument::parse(text, "fuzz.xml")) understory::outer_xml(document->root());
  if (const auto material = read_qdc(text, "fuzz.qdc"); material && !material->codes.empty())
    if (const auto written = write_qdc(*material); written && !read_qdc(written->bytes, "again.qdc")) __builtin_trap();
  return 0;
}
