// Names of codes across formats: paths, and the kinds that root names suggest.
#include "study/exchange/formats.h"

namespace understory::study {

std::string code_path(const Material& material, int code) {
  std::string path;
  for (int depth = 0; code >= 0; code = material.codes[static_cast<std::size_t>(code)].parent, ++depth) {
    if (depth > 100) throw std::logic_error("a codebook is its own parent");
    std::string name;
    for (char letter : material.codes[static_cast<std::size_t>(code)].name) {
      if (letter == '/') name += '\\';
      name += letter;
    }
    path = path.empty() ? name : name + "/" + path;
  }
  return path;
}

std::string guess_kind(std::string_view name) {
  // Words a root code's name may hold, in the seven languages of the house.
  static const std::pair<std::string_view, std::string_view> kWords[] = {{"vulnerab", "vulnerability"},
                                                                         {"at risk", "vulnerability"},
                                                                         {"ភាពងាយរងគ្រោះ", "vulnerability"},
                                                                         {"ความเปราะบาง", "vulnerability"},
                                                                         {"dễ bị tổn thương", "vulnerability"},
                                                                         {"exploit", "exploitation"},
                                                                         {"forms of", "exploitation"},
                                                                         {"ការកេងប្រវ័ញ្ច", "exploitation"},
                                                                         {"शोषण", "exploitation"},
                                                                         {"শোষণ", "exploitation"},
                                                                         {"การแสวงหาประโยชน์", "exploitation"},
                                                                         {"bóc lột", "exploitation"},
                                                                         {"enforce", "enforcement"},
                                                                         {"police", "enforcement"},
                                                                         {"law", "enforcement"},
                                                                         {"cause", "cause"},
                                                                         {"driver", "cause"},
                                                                         {"push factor", "cause"},
                                                                         {"មូលហេតុ", "cause"},
                                                                         {"कारण", "cause"},
                                                                         {"কারণ", "cause"},
                                                                         {"สาเหตุ", "cause"},
                                                                         {"nguyên nhân", "cause"},
                                                                         {"means", "means"},
                                                                         {"recruit", "means"},
                                                                         {"decept", "means"},
                                                                         {"មធ្យោបាយ", "means"},
                                                                         {"route", "route"},
                                                                         {"destination", "route"},
                                                                         {"ផ្លូវ", "route"},
                                                                         {"मार्ग", "route"},
                                                                         {"เส้นทาง", "route"},
                                                                         {"actor", "actor"},
                                                                         {"trafficker", "actor"},
                                                                         {"broker", "actor"},
                                                                         {"strateg", "strategy"},
                                                                         {"prevent", "strategy"},
                                                                         {"respons", "strategy"},
                                                                         {"យុទ្ធសាស្ត្រ", "strategy"},
                                                                         {"रणनीति", "strategy"},
                                                                         {"কৌশল", "strategy"},
                                                                         {"กลยุทธ์", "strategy"},
                                                                         {"chiến lược", "strategy"},
                                                                         {"trend", "trend"},
                                                                         {"change over time", "trend"},
                                                                         {"និន្នាការ", "trend"},
                                                                         {"แนวโน้ม", "trend"},
                                                                         {"xu hướng", "trend"}};
  const std::string folded = fold(name);
  for (const auto& [word, kind] : kWords)
    if (folded.find(fold(word)) != std::string::npos) return std::string(kind);
  return "other";
}

}  // namespace understory::study
