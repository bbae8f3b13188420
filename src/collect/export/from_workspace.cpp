#include "collect/export/from_workspace.h"

#include <algorithm>

#include "collect/export/geojson.h"
#include "collect/export/read_ahead.h"
#include "collect/export/with_files.h"
#include "collect/export/xlsx.h"

namespace understory::collect {

Result<FormExport> FormExport::of(storage::Transaction& transaction, const KeptForm& form, Wanted wanted,
                                  bool deleted_fields) {
  FormExport made(transaction, form.id, std::move(wanted));
  std::vector<Form> versions;
  for (const FormVersion& version : form_versions(transaction, form.id)) {
    versions.push_back(form_of(transaction, version.id));
    if (!deleted_fields) break;
  }
  if (versions.empty()) return fail(problems::kNotFound, {{"what", "published form"}, {"name", form.form_id}});
  std::vector<const Form*> each;
  for (const Form& version : versions) each.push_back(&version);
  made.outline_ = outline_of(each, deleted_fields);
  return made;
}

Walk FormExport::walk(std::function<bool()> going_on) const {
  return read_ahead([this, going_on = std::move(going_on)](const std::function<bool(const Opened&)>& reader) {
    walked_->clear();
    each_submission(*transaction_, form_, wanted_, [&](const Opened& opened) {
      if (going_on && !going_on()) return false;
      walked_->push_back(opened.submission.id);
      return reader(opened);
    });
  });
}

Media FormExport::media() const {
  return [this](const std::function<Result<void>(const MediaFile&)>& reader) -> Result<void> {
    // Files nobody named are told as well. Both are in the order they came.
    for (const Id id : submissions_with_files(*transaction_, form_)) {
      if (!std::binary_search(walked_->begin(), walked_->end(), id)) continue;
      const Submission submission = TRY(find_submission(*transaction_, id));
      for (const Attachment& attachment : attachments_of(*transaction_, id)) {
        if (!attachment.present) continue;
        TRY(reader({attachment.name, submission.instance_id, [&](const Sink& sink) -> Result<void> {
                      Result<void> outcome;
                      TRY(read_attachment(
                          *transaction_, id, attachment,
                          [&](std::string_view piece) {
                            if (outcome) outcome = sink(piece);
                          },
                          wanted_.key));
                      return outcome;
                    }}));
      }
    }
    return {};
  };
}

ODataSource FormExport::odata_source(std::string service, std::function<bool()> going_on) const {
  return {[this, going_on = std::move(going_on)](Id after, const std::function<bool(const Opened&)>& reader) {
            Wanted wanted = wanted_;
            wanted.after = std::max(wanted.after, after);
            each_submission(*transaction_, form_, wanted,
                            [&](const Opened& opened) { return (!going_on || going_on()) && reader(opened); });
          },
          [this] { return count_submissions(*transaction_, form_, wanted_); }, std::move(service)};
}

std::optional<ExportFormat> export_format_of(std::string_view name) {
  if (name == "csv") return ExportFormat::kCsv;
  if (name == "xlsx") return ExportFormat::kXlsx;
  if (name == "odata") return ExportFormat::kOData;
  if (name == "geojson") return ExportFormat::kGeoJson;
  return std::nullopt;
}

Result<void> write_export(const FormExport& from, ExportFormat format, const ExportOptions& options,
                          const std::function<bool()>& going_on, const Sink& sink) {
  switch (format) {
    case ExportFormat::kCsv:
      return write_csv_zip(from.outline(), from.walk(going_on), options.csv,
                           options.attachments ? from.media() : Media(), sink);
    case ExportFormat::kXlsx: return write_xlsx(from.outline(), from.walk(going_on), sink);
    case ExportFormat::kGeoJson: return write_geojson(from.outline(), from.walk(going_on), options.place_field, sink);
    case ExportFormat::kOData: {
      ODataQuery query;
      query.expand = true;
      return write_odata(from.outline(), odata_names(from.outline()), from.odata_source(options.service, going_on), {},
                         query, sink);
    }
  }
  return {};
}

}  // namespace understory::collect
