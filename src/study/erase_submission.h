// Erasing a submission with all that was made of it (P20): collect/erase.h for what the phone sent, erase.h for the
// sources of any study that were taken from it, and the respondents nothing else is held of.
#pragma once
#include "collect/erase.h"
#include "study/erase.h"

namespace understory::study {

struct SubmissionErasing {
  struct Made {
    Id study, id;
    std::string name;  // opened
  };
  collect::Erasing sent;
  std::vector<Made> sources;      // without their versions and translations, which go too
  std::vector<Made> respondents;  // who told nothing else
  // It cannot be read (its key is elsewhere or destroyed): what was taken of rows by their pseudonyms may stay.
  bool unreadable = false;
};

// What would go, to be told before it does. By the mapping its form has now and by the paths of all its questions,
// since the mapping may have been another. kNotFound. Throws DatabaseError kLocked.
Result<SubmissionErasing> what_erasing_takes(storage::Transaction& transaction, Id submission);
// Its caller commits, and writes the log. What the receipts of earlier runs say of it goes with it.
Result<Erased> erase_submission(storage::Transaction& transaction, const vault::SigningKey& key,
                                const SubmissionErasing& erasing);

}  // namespace understory::study
