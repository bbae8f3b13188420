// XLSForms: forms written as spreadsheets, made XForm XML by pyxform, the field's own converter, run as a program.
//
// pyxform is looked for at UNDERSTORY_PYXFORM (the path of its xls2xform), then where scripts/pyxform.sh puts it beside
// this program (build/pyxform) and where the Debian package's documentation says (/usr/lib/understory/pyxform), then on
// PATH. Without it only this is missing; XForm XML is read all the same.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "foundation/result.h"

namespace understory::collect {

// What pyxform remarks, and where it says that this stands. Rows as the spreadsheet counts them, the header is 1.
struct XlsFormRemark {
  std::string sheet;   // empty: it does not say
  int row = 0;         // 0: it does not say
  std::string column;  // empty: it does not say
  std::string reason;  // pyxform's own English, without the place
  std::string sentence() const;
};

struct XlsFormConverted {
  std::string xml;                      // the XForm
  std::string itemsets;                 // itemsets.csv, of a form with external choices: belongs beside it; else empty
  std::vector<XlsFormRemark> warnings;  // what is unusual and was let through
};

// Whether a file of this name is an XLSForm: .xlsx, .xlsm, .xls or .csv.
bool is_xls_form_name(std::string_view file);

// `file` names the upload: for messages, and the form's id where its settings give none. No network; at most 60 s and
// 1 GiB. Problems: kProgramMissing; kUnknownFormat (another ending); kTooLarge (over 16 MiB); kHostileArchive and
// kDamagedArchive (an .xlsx that is no honest archive); kBadXlsForm, kBadXlsFormRow and kBadXlsFormCell: refused by
// pyxform, with sheet, row and column where it says them; kProgramFailed: it took too long.
Result<XlsFormConverted> convert_xls_form(std::string_view bytes, const std::string& file);

// A sentence of pyxform's: "[row : 5] On the 'choices' sheet, the 'label' value is invalid. …".
XlsFormRemark read_xls_form_remark(std::string_view said);

}  // namespace understory::collect
