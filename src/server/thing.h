// The form or submission that an address names, as rights are decided by.
#pragma once
#include "collect/entities.h"
#include "collect/filling.h"
#include "collect/submissions.h"
#include "server/visit.h"

namespace understory::server {

// Of the form's study.
people::Record record_of(const collect::KeptForm& form);
// Of its study, at the place it came from and all above that.
people::Record record_of(storage::Transaction& transaction, const collect::Submission& submission);

// What {submission}, {form} or {list} of the address is; kNotFound for none. An address without names no record.
Result<people::Record> record_named(const Visit& visit);

Result<collect::KeptForm> form_named(const Visit& visit);
Result<collect::Submission> submission_named(const Visit& visit);
Result<collect::EntityList> entity_list_named(const Visit& visit);

// The files a version takes its choices from, those that are here and can be read.
collect::Lists lists_of(storage::Transaction& transaction, Id version);

// What this person did, in the transaction it was done in.
void write_down(const Visit& visit, storage::Transaction& transaction, people::Right right, std::string_view route,
                std::string_view kind, Id record, std::string reason);

// "Name" of each label → data "name_label", said by the keys that begin so.
void set_labels(const Visit& visit, kainjow::mustache::data& data, const std::string& beginning,
                std::initializer_list<const char*> labels);

// What an account is called; empty where there is none.
std::string account_name(const Visit& visit, Id account);

}  // namespace understory::server
