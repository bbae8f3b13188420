// --key FILE: the private key of an encrypted form that is not the workspace's, for one command.
#pragma once
#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "foundation/result.h"
#include "vault/submission_crypto.h"

namespace understory::cli {

void add_key_option(CLI::App& command, std::string& file);
// None where no file was given. Problems of read_file() and vault::SubmissionKey::from_pem().
Result<std::shared_ptr<const vault::SubmissionKey>> read_private_key(const std::string& file);

}  // namespace understory::cli
