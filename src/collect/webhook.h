// Another program is told that a submission was kept, edited or reviewed: a small signed message, by the Standard
// Webhooks specification (standardwebhooks.com). It says which submission and when, never what was answered; whoever is
// told fetches that under rights of their own.
//
// What is to be told lies in an outbox, written in the transaction of what it tells of: nothing is told that was not
// kept, and nothing kept is forgotten. A message may come twice (its sender was killed before it noted the answer),
// then with the same webhook-id. Of one webhook they come in the order in which they were kept.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "foundation/clock.h"
#include "storage/workspace.h"
#include "vault/signing.h"

namespace understory::collect {

struct Webhook {
  Id id, form;
  std::string form_id, url;
  Id account;  // who made it
  Milliseconds made_at = 0;
};

struct Delivery {
  Id id, webhook;  // the id is the webhook-id
  std::string form_id, instance_id;
  std::string event;  // kept, edited, reviewed
  Milliseconds happened_at = 0, due_at = 0, changed_at = 0;
  std::string state;  // waits, delivered, given_up
  int attempts = 0;
  int status = 0;       // of the newest answer; 0: there was none
  std::string trouble;  // why the newest attempt failed: refused, timeout, unreachable, private_address, certificate, …
};

// https, or http to 127.0.0.1; without name and password in it. kInvalidValue otherwise. Which addresses its name leads
// to is looked at when it is used, each time.
Result<Webhook> add_webhook(storage::Transaction& transaction, Id form, std::string_view url, Id account);
std::vector<Webhook> webhooks(storage::Transaction& transaction);
// With what was still to be told. kNotFound.
Result<void> remove_webhook(storage::Transaction& transaction, Id id);
// Newest first; of one webhook, or (none) of all.
std::vector<Delivery> deliveries(storage::Transaction& transaction, Id webhook, std::int64_t limit);

// "whsec_…", as receivers' libraries take it. Made from the key beside the database, so it can be used while stories
// are locked, and a stolen database holds none of it.
std::string webhook_secret(const vault::SigningKey& key, Id webhook);
// The webhook-signature header: "v1,…" over id, time (seconds) and body.
std::string webhook_signature(const vault::SigningKey& key, Id webhook, std::string_view id, std::int64_t seconds,
                              std::string_view body);
std::string webhook_body(const Delivery& delivery);

// Into the outbox, for each webhook of the submission's form; nothing while it waits in quarantine.
enum class Happened { kKept, kEdited, kReviewed };
void tell_webhooks(storage::Transaction& transaction, Id submission, Happened what);
// The same for many at once, whose rows may still be on their way: a form's webhooks are asked for first, and one after
// the other is told of.
storage::Question webhooks_of(const storage::Transaction& transaction, std::string_view form_id,
                              std::vector<Id>& found);
void tell_webhooks(storage::Transaction& transaction, const std::vector<Id>& webhooks, std::string_view form_id,
                   std::string_view instance_id, Happened what);

// The oldest that waits of each webhook, if it is due: this worker's for two minutes, with one attempt more. Any number
// of workers may ask.
struct Due {
  Delivery delivery;
  std::string url;
};
std::vector<Due> claim_due(storage::Transaction& transaction, Milliseconds at);
bool something_is_due(storage::Transaction& transaction, Milliseconds at);
// What came of an attempt. After a failure it waits longer each time (from 5 seconds to 6 hours), and is given up at
// the first failure 3 days after it happened.
struct Attempt {
  int status = 0;
  std::string trouble;  // empty: delivered
};
void note_attempt(storage::Transaction& transaction, const Delivery& delivery, const Attempt& attempt, Milliseconds at);

// One POST: 10 seconds at most, no redirect followed, no proxy, at most 64 KiB of the answer read, to no address within
// a network of one's own unless the URL says 127.0.0.1. Anything but 2xx is a failure.
Attempt send_webhook(const vault::SigningKey& key, const Due& due, const std::function<bool()>& go_on = {});
// Whether an address (4 or 16 bytes) is out on the internet.
bool is_public_address(std::string_view bytes);

// Sends what is due, for half a minute at most; how many were tried. For the server's maintenance.
int deliver_what_is_due(storage::Workspace& workspace, const vault::SigningKey& key,
                        const std::function<bool()>& go_on = {});

}  // namespace understory::collect
