// Coding at the desk, over JSON: a source with everything on it, codes put on and taken off, memos, and what others do
// meanwhile. Positions count code points of the text, ends exclusive; a mask has as many as what it hides, so that they
// are the same in the masked text.
#include "study/coding.h"
#include "people/account.h"
#include "server/news.h"
#include "server/places.h"
#include "server/routes.h"
#include "server/sent_json.h"
#include "server/told.h"
#include "study/blind.h"

namespace understory::server {

using study::Source;

namespace {

constexpr std::size_t kLongestMemo = 20'000, kLongestTitle = 400;  // bytes

void write_memos(JsonWriter& out, const Source& source) {
  out.key("memos").array();
  for (const study::Memo& memo : source.memos) {
    if (memo.subject != "source" && memo.subject != "coding") continue;
    out.object().member("id", memo.id.text()).key("coding");
    memo.subject == "coding" ? out.value(memo.subject_id.text()) : out.null();
    out.key("coder_id");
    memo.coder ? out.value(memo.coder.text()) : out.null();
    out.member("title", memo.title).member("text", memo.text).end_object();
  }
  out.end_array();
}

// A link of one passage begins and ends where its cause and its effect do.
void write_links(JsonWriter& out, const Source& source, const study::Codebook& codebook, const Places& places) {
  out.key("links").array();
  for (const auto& link : source.links) {
    const study::Code *from = codebook.find(link.from), *to = codebook.find(link.to);
    const bool joins_two = link.from_span.start < link.from_span.end;
    out.object()
        .member("id", link.id.text())
        .member("coder_id", link.coder.text())
        .member("from", from ? from->path : "")
        .member("from_id", link.from.text())
        .member("to", to ? to->path : "")
        .member("to_id", link.to.text())
        .member("sign", link.sign)
        .member("certainty", link.certainty);
    for (const auto& [name, span] : {std::pair{"", link.span},
                                     {"from_", joins_two ? link.from_span : link.span},
                                     {"to_", joins_two ? link.to_span : link.span}}) {
      const auto [start, end] = places(span);
      out.member(std::string(name) + "start", start).member(std::string(name) + "end", end);
    }
    out.end_object();
  }
  out.end_array();
}

// Where something is hidden and what stands instead; what is hidden is not in it.
void write_masks(JsonWriter& out, const Source& source, const std::optional<Id>& own, const Places& places) {
  out.key("masks").array();
  for (const study::SourceMask& mask : source.masks) {
    const auto [start, end] = places(mask.span);
    out.object()
        .member("start", start)
        .member("end", end)
        .member("kind", mask.kind)
        .member("instead", mask.instead)
        .member("own", own && mask.coder == *own)
        .end_object();
  }
  out.end_array();
}

// What stands beside it in another language, block by block; null where there is none, or none that fits.
void write_translation(JsonWriter& out, const Visit& visit, const Source& source, std::size_t blocks) {
  out.key("translation");
  if (source.translation)
    if (const auto other = open_to(visit, source.line.id ? visit.id("study").value() : Id{}, source.translation)) {
      const auto parts = blocks_of(*other);
      if (parts.size() == blocks) {
        out.object().member("id", other->line.id.text()).member("language", other->line.language).key("blocks").array();
        for (const Block& part : parts)
          out.value(
              std::string_view(trim(study::masked(other->text, {part.speech, part.span.end}, other->masks).text)));
        out.end_array().end_object();
        return;
      }
    }
  out.null();
}

}  // namespace

Result<Span> span_sent(const study::SourceText& source, std::int64_t start, std::int64_t end) {
  const OffsetMap offsets(source.text);
  const auto from = offsets.byte_of_code_point(start), to = offsets.byte_of_code_point(end);
  if (!from || !to || start >= end)
    return fail(problems::kInvalidValue, {{"where", "start, end"},
                                          {"value", std::to_string(start) + "–" + std::to_string(end)},
                                          {"what", "stretch of the text"},
                                          {"hint", "It must begin before it ends, inside the text."}});
  const Graphemes graphemes(source.text);
  Span span{graphemes.before(*from), graphemes.after(*to)};
  for (const study::SourceMask& mask : source.masks)
    if (mask.span.overlaps(span)) span = {std::min(span.start, mask.span.start), std::max(span.end, mask.span.end)};
  return span;
}

Response told_others(JsonWriter out, Id study, int status) {
  Response response;
  response.then = [study, made = json(out, status)] {
    news::tell(study);
    return made;
  };
  return response;
}

Id own_coder(const Visit& visit, Id study) {
  const auto account = people::account_of(visit.transaction, visit.person.account);
  return study::coder_of(visit.transaction, study, visit.person.account, account ? account->name : "");
}

void write_coding(JsonWriter& out, const study::Coding& coding, const Places& places) {
  const auto [start, end] = places(coding.span);
  out.object()
      .member("id", coding.id.text())
      .member("code_id", coding.code.text())
      .member("coder_id", coding.coder.text())
      .member("start", start)
      .member("end", end)
      .end_object();
}

Result<Response> api_source(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const Id wanted = TRY(visit.id("source"));
  const std::int64_t number = study::newest_change(visit.transaction, study.id, wanted);
  const Source source = TRY(open_to(visit, study.id, wanted));
  const study::Codebook codebook = study::load_codebook(visit.transaction, study.id);
  const auto own = study::find_coder_of(visit.transaction, study.id, visit.person.account);
  std::map<Id, study::Coder> coders;
  for (study::Coder& coder : study::list_coders(visit.transaction, study.id)) coders[coder.id] = std::move(coder);
  const Places places(source.text, source.masks);
  JsonWriter out;
  out.object()
      .member("id", source.line.id.text())
      .member("name", source.line.name)
      .member("kind", source.line.kind)
      .member("language", source.line.language);
  out.member("location", name_of(study::locations(visit.transaction, study.id), source.line.location))
      .member("told_on", source.line.told_on)
      .member("question", source.question)
      .member("number", number)
      .member("blind", study::is_blind(visit.transaction, wanted))
      .key("own_coder_id");
  own ? out.value(own->text()) : out.null();
  out.member("text", places.text()).key("blocks").array();
  const auto blocks = blocks_of(source);
  for (const Block& block : blocks) {
    const auto [start, end] = places(block.span);
    out.object()
        .member("start", start)
        .member("speech", places({block.speech, block.span.end}).first)
        .member("end", end)
        .end_object();
  }
  out.end_array().key("coders").array();
  for (const auto& [id, coder] : coders)
    out.object().member("id", id.text()).member("name", coder.name).member("kind", coder.kind).end_object();
  out.end_array().key("codings").array();
  for (const auto& coding : source.codings) {
    const auto [start, end] = places(coding.span);
    const study::Code* code = codebook.find(coding.code);
    out.object()
        .member("id", coding.id.text())
        .member("code", code ? code->path : "")
        .member("code_id", coding.code.text())
        .member("coder", coders[coding.coder].name)
        .member("coder_id", coding.coder.text())
        .member("start", start)
        .member("end", end)
        .end_object();
  }
  out.end_array();
  write_links(out, source, codebook, places);
  write_masks(out, source, own, places);
  write_memos(out, source);
  write_translation(out, visit, source, blocks.size());
  out.end_object();
  return json(out);
}

Result<Response> put_coding(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const Id source = TRY(visit.id("source"));
  TRY(is_open_to(visit, study.id, source));
  const SentJson sent = TRY(SentJson::of(visit.request));
  const study::SourceText text = TRY(study::open_text(visit.transaction, study.id, source));
  study::Coding wanted;
  if (sent.has("restore")) {
    wanted =
        TRY(study::taken_off(visit.transaction, study.id, source, TRY(sent.id("restore")), own_coder(visit, study.id)));
  } else {
    wanted.source = source;
    wanted.code = TRY(sent.id("code_id"));
    wanted.span = TRY(span_sent(text, TRY(sent.number("start")), TRY(sent.number("end"))));
    wanted.coder = own_coder(visit, study.id);
  }
  const study::Put put =
      TRY(study::put_coding(visit.transaction, study.id, wanted, static_cast<std::int64_t>(text.text.size())));
  JsonWriter out;
  out.object().member("number", put.number).member("is_new", put.is_new).key("coding");
  write_coding(out, put.coding, Places(text.text, text.masks));
  out.end_object();
  return told_others(std::move(out), study.id, put.is_new ? 201 : 200);
}

Result<Response> take_coding_off(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const Id source = TRY(visit.id("source"))
  , coding = TRY(visit.id("coding"));
  TRY(is_open_to(visit, study.id, source));
  const auto own = study::find_coder_of(visit.transaction, study.id, visit.person.account);
  const std::int64_t number =
      TRY(study::take_coding_off(visit.transaction, study.id, source, coding, own.value_or(Id{})));
  JsonWriter out;
  out.object().member("number", number).end_object();
  return told_others(std::move(out), study.id);
}

Result<Response> put_memo(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const Id source = TRY(visit.id("source"));
  TRY(is_open_to(visit, study.id, source));
  const SentJson sent = TRY(SentJson::of(visit.request));
  const std::string title = TRY(sent.text_or("title", kLongestTitle, ""));
  const std::string text = TRY(sent.text("text", kLongestMemo));
  const Id coder = own_coder(visit, study.id);
  Id memo = TRY(sent.id_or_none("id"));
  if (memo)
    TRY(study::change_memo(visit.transaction, study.id, source, memo, coder, TRY(sent.text("was", kLongestMemo)), title,
                           text));
  else if (trim(text).empty())
    return fail(problems::kMissingValue, {{"where", "memo"}, {"what", "text"}, {"hint", "Write what you noticed."}});
  else
    memo = TRY(study::add_memo(visit.transaction, study.id, {
      source, TRY(sent.id_or_none("coding"))
      , coder, title, text
    }));
  JsonWriter out;
  out.object().member("id", memo.text()).end_object();
  return told_others(std::move(out), study.id);
}

Result<Response> api_memos(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const Id wanted = TRY(visit.id("source"));
  const Source source = TRY(open_to(visit, study.id, wanted));
  JsonWriter out;
  out.object();
  write_memos(out, source);
  out.end_object();
  return json(out);
}

namespace {

// Of what was done after that number, what this account may know of.
std::vector<study::Change> open_changes(storage::Transaction& transaction, Id study, Id source, std::int64_t after,
                                        Id account) {
  auto changes = study::changes_after(transaction, study, source, after);
  if (!changes.empty() && study::is_blind(transaction, source)) {
    const auto own = study::find_coder_of(transaction, study, account);
    std::erase_if(changes, [&](const study::Change& each) { return each.coder && each.coder != own; });
  }
  return changes;
}

}  // namespace

// What was done after ?after=. With ?wait it answers once there is something, or nothing after some seconds; then it
// only says so, and what it is must be asked for: who waited may have lost the right meanwhile.
Result<Response> api_changes(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const Id source = TRY(visit.id("source"));
  TRY(is_open_to(visit, study.id, source));
  const std::string asked = visit.request.parameter("after");
  if (asked.size() > 15 || asked.find_first_not_of("0123456789") != std::string::npos)
    return fail(problems::kInvalidValue, {{"where", "after"},
                                          {"value", std::string(shortened(asked, 40))},
                                          {"what", "number of a change"},
                                          {"hint", "Take the number an answer gave, or 0."}});
  const std::int64_t after = asked.empty() ? 0 : std::stoll(asked);
  const auto changes = open_changes(visit.transaction, study.id, source, after, visit.person.account);
  // Of those alone: a number that moved on would tell how much another coder did.
  const std::int64_t newest = changes.empty() ? after : changes.back().number;
  if (newest == after && visit.request.has_parameter("wait")) {
    Response response;
    response.then = [&workspace = visit.workspace, study = study.id, source, after, account = visit.person.account] {
      const bool there = news::wait(study, [&] {
        auto transaction = workspace.read();
        return study::newest_change(transaction, study, source) > after &&
               !open_changes(transaction, study, source, after, account).empty();
      });
      JsonWriter out;
      out.object().member("number", after).member("more", there).key("changes").array().end_array().end_object();
      return json(out);
    };
    return response;
  }
  std::optional<Places> places;
  if (!changes.empty()) {
    const study::SourceText text = TRY(study::open_text(visit.transaction, study.id, source));
    places.emplace(text.text, text.masks);
  }
  JsonWriter out;
  out.object().member("number", newest).member("more", false).key("changes").array();
  for (const study::Change& change : changes) {
    out.object().member("what", change.what).member("id", change.record.text());
    if (change.what == "add" || change.what == "remove") {
      out.key("coding");
      write_coding(out, {change.record, source, change.code, change.coder, change.span}, *places);
    }
    out.end_object();
  }
  out.end_array().end_object();
  return json(out);
}

}  // namespace understory::server
