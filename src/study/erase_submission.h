// Erasing a submission with all that was made of it (P20): collect/erase.h for what the phone sent, erase.h for the
// sources of any study that were taken from it, and the respondents nothing else is held of.
#pragma once
#include <memory>

#include "collect/erase.h"
#include "study/erase.h"
#include "vault/submission_crypto.h"

namespace understory::study {

struct SubmissionErasing {
  struct Made {
    Id study, id;
    std::string name;  // opened
  };
  collect::Erasing sent;
  std::vector<Made> sources;       // without their versions and translations, which go too
  std::vector<Made> respondents;   // of whom nothing else is held
  std::vector<Made> named;         // those who stay: receipts may say what it said of them
  std::vector<std::string> marks;  // of the submissions (made_of_submission.h)
  // It cannot be read (its key is elsewhere or destroyed), and nothing is kept of what was made of it: if it was taken
  // by a program of before that was kept, what came of its rows by their pseudonyms stays.
  bool unreadable = false;
};

// What would go, to be told before it does: what is kept as made of it; and, for what was taken before that was kept,
// by the mapping its form has now and by the paths of all its questions. `key`: the private key of a form that is
// encrypted towards somebody's own. kNotFound. Throws DatabaseError kLocked.
Result<SubmissionErasing> what_erasing_takes(storage::Transaction& transaction, const vault::SigningKey& audit_key,
                                             Id submission,
                                             const std::shared_ptr<const vault::SubmissionKey>& key = nullptr);
// Its caller commits, and writes the log. What the receipts of earlier runs say of it goes with it.
Result<Erased> erase_submission(storage::Transaction& transaction, const vault::SigningKey& key,
                                const SubmissionErasing& erasing);

}  // namespace understory::study
