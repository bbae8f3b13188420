#include "study/mask.h"

#include "foundation/text.h"
#include "storage/reseal.h"
#include "study/vocabulary.h"

namespace understory::study {

using storage::Parameter;
using storage::Query;
using storage::Row;
using storage::Transaction;

namespace {

const Query kPutMask{"study.put_mask",
                     "insert into mask (workspace_id, source_id, start_byte, end_byte, study_id, kind, id, coder_id, "
                     "instead) values (?, ?, ?, ?, ?, ?, ?, ?, ?)"};
const Query kLiftMask{"study.lift_mask",
                      "delete from mask where workspace_id = ? and source_id = ? and start_byte = ? and end_byte = ?"};

const storage::SealedColumn kSealedInstead{"mask", "instead"};

constexpr std::ptrdiff_t kLongestInstead = 60;  // code points

std::ptrdiff_t code_points(std::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; });
}

// Every place where the words stand, beginning and ending at whole characters; they do not overlap.
std::vector<Span> places_of(const std::string& text, std::string_view words) {
  std::vector<Span> places;
  const Graphemes graphemes(text);
  for (std::size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) {
    const Span span{static_cast<std::int64_t>(at), static_cast<std::int64_t>(at + words.size())};
    if (graphemes.before(span.start) != span.start || graphemes.after(span.end) != span.end) continue;
    if (places.empty() || places.back().end <= span.start) places.push_back(span);
  }
  return places;
}

Result<void> check(const NewMask& wanted, const std::string& text) {
  const auto refuse = [](std::string where, std::string value, std::string what, std::string hint) {
    return fail(problems::kInvalidValue, {{"where", std::move(where)},
                                          {"value", std::move(value)},
                                          {"what", std::move(what)},
                                          {"hint", std::move(hint)}});
  };
  if (!is_one_of(kMaskKinds, wanted.kind))
    return refuse("kind", std::string(shortened(wanted.kind, 40)), "kind of mask",
                  "Write name, place, phone or other.");
  const Span& span = wanted.span;
  if (span.start < 0 || span.start >= span.end || span.end > static_cast<std::int64_t>(text.size()))
    return refuse("start, end", std::to_string(span.start) + "–" + std::to_string(span.end), "stretch of the text",
                  "It must begin before it ends, inside the text.");
  // The words themselves are named nowhere.
  if (wanted.instead.find_first_of("\r\n") != std::string::npos || code_points(wanted.instead) > kLongestInstead)
    return refuse("instead", "…", "text to stand instead", "Write at most 60 characters on one line.");
  return {};
}

bool is_of_another(const SourceMask& mask, const NewMask& wanted) {
  return !wanted.leads && (!wanted.coder || mask.coder != wanted.coder);
}

// What lies under somebody else's mask is told by no answer: a mask over theirs is refused before its words are looked
// at, since the refusal below would confirm a guess.
Result<void> check_hidden(const NewMask& wanted, const SourceText& source) {
  for (const SourceMask& mask : source.masks)
    if (mask.span.overlaps(wanted.span) && is_of_another(mask, wanted)) return fail(problems::kNotYourMask);
  const std::string_view words = std::string_view(source.text).substr(wanted.span.start, wanted.span.length());
  if (!wanted.instead.empty() && fold(wanted.instead).find(fold(trim(words))) != std::string::npos)
    return fail(problems::kInvalidValue, {{"where", "instead"},
                                          {"value", "…"},
                                          {"what", "text to stand instead"},
                                          {"hint", "It holds the very words that are to be hidden."}});
  return {};
}

Problem nothing_masked() { return Problem(problems::kNotFound, {{"what", "mask"}, {"name", "here"}}); }

void put_one(Transaction& transaction, Id study, const NewMask& wanted, Span span, std::vector<SourceMask>& held) {
  // Whoever leads the study may mask over somebody's: what hides the words of several is then nobody's, so that none of
  // them shows what another hid. Where nothing more is hidden it stays whose it was.
  const Span asked = span;
  std::vector<Id> owners;
  bool all_hidden = false;
  std::erase_if(held, [&](const SourceMask& mask) {
    if (!mask.span.overlaps(span)) return false;
    owners.push_back(mask.coder);
    all_hidden = all_hidden || (mask.span.start <= asked.start && asked.end <= mask.span.end);
    span = {std::min(span.start, mask.span.start), std::max(span.end, mask.span.end)};
    transaction.run(kLiftMask, {transaction.workspace(), wanted.source, mask.span.start, mask.span.end});
    return true;
  });
  if (!all_hidden) owners.push_back(wanted.coder);
  const bool of_one = std::all_of(owners.begin(), owners.end(), [&](Id each) { return each == owners.front(); });
  const Id coder = of_one ? owners.front() : Id{};
  const Id id = Id::make();
  const std::string instead =
      wanted.instead.empty() ? "" : transaction.seal(wanted.source, "mask", "instead", id, wanted.instead);
  transaction.run(kPutMask, {transaction.workspace(), wanted.source, span.start, span.end, study, wanted.kind, id,
                             coder, instead.empty() ? Parameter(nullptr) : Parameter::blob(instead)});
  held.push_back({span, wanted.kind, wanted.instead, coder});
}

}  // namespace

Result<int> put_mask(Transaction& transaction, Id study, const NewMask& wanted) {
  SourceText source = TRY(open_text(transaction, study, wanted.source));
  TRY(check(wanted, source.text));
  TRY(check_hidden(wanted, source));
  // Whoever masks in this source at the same moment waits here, and sees what was masked.
  enter_change(transaction, study, wanted.source, {0, "mask", wanted.source, {}, {}, wanted.span});
  source = TRY(open_text(transaction, study, wanted.source));
  TRY(check_hidden(wanted, source));
  const auto touches_another = [&](Span span) {
    return std::any_of(source.masks.begin(), source.masks.end(),
                       [&](const SourceMask& mask) { return mask.span.overlaps(span) && is_of_another(mask, wanted); });
  };
  std::vector<Span> places{wanted.span};
  if (wanted.everywhere)
    for (const Span& each :
         places_of(source.text, std::string_view(source.text).substr(wanted.span.start, wanted.span.length())))
      if (!each.overlaps(wanted.span) && !touches_another(each)) places.push_back(each);
  for (const Span& each : places) put_one(transaction, study, wanted, each, source.masks);
  return static_cast<int>(places.size());
}

Result<int> lift_masks(Transaction& transaction, Id study, Id source, Span span, Id coder, bool leads,
                       bool everywhere) {
  const SourceText held = TRY(open_text(transaction, study, source));
  const auto words = [&](const SourceMask& mask) { return held.text.substr(mask.span.start, mask.span.length()); };
  std::vector<const SourceMask*> lifted;
  for (const SourceMask& mask : held.masks)
    if (mask.span.overlaps(span)) lifted.push_back(&mask);
  if (lifted.empty()) return tl::unexpected(nothing_masked());
  if (everywhere) {
    std::vector<std::string> same;
    for (const SourceMask* mask : lifted) same.push_back(words(*mask));
    for (const SourceMask& mask : held.masks)
      if (!mask.span.overlaps(span) && std::find(same.begin(), same.end(), words(mask)) != same.end())
        lifted.push_back(&mask);
  }
  // All or none: a name that is half lifted is neither hidden nor shown.
  if (!leads)
    for (const SourceMask* mask : lifted)
      if (!coder || mask->coder != coder) return fail(problems::kNotYourMask);
  enter_change(transaction, study, source, {0, "mask", source, {}, {}, span});
  for (const SourceMask* mask : lifted)
    transaction.run(kLiftMask, {transaction.workspace(), source, mask->span.start, mask->span.end});
  return static_cast<int>(lifted.size());
}

Result<std::vector<std::string>> words_beneath(Transaction& transaction, Id study, Id source, Span span) {
  const SourceText held = TRY(open_text(transaction, study, source));
  std::vector<std::string> beneath;
  for (const SourceMask& mask : held.masks)
    if (mask.span.overlaps(span)) beneath.push_back(held.text.substr(mask.span.start, mask.span.length()));
  if (beneath.empty()) return tl::unexpected(nothing_masked());
  return beneath;
}

}  // namespace understory::study
