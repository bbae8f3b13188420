// One request being answered: its transaction, its language, what the address named.
#pragma once
#include <kainjow/mustache.hpp>
#include <map>
#include <string>

#include "foundation/catalogue.h"
#include "foundation/clock.h"
#include "foundation/json_writer.h"
#include "people/device.h"
#include "people/rights.h"
#include "server/http.h"
#include "storage/workspace.h"
#include "study/limits.h"

namespace understory::server {

struct Visit {
  storage::Workspace& workspace;
  storage::Transaction& transaction;
  const Request& request;
  const Catalogue& words;
  std::map<std::string, std::string> named;  // {study} and the like in the route's address
  people::Person person;                     // who asks
  std::string session;                       // the token, while signed in
  people::Right right{};                     // of the route
  std::optional<people::Device> device;      // behind the request, where a device sent it
  bool signed_well = false;                  // by HTTP Digest, with what was good and not used before

  std::string say(std::string_view key) const { return words.say(key); }
  std::string language() const { return std::string(words.language()); }
  // kNotFound alike for what is not there and for what is no id at all.
  Result<Id> id(const std::string& name) const;
  Result<study::Study> study() const;
  // What of the study this person may see by the route's right, and the study's evidence within it.
  study::Limits limits(Id study) const;
  study::Evidence evidence(Id study) const;
  bool may(people::Right wanted, Id study = {}) const;
  // Hidden fields of a form: that it was this person's page that sent it.
  std::string form_token() const;
};

// A page of this server around `body`, which comes from pages/<page>.mustache filled with `data`.
struct Page {
  std::string title;
  std::string place;  // which part of the menu is lit: overview, codebook, sources, findings
  const study::Study* study = nullptr;
  std::string page;  // template
  kainjow::mustache::data data;
  bool keeps_typed = false;  // changes language by itself: a link would lose what was filled in
};
Response show(const Visit& visit, Page page);
Response show_problem(const Visit& visit, const Problem& problem);
Response see_other(const std::string& address);  // 303: go there with GET

Response json(const JsonWriter& document, int status = 200);
Response json_problem(const Visit& visit, const Problem& problem);

std::string_view page_template(std::string_view name);  // "overview.mustache", "page.css"

// "2026-11-24 08:16 UTC": as exact as people need, and as the log has it.
std::string minute_text(Milliseconds at);

// The words of a kind, level or other fixed word, for templates.
kainjow::mustache::data option(const std::string& value, const std::string& label, bool chosen);

}  // namespace understory::server
