// A form's submissions out of the workspace, as every way out takes them.
#pragma once
#include "collect/export/csv_zip.h"
#include "collect/export/odata.h"
#include "collect/forms.h"

namespace understory::collect {

// Borrows the transaction: it must outlive the object and be in the same thread.
class FormExport {
 public:
  // kNotFound: no version of the form was published. `wanted`: what of it whoever asks may have (within_reach()).
  static Result<FormExport> of(storage::Transaction& transaction, const KeptForm& form, Wanted wanted,
                               bool deleted_fields = true);

  const Outline& outline() const { return outline_; }
  // `going_on`, asked at each submission, ends the walk when it says no: whoever waited is gone. Its reader is called
  // in another thread (read_ahead()).
  Walk walk(std::function<bool()> going_on = {}) const;
  // The attachments that are there, of the submissions the last walk gave.
  Media media() const;
  ODataSource odata_source(std::string service, std::function<bool()> going_on = {}) const;

 private:
  FormExport(storage::Transaction& transaction, Id form, Wanted wanted)
      : transaction_(&transaction), form_(form), wanted_(std::move(wanted)) {}

  storage::Transaction* transaction_;
  Id form_;
  Wanted wanted_;
  Outline outline_;
  // What the last walk gave, in its order.
  std::shared_ptr<std::vector<Id>> walked_ = std::make_shared<std::vector<Id>>();
};

// csv, csv:attachments is decided by CsvOptions; xlsx, odata (all of Submissions, repeats within) and geojson.
enum class ExportFormat { kCsv, kXlsx, kOData, kGeoJson };
std::optional<ExportFormat> export_format_of(std::string_view name);

struct ExportOptions {
  CsvOptions csv;
  bool attachments = false;  // of kCsv
  std::string place_field;   // of kGeoJson: which answer; empty: the first
  std::string service;       // of kOData: what its addresses begin with
};
Result<void> write_export(const FormExport& from, ExportFormat format, const ExportOptions& options,
                          const std::function<bool()>& going_on, const Sink& sink);

}  // namespace understory::collect
