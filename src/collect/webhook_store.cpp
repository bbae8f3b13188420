#include <curl/curl.h>

#include <algorithm>
#include <memory>

#include "collect/webhook.h"
#include "foundation/text.h"

namespace understory::collect {

using storage::Query;
using storage::Row;
using storage::Transaction;

namespace {

constexpr Milliseconds kSecond = 1000, kHour = 3600 * kSecond;
constexpr Milliseconds kLease = 120 * kSecond, kGiveUp = 72 * kHour, kListed = 30 * 24 * kHour;
// 5 s, 20 s, 80 s … at most 6 hours.
constexpr Milliseconds kFirstPause = 5 * kSecond, kLongestPause = 6 * kHour;
constexpr std::int64_t kAtOnce = 8;  // of how many webhooks: each may take 10 of the 120 seconds of a lease

const Query kAdd{"collect.add_webhook",
                 "insert into webhook (workspace_id, id, form_row_id, url, account_id, made_at) values (?, ?, ?, ?, ?, "
                 "?)"};
const Query kAll{"collect.webhooks",
                 "select webhook.id, webhook.form_row_id, form.form_id, webhook.url, webhook.account_id, "
                 "webhook.made_at from webhook join form on form.workspace_id = webhook.workspace_id and form.id = "
                 "webhook.form_row_id where webhook.workspace_id = ? order by webhook.id"};
const Query kRemove{"collect.remove_webhook", "delete from webhook where workspace_id = ? and id = ?"};
const Query kForget{"collect.forget_deliveries",
                    "delete from webhook_delivery where workspace_id = ? and webhook_id = ?"};
const Query kOfForm{"collect.webhooks_told",
                    "select webhook.id, submission.form_id, submission.instance_id from submission join webhook on "
                    "webhook.workspace_id = submission.workspace_id and webhook.form_row_id = submission.form_row_id "
                    "where submission.workspace_id = ? and submission.id = ? and submission.waits_for = ''"};
const Query kOfFormId{
    "collect.webhooks_of_form",
    "select webhook.id from webhook join form on form.workspace_id = webhook.workspace_id and form.id = "
    "webhook.form_row_id where webhook.workspace_id = ? and form.form_id = ? order by webhook.id"};
const Query kTell{"collect.add_delivery",
                  "insert into webhook_delivery (workspace_id, id, webhook_id, form_id, instance_id, event, "
                  "happened_at, state, attempts, due_at, changed_at, status, trouble) values (?, ?, ?, ?, ?, ?, ?, "
                  "'waits', 0, ?, ?, 0, '')"};
const Query kDeliveries{"collect.deliveries",
                        "select id, webhook_id, form_id, instance_id, event, happened_at, due_at, changed_at, state, "
                        "attempts, status, trouble from webhook_delivery where workspace_id = ? and (webhook_id = ? or "
                        "? = 1) order by id desc limit ?"};
const Query kFirstDue{
    "collect.deliveries_due",
    "select id, webhook_id, form_id, instance_id, event, happened_at, due_at, changed_at, state, "
    "attempts, status, trouble from webhook_delivery where workspace_id = ? and id in (select min(id) "
    "from webhook_delivery where workspace_id = ? and state = 'waits' group by webhook_id) and "
    "due_at <= ? order by due_at, id limit ?"};
const Query kClaim{"collect.claim_delivery",
                   "update webhook_delivery set attempts = attempts + 1, due_at = ?, changed_at = ? where workspace_id "
                   "= ? and id = ? and state = 'waits' and due_at <= ?"};
// Only while it is still this worker's: another may have taken it after the lease was over.
const Query kNote{"collect.note_attempt",
                  "update webhook_delivery set state = ?, due_at = ?, changed_at = ?, status = ?, trouble = ? where "
                  "workspace_id = ? and id = ? and state = 'waits' and attempts = ?"};

const Query kDropOld{
    "collect.drop_old_deliveries",
    "delete from webhook_delivery where workspace_id = ? and webhook_id = ? and state in ('delivered', "
    "'given_up') and changed_at < ?"};

Delivery read(const Row& row) {
  Delivery delivery;
  delivery.id = row.id(0);
  delivery.webhook = row.id(1);
  delivery.form_id = row.string(2);
  delivery.instance_id = row.string(3);
  delivery.event = row.string(4);
  delivery.happened_at = row.integer(5);
  delivery.due_at = row.integer(6);
  delivery.changed_at = row.integer(7);
  delivery.state = row.string(8);
  delivery.attempts = static_cast<int>(row.integer(9));
  delivery.status = static_cast<int>(row.integer(10));
  delivery.trouble = row.string(11);
  return delivery;
}

std::string part_of(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return "";
  std::string out(text);
  curl_free(text);
  return out;
}

// As the same library will read it that goes there.
bool may_be_told(const std::string& text) {
  if (text.size() > 2000 || std::any_of(text.begin(), text.end(), [](unsigned char c) { return c <= ' ' || c == 127; }))
    return false;
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url(curl_url(), &curl_url_cleanup);
  if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_DISALLOW_USER) != CURLUE_OK) return false;
  const std::string scheme = part_of(url.get(), CURLUPART_SCHEME), host = part_of(url.get(), CURLUPART_HOST);
  return !host.empty() && (scheme == "https" || (scheme == "http" && host == "127.0.0.1"));
}

std::string_view name_of(Happened what) {
  return what == Happened::kKept ? "kept" : what == Happened::kEdited ? "edited" : "reviewed";
}

}  // namespace

Result<Webhook> add_webhook(Transaction& transaction, Id form, std::string_view url, Id account) {
  Webhook webhook{Id::make(), form, "", std::string(trim(url)), account, now()};
  if (!may_be_told(webhook.url))
    return fail(problems::kInvalidValue, {{"where", "The webhook"},
                                          {"value", std::string(shortened(webhook.url, 200))},
                                          {"what", "address"},
                                          {"hint", "It begins with https://, or with http://127.0.0.1."}});
  transaction.run(kAdd, {transaction.workspace(), webhook.id, form, webhook.url, account, webhook.made_at});
  return webhook;
}

std::vector<Webhook> webhooks(Transaction& transaction) {
  std::vector<Webhook> all;
  transaction.each(kAll, {transaction.workspace()}, [&](const Row& row) {
    all.push_back({row.id(0), row.id(1), row.string(2), row.string(3), row.id(4), row.integer(5)});
  });
  return all;
}

Result<void> remove_webhook(Transaction& transaction, Id id) {
  if (transaction.run(kRemove, {transaction.workspace(), id}) == 0)
    return fail(problems::kNotFound, {{"what", "webhook"}, {"name", id.text()}});
  transaction.run(kForget, {transaction.workspace(), id});
  return {};
}

std::vector<Delivery> deliveries(Transaction& transaction, Id webhook, std::int64_t limit) {
  std::vector<Delivery> all;
  transaction.each(kDeliveries, {transaction.workspace(), webhook, webhook ? 0 : 1, limit},
                   [&](const Row& row) { all.push_back(read(row)); });
  return all;
}

void tell_webhooks(Transaction& transaction, Id submission, Happened what) {
  struct Told {
    Id webhook;
    std::string form_id, instance_id;
  };
  std::vector<Told> all;
  transaction.each(kOfForm, {transaction.workspace(), submission}, [&](const Row& row) {
    all.push_back({row.id(0), row.string(1), row.string(2)});
  });
  for (const Told& each : all) tell_webhooks(transaction, {each.webhook}, each.form_id, each.instance_id, what);
}

storage::Question webhooks_of(const Transaction& transaction, std::string_view form_id, std::vector<Id>& found) {
  return {&kOfFormId, {transaction.workspace(), form_id}, [&found](const Row& row) { found.push_back(row.id(0)); }};
}

void tell_webhooks(Transaction& transaction, const std::vector<Id>& webhooks, std::string_view form_id,
                   std::string_view instance_id, Happened what) {
  const Milliseconds at = now();
  for (const Id webhook : webhooks)
    transaction.run_later(
        kTell, {transaction.workspace(), Id::make(), webhook, form_id, instance_id, name_of(what), at, at, at});
}

bool something_is_due(Transaction& transaction, Milliseconds at) {
  bool due = false;
  transaction.each(kFirstDue, {transaction.workspace(), transaction.workspace(), at, 1},
                   [&](const Row&) { due = true; });
  return due;
}

std::vector<Due> claim_due(Transaction& transaction, Milliseconds at) {
  std::vector<Delivery> found;
  transaction.each(kFirstDue, {transaction.workspace(), transaction.workspace(), at, kAtOnce},
                   [&](const Row& row) { found.push_back(read(row)); });
  std::vector<Due> all;
  if (found.empty()) return all;
  const std::vector<Webhook> known = webhooks(transaction);
  for (Delivery& each : found) {
    const auto webhook =
        std::find_if(known.begin(), known.end(), [&](const Webhook& one) { return one.id == each.webhook; });
    if (webhook == known.end() || transaction.run(kClaim, {at + kLease, at, transaction.workspace(), each.id, at}) == 0)
      continue;
    ++each.attempts;
    all.push_back({std::move(each), webhook->url});
  }
  return all;
}

void note_attempt(Transaction& transaction, const Delivery& delivery, const Attempt& attempt, Milliseconds at) {
  Milliseconds pause = kFirstPause;
  for (int i = 1; i < delivery.attempts && pause < kLongestPause; ++i) pause *= 4;
  pause = std::min(pause, kLongestPause);
  const bool over = at - delivery.happened_at >= kGiveUp;
  transaction.run(kNote, {attempt.trouble.empty() ? "delivered"
                          : over                  ? "given_up"
                                                  : "waits",
                          at + pause, at, attempt.status, attempt.trouble, transaction.workspace(), delivery.id,
                          delivery.attempts});
  transaction.run(kDropOld, {transaction.workspace(), delivery.webhook, at - kListed});
}

}  // namespace understory::collect
