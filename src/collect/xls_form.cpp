// pyxform's xls2xform --json answers with one line of JSON on standard error, whatever happens:
// {"code": 100 | 101 | 999, "message": …, "warnings": […]} (pyxform/xls2xform.py, main_cli).
#include "collect/xls_form.h"

#include <unistd.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <regex>

#include "foundation/archive.h"
#include "foundation/file.h"
#include "foundation/text.h"

namespace understory::collect {

namespace {

constexpr std::size_t kLargest = std::size_t{16} << 20;
constexpr std::size_t kLargestForm = std::size_t{64} << 20;
constexpr std::size_t kMemory = std::size_t{1} << 30;
constexpr std::size_t kLongestReason = 600;  // pyxform quotes whole rows

std::string extension_of(std::string_view file) {
  return lower_ascii(std::filesystem::path(std::string(file)).extension().string());
}

std::string find_pyxform() {
  if (const char* told = std::getenv("UNDERSTORY_PYXFORM"); told && *told) return told;
  std::error_code none;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", none);
  std::vector<std::filesystem::path> places;
  // build/understory, and build/src/collect_test.
  if (!none) places = {self.parent_path() / "pyxform", self.parent_path().parent_path() / "pyxform"};
  places.emplace_back("/usr/lib/understory/pyxform");
  for (const std::filesystem::path& place : places)
    if (const auto program = place / "bin" / "xls2xform"; ::access(program.c_str(), X_OK) == 0) return program.string();
  return "xls2xform";
}

// The upload's name without what a path or a terminal could take for more than a name. pyxform makes it the form's id
// where the settings give none.
std::string harmless_stem(const std::string& file) {
  std::string stem = std::filesystem::path(file).stem().string();
  for (char& letter : stem)
    if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f || letter == '/' || letter == '\\') letter = '_';
  if (first_invalid_utf8(stem)) stem.clear();
  stem = shortened(stem, 100);
  return stem.empty() || stem[0] == '.' || stem[0] == '-' ? "form" + stem : stem;
}

tl::unexpected<Problem> refused(const std::string& file, const XlsFormRemark& remark) {
  Problem::Details details{{"file", file}, {"reason", remark.reason}};
  if (remark.row == 0) {
    if (!remark.sheet.empty()) details["reason"] = "sheet “" + remark.sheet + "”: " + remark.reason;
    return fail(problems::kBadXlsForm, details);
  }
  details["sheet"] = remark.sheet;
  details["row"] = std::to_string(remark.row);
  if (remark.column.empty()) return fail(problems::kBadXlsFormRow, details);
  details["column"] = remark.column;
  return fail(problems::kBadXlsFormCell, details);
}

// The line of the answer among warnings of libraries and logs.
std::optional<boost::json::object> answer_in(std::string_view errors) {
  const std::size_t at = errors.rfind("\n{\"code\"");
  const std::string_view line = errors.substr(at == std::string_view::npos ? 0 : at + 1);
  boost::system::error_code wrong;
  boost::json::value answer = boost::json::parse(trim(line), wrong);
  if (wrong || !answer.is_object()) return std::nullopt;
  return std::move(answer.as_object());
}

std::string text_in(const boost::json::object& answer, std::string_view name) {
  const boost::json::value* value = answer.if_contains(name);
  return value && value->is_string() ? std::string(value->as_string()) : std::string();
}

}  // namespace

std::string XlsFormRemark::sentence() const {
  std::string place;
  if (!sheet.empty()) place = "sheet “" + sheet + "”";
  if (row > 0) place += (place.empty() ? "row " : ", row ") + std::to_string(row);
  if (!column.empty()) place += (place.empty() ? "column “" : ", column “") + column + "”";
  return place.empty() ? reason : place + ": " + reason;
}

bool is_xls_form_name(std::string_view file) {
  const std::string extension = extension_of(file);
  return extension == ".xlsx" || extension == ".xlsm" || extension == ".xls" || extension == ".csv";
}

XlsFormRemark read_xls_form_remark(std::string_view said) {
  // std::regex recurses on its input; what it needs to see stands at the beginning.
  static const std::regex kRow(R"(^\s*\[row : (\d{1,7})\]\s*)"),
      kSheet(R"(^On the '([^']{1,60})' sheet, (the '([^']{1,120})' value)?)"),
      kHeaders(R"(^Invalid headers provided for sheet: '([^']{1,60})'\. ?)");
  XlsFormRemark remark;
  std::string rest(trim(said));
  std::smatch found;
  if (const std::string head = rest.substr(0, 40); std::regex_search(head, found, kRow)) {
    remark.row = std::stoi(found[1]);
    remark.sheet = "survey";  // what pyxform does not name is the survey (xls2json.py)
    rest.erase(0, static_cast<std::size_t>(found.length(0)));
  }
  if (const std::string head = rest.substr(0, 240); std::regex_search(head, found, kSheet)) {
    remark.sheet = found[1];
    remark.column = found[3];
    rest.erase(0, remark.column.empty() ? static_cast<std::size_t>(found.length(0))
                                        : static_cast<std::size_t>(found.position(2)));
  } else if (std::regex_search(head, found, kHeaders)) {
    remark.sheet = found[1];
    remark.row = 1;
    rest.erase(0, static_cast<std::size_t>(found.length(0)));
  }
  for (char& letter : rest)
    if (letter == '\n' || letter == '\r' || letter == '\t') letter = ' ';
  if (rest.size() > kLongestReason) {
    rest = std::string(shortened(rest, kLongestReason)) + "…";
  }
  if (!rest.empty() && rest[0] >= 'a' && rest[0] <= 'z') rest[0] = static_cast<char>(rest[0] - 'a' + 'A');
  remark.reason = std::move(rest);
  return remark;
}

Result<XlsFormConverted> convert_xls_form(std::string_view bytes, const std::string& file) {
  if (!is_xls_form_name(file))
    return fail(problems::kUnknownFormat, {{"file", file}, {"known", ".xlsx, .xlsm, .xls, .csv"}});
  if (bytes.size() > kLargest)
    return fail(problems::kTooLarge, {{"what", file}, {"limit", "16 MiB"}, {"hint", "Media belong beside a form."}});
  std::string extension = extension_of(file);
  const bool zipped = bytes.substr(0, 2) == "PK";
  if (zipped) TRY(Archive::open(bytes, file));  // what it unpacks to is looked at before Python does
  if (!zipped && (extension == ".xlsx" || extension == ".xlsm"))
    return refused(file, {"", 0, "", "It is no XLSX workbook. Save it again as .xlsx."});
  if (extension == ".csv" && zipped) extension = ".xlsx";

  const TemporaryFolder folder;
  const std::filesystem::path in = folder.path() / (harmless_stem(file) + extension), out = folder.path() / "out";
  std::filesystem::create_directory(out);
  TRY(write_file(in, bytes, 0600));
  ProgramCall call;
  call.program = find_pyxform();
  call.arguments = {"--json", "--skip_validate", in.string(), (out / "form.xml").string()};
  call.what = "XLSForms (.xlsx, .xls, .csv)";
  call.package = "python3-venv; then scripts/pyxform.sh build/pyxform";
  call.seconds = 60;
  call.memory_limit = kMemory;
  call.file_limit = kLargestForm;
  call.errors_limit = std::size_t{4} << 20;
  const ProgramResult result = TRY(run_program(call));
  const auto answer = answer_in(result.errors);
  if (!answer)
    return fail(
        problems::kProgramFailed,
        {{"program", "pyxform"}, {"reason", "it gave no answer (status " + std::to_string(result.status) + ")"}});
  const boost::json::value* code = answer->if_contains("code");
  if (!code || !code->is_int64() || (code->as_int64() != 100 && code->as_int64() != 101)) {
    std::string message = text_in(*answer, "message");
    for (const std::string own = out.parent_path().string() + "/"; message.find(own) != std::string::npos;)
      message.erase(message.find(own), own.size());
    XlsFormRemark remark = read_xls_form_remark(message);
    // What a table that is no XLSForm comes to in pyxform is meant for its developers.
    if (remark.reason.starts_with("DefinitionData.__init__()") || remark.reason.starts_with("Argument 'definition'"))
      remark.reason = "It has no sheet called survey, so it is no XLSForm.";
    // Python's MemoryError has no words.
    if (remark.reason.empty()) remark.reason = "It cannot be read: perhaps it needs more than 1 GiB of memory.";
    return refused(file, remark);
  }
  XlsFormConverted converted;
  converted.xml = TRY(read_file(out / "form.xml", kLargestForm));
  if (std::filesystem::exists(out / "itemsets.csv"))
    converted.itemsets = TRY(read_file(out / "itemsets.csv", kLargestForm));
  if (const boost::json::value* warnings = answer->if_contains("warnings"); warnings && warnings->is_array())
    for (const boost::json::value& each : warnings->as_array())
      if (each.is_string()) converted.warnings.push_back(read_xls_form_remark(std::string(each.as_string())));
  return converted;
}

}  // namespace understory::collect
