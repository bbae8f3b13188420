// A form's submissions as a zip of CSV files, a file each table, in the layout of ODK Central: form.csv with a row each
// submission, form-repeat.csv with a row each turn of the repeat, and, where wanted, media/ with the attachments.
//
// form.csv:        SubmissionDate, the answers ("group-field"; a geopoint is -Latitude, -Longitude, -Altitude,
//                  -Accuracy), KEY, SubmitterID, SubmitterName, AttachmentsPresent, AttachmentsExpected, Status,
//                  ReviewState, DeviceID, Edits, FormVersion
// form-repeat.csv: the answers, PARENT_KEY, KEY
#pragma once
#include "collect/export/outline.h"

namespace understory::collect {

struct CsvOptions {
  bool group_paths = true;  // "group-field"; else "field", except where two would be called alike
  // After a question with many answers, a column each answer ("field/answer", 1 or 0). Answers no version of the form
  // offers have a column too, which takes a walk of its own to find them; at most 1,000 columns a question.
  bool split_select_multiples = false;
  bool byte_order_mark = false;  // for spreadsheets that take a file without one for something else than UTF-8
};

struct MediaFile {
  std::string name;         // as the answer has it
  std::string instance_id;  // of the submission it belongs to
  std::function<Result<void>(const Sink&)> content;
};
// Calls the reader with each attachment that is there.
using Media = std::function<Result<void>(const std::function<Result<void>(const MediaFile&)>& reader)>;

// Written as the walk goes; what must wait (the tables of repeats) waits sealed on disk. Memory does not grow with the
// number of submissions. A submission that cannot be opened is a row with its KEY, Status "not decrypted" and empty
// answers; one that opens and cannot be read has "not readable". Two attachments of one name: the second lies in
// media/<instance id>/; one that is damaged is there as far as it goes, and named in media/not-whole.txt.
Result<void> write_csv_zip(const Outline& outline, const Walk& walk, const CsvOptions& options, const Media& media,
                           const Sink& sink);

}  // namespace understory::collect
