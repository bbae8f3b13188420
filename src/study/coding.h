// Coding at the desk: who codes, a code put on words and taken off again, memos, and what others did meanwhile.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "study/problems.h"
#include "study/source.h"

namespace understory::study {

// The coder that an account is in a study; no account: whoever holds the folder.
std::optional<Id> find_coder_of(storage::Transaction& transaction, Id study, Id account);
// The same, made when it codes for the first time. Where an imported coder is called so already, a number is added:
// nobody becomes somebody else by being called alike.
Id coder_of(storage::Transaction& transaction, Id study, Id account, std::string_view name);

struct Coding {
  Id id, source, code, coder;
  Span span;
};
struct Put {
  Coding coding;
  bool is_new = true;  // false: this coder had put it there before
  std::int64_t number = 0;
};
// Puts a code on a span of a source whose text is `length` bytes long; putting it twice changes nothing. The id is kept
// where one is given: a coding that was taken off comes back as itself. kNotFound: no such code; kInvalidValue: a code
// that only groups others, or a span that is empty or outside.
Result<Put> put_coding(storage::Transaction& transaction, Id study, const Coding& wanted, std::int64_t length);
// Takes it off; memos on it stay with the source. kNotFound, kNotYours.
Result<std::int64_t> take_coding_off(storage::Transaction& transaction, Id study, Id source, Id coding, Id coder);
// A coding of this source that `coder` took off. kNotFound.
Result<Coding> taken_off(storage::Transaction& transaction, Id study, Id source, Id coding, Id coder);

// The words of a source alone and what hides in them: enough to know which bytes a stretch has. kNotFound.
struct SourceText {
  std::string text;
  std::vector<SourceMask> masks;
};
Result<SourceText> open_text(storage::Transaction& transaction, Id study, Id source);

struct NewMemo {
  Id source, coding, coder;  // no coding: on the source
  std::string_view title, text;
};
Result<Id> add_memo(storage::Transaction& transaction, Id study, const NewMemo& wanted);  // kNotFound
// `was`: the text whoever writes saw before; kChangedMeanwhile where it is another by now. Empty text: the memo goes.
// kNotFound, kNotYours.
Result<void> change_memo(storage::Transaction& transaction, Id study, Id source, Id memo, Id coder,
                         std::string_view was, std::string_view title, std::string_view text);

struct Change {
  std::int64_t number = 0;  // Study::revision by it
  std::string what;         // "add", "remove", "recode", "memo", "mask", "link", "code", "blind"
  Id record, code, coder;
  Span span;
};
// What was done to a source, and to the codebook of its study, after `number`, oldest first.
std::vector<Change> changes_after(storage::Transaction& transaction, Id study, Id source, std::int64_t number);
// The number of the newest of them; 0: there was none.
std::int64_t newest_change(storage::Transaction& transaction, Id study, Id source);
// Study::revision, without reading more of it.
std::int64_t number_of(storage::Transaction& transaction, Id study);
// Enters a change into that list; how the others are told. Returns its number.
std::int64_t enter_change(storage::Transaction& transaction, Id study, Id source, const Change& change);

}  // namespace understory::study
