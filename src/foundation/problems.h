// The catalogue of problems. Each sentence says what happened, where, and what to do about it.
// Codes never change their meaning. Translations: languages/*.json, key "problem.<code>".
#pragma once
#include "foundation/problem.h"

namespace understory::problems {

// General
inline constexpr ProblemKind kNotFound{"not_found", 404, "There is no {what} called “{name}” here."};
inline constexpr ProblemKind kForbidden{"forbidden", 403, "This is not open to you."};
inline constexpr ProblemKind kAlreadyExists{"already_exists", 409,
                                            "There is already a {what} called “{name}”. Choose another name."};
inline constexpr ProblemKind kInvalidValue{"invalid_value", 422, "{where}: “{value}” is not a valid {what}. {hint}"};
inline constexpr ProblemKind kMissingValue{"missing_value", 422, "{where}: {what} is missing. {hint}"};
inline constexpr ProblemKind kTooLarge{"too_large", 413, "{what} is larger than the limit of {limit}. {hint}"};
inline constexpr ProblemKind kBusy{"busy", 503, "The workspace is busy with another writer. Try again in a moment."};
inline constexpr ProblemKind kExportsTaken{
    "exports_taken", 503, "As many exports are on their way as this server makes at once. Try again in half a minute."};
inline constexpr ProblemKind kOwnExportsTaken{
    "own_exports_taken", 503,
    "Two exports are on their way to you already. Let one come to its end, or stop it, and try again."};
inline constexpr ProblemKind kStoppedBetween{
    "stopped_between", 409,
    "The work was stopped before it was done. What is done stays done; call it again to go on."};
inline constexpr ProblemKind kStopped{"stopped", 409, "The work was stopped before it was done. Nothing was changed."};

// Workspace and storage
inline constexpr ProblemKind kNoWorkspace{"no_workspace", 404,
                                          "{folder} holds no workspace. Make one with: understory init -w {folder}"};
inline constexpr ProblemKind kWorkspaceExists{"workspace_exists", 409,
                                              "{folder} already holds a workspace. Nothing was changed."};
inline constexpr ProblemKind kNewerWorkspace{
    "newer_workspace", 409,
    "This workspace was last used by a newer Understory (step {found}; this program knows {known}). Nothing was "
    "changed. Install the newer program and try again."};
inline constexpr ProblemKind kDamaged{"damaged", 500,
                                      "{what} is damaged: {reason}. Nothing of it was used. Restore it from a backup."};
inline constexpr ProblemKind kDiskFull{"disk_full", 507,
                                       "The disk is full. Nothing was changed. Free some space and try again."};
inline constexpr ProblemKind kDatabaseUnavailable{
    "database_unavailable", 503,
    "The database cannot be reached: {reason}. Check that it runs and that its address is right."};
inline constexpr ProblemKind kWrongKey{
    "wrong_key", 403, "The key in {where} does not open this workspace. Put the workspace's own key there."};

// Files
inline constexpr ProblemKind kFileUnreadable{"file_unreadable", 422, "{file} cannot be read: {reason}."};
inline constexpr ProblemKind kUnknownFormat{"unknown_format", 415,
                                            "{file} is of no kind that can be imported here. Known: {known}."};
inline constexpr ProblemKind kWrongEncoding{"wrong_encoding", 422,
                                            "{file} is not valid {encoding}: the byte at position {position} (line "
                                            "{line}) does not belong. Save the file as UTF-8 and try again."};
inline constexpr ProblemKind kHostileArchive{"hostile_archive", 422,
                                             "{file} was refused: {reason}. Nothing was imported."};
inline constexpr ProblemKind kDamagedArchive{
    "damaged_archive", 422, "{file} is damaged or cut short: {reason}. Get a fresh copy and try again."};
inline constexpr ProblemKind kBadXml{"bad_xml", 422, "{file}, line {line}, column {column}: {reason}."};
inline constexpr ProblemKind kBadTable{"bad_table", 422, "{file}, row {row}: {reason}."};
inline constexpr ProblemKind kMissingColumn{"missing_column", 422,
                                            "{file} has no column “{column}”. Its columns are: {columns}. {hint}"};
inline constexpr ProblemKind kUnknownPlace{"unknown_place", 422,
                                           "{where}: there is no place with the code “{code}”. {hint}"};
inline constexpr ProblemKind kProgramMissing{"program_missing", 501,
                                             "{program} is needed for {what} and is not installed. Install it (Debian: "
                                             "apt-get install {package}) and try again."};
inline constexpr ProblemKind kProgramFailed{"program_failed", 500, "{program} could not do its work: {reason}."};

// What is sent to the server
inline constexpr ProblemKind kNotHttp{"not_http", 400, "The request is not HTTP as this server knows it."};
inline constexpr ProblemKind kEndsTwice{"ends_twice", 400,
                                        "The request says in two ways where it ends, or for whom it is."};
inline constexpr ProblemKind kHeadTooLarge{
    "head_too_large", 431, "What stands before the content of the request is larger than this server takes."};
inline constexpr ProblemKind kTooSlow{"too_slow", 408,
                                      "The request did not arrive in time. Nothing of it was kept. Send it again."};
inline constexpr ProblemKind kUnknownHost{
    "unknown_host", 421, "This server does not answer to that name. Check the address, or ask the office for it."};
inline constexpr ProblemKind kSilentProxy{
    "silent_proxy", 400, "The proxy in front of this server must say for whom it asks (X-Forwarded-For)."};
inline constexpr ProblemKind kBadAddress{"bad_address", 400,
                                         "The address cannot be read. Follow a link instead of typing it."};
inline constexpr ProblemKind kNoSuchAddress{"no_such_address", 404,
                                            "There is nothing at this address. Check that it was written whole."};
inline constexpr ProblemKind kNoSuchMethod{"no_such_method", 405, "Nothing here answers to that."};
inline constexpr ProblemKind kRequestTooLarge{
    "request_too_large", 413, "The request is larger than this server takes here ({limit}). Send less at once."};
inline constexpr ProblemKind kNotAForm{"not_a_form", 400, "The form cannot be read. Send it from the page."};
inline constexpr ProblemKind kTooManyRequests{"too_many_requests", 429,
                                              "Too many requests came from your address. Wait a moment and try again."};
inline constexpr ProblemKind kTooManySignIns{
    "too_many_sign_ins", 429, "Too many sign-ins came from your address. Wait {seconds} seconds and try again."};
inline constexpr ProblemKind kServerBusy{"server_busy", 503, "The server is busy. Try again in a moment."};
inline constexpr ProblemKind kSignInsTaken{"sign_ins_taken", 503, "Many people are signing in. Try again in a moment."};
inline constexpr ProblemKind kReportsTaken{"reports_taken", 503,
                                           "Other reports are being made. Try again in half a minute."};
inline constexpr ProblemKind kDownloadsTaken{"downloads_taken", 503,
                                             "Other long answers are on their way. Try again in a moment."};
inline constexpr ProblemKind kIntakeTaken{"intake_taken", 503, "Much is being sent in. Try again in a moment."};
inline constexpr ProblemKind kUnforeseen{
    "unforeseen", 500,
    "Something went wrong here, and it was written to the log as {number}. Nothing was changed. Try again later."};
inline constexpr ProblemKind kNotMultipart{
    "not_multipart", 415,
    "The request is not multipart/form-data. Send the files from the page, the app or as a form."};
inline constexpr ProblemKind kNoBoundary{
    "no_boundary", 400, "The request does not say rightly what stands between its parts (boundary). Send it again."};
inline constexpr ProblemKind kBadPart{"bad_part", 400, "Part {number} of the request cannot be read: {reason}."};
inline constexpr ProblemKind kCutShort{"cut_short", 400,
                                       "The request ended before it was whole. Nothing of it was kept. Send it again."};
inline constexpr ProblemKind kTooManyUploads{
    "too_many_uploads", 503, "Too much is being sent to this server at once. Try again in a few minutes."};

// People
inline constexpr ProblemKind kSignInRefused{
    "sign_in_refused", 401,
    "That is not right. Check the name, the password and, if you use one, the code from your phone."};
inline constexpr ProblemKind kTooManyTries{
    "too_many_tries", 429,
    "There were too many tries for this name. Wait {minutes} minutes, or sign in from a browser you used before."};
inline constexpr ProblemKind kSignInNeeded{"sign_in_needed", 401, "Sign in first."};
inline constexpr ProblemKind kSignInNeededHere{
    "sign_in_needed_here", 401, "This workspace has accounts. Sign in first: understory login -w DIR NAME"};
inline constexpr ProblemKind kWeakPassword{
    "weak_password", 422, "This password will not do: {reason}. A few words in a row make a good one."};
inline constexpr ProblemKind kLocked{"locked", 423,
                                     "The stories of this workspace are locked, and this account does not open them."};
inline constexpr ProblemKind kLogChanged{"log_changed", 409,
                                         "{what} is not as it was written: {reason}. Do not trust it."};
inline constexpr ProblemKind kInvitationOver{"invitation_over", 410,
                                             "This invitation was used or has expired. Ask for a new one."};

// Forms and submissions
inline constexpr ProblemKind kBadForm{"bad_form", 422, "{file}, line {line}: {reason}. {hint}"};
inline constexpr ProblemKind kBadXlsForm{"bad_xls_form", 422, "{file}: {reason}"};
inline constexpr ProblemKind kBadXlsFormRow{"bad_xls_form_row", 422, "{file}, sheet “{sheet}”, row {row}: {reason}"};
inline constexpr ProblemKind kBadXlsFormCell{"bad_xls_form_cell", 422,
                                             "{file}, sheet “{sheet}”, row {row}, column “{column}”: {reason}"};
inline constexpr ProblemKind kBadSubmission{"bad_submission", 400, "What was sent is no filled-in form: {reason}."};
inline constexpr ProblemKind kUnknownDevice{"unknown_device", 401,
                                            "This phone is not enrolled here. Ask the office for a new code to scan."};
inline constexpr ProblemKind kDeviceOver{
    "device_over", 403,
    "This phone's time to fetch forms is over. Ask the office for a new code. What is still in it can be sent."};
inline constexpr ProblemKind kOtherInstance{
    "other_instance", 409,
    "A form with this number was received before, with other answers. Keep this one, and tell the office: {instance}."};
inline constexpr ProblemKind kEditOutdated{
    "edit_outdated", 409,
    "What you edited ({instance}) was changed by somebody else meanwhile. Fetch it again and repeat the change."};
inline constexpr ProblemKind kEditUnknown{
    "edit_unknown", 404, "This form edits an earlier one ({instance}), which was never received here."};
inline constexpr ProblemKind kStillWaits{
    "still_waits", 409, "It waits for {what}, which is not here yet. It is released by itself when that arrives."};
inline constexpr ProblemKind kBadExpression{"bad_expression", 422, "“{expression}”, character {at}: {reason}."};

// Questions
inline constexpr ProblemKind kBadQuestion{"bad_question", 422,
                                          "The question cannot be understood at “{at}”: {reason}. {hint}"};

}  // namespace understory::problems
