// One filled-in copy of a form, as rows of the form's tables. Pure.
#pragma once
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "collect/form.h"
#include "foundation/xml.h"

namespace understory::collect {

// What the envelope says, whatever the form.
struct Envelope {
  std::string form_id, version;    // attributes id and version of the root (also orx:version); '' where missing
  std::string instance_id;         // meta/instanceID in either namespace, or the attribute; '' where missing
  std::string deprecated_id;       // meta/deprecatedID
  std::string instance_name;       // meta/instanceName: a story, not a fact
  bool encrypted = false;          // encrypted="yes"
  std::string encrypted_key;       // base64EncryptedKey
  std::string encrypted_xml;       // encryptedXmlFile
  std::string signature;           // base64EncryptedElementSignature
  std::vector<std::string> media;  // of an encrypted one: the files it names
};
// kBadXml with line and column; kBadSubmission: no form id.
Result<Envelope> read_envelope(std::string_view xml);
Result<Envelope> read_envelope(const XmlDocument& document);

// Rows of one table, of one submission. A row has a cell each column of the table; a null cell is not there in the XML
// (an older version, not relevant), an empty one is there and empty.
struct Rows {
  struct Row {
    int parent = -1;                 // row of the parent table
    int position = 0;                // counted from 0 among its parent's
    std::vector<const char*> cells;  // text of each column, or null; lives as long as the Record
  };
  std::vector<Row> rows;
};

class Record {
 public:
  // `tables` as tables_of() gives them; elements the form does not know are passed over by tables(), and listed. What
  // stands twice and is no repeat counts once, the first; the others are listed as unknown. kBadXml with line and
  // column; kBadSubmission: its repeats are more than are held (5 million cells).
  static Result<Record> read(std::string_view xml, const Form& form, const std::vector<Table>& tables);
  const std::vector<Rows>& tables() const { return tables_; }
  const std::vector<std::string>& unknown() const { return unknown_; }  // paths, each once, at most 1,000
  // Names of the attachments its file answers hold, each once, in document order.
  const std::vector<std::string>& attachments() const { return attachments_; }

 private:
  XmlDocument document_;
  std::shared_ptr<std::deque<std::string>> joined_;  // texts that stood in several pieces; cells point into it
  std::vector<Rows> tables_;
  std::vector<std::string> unknown_, attachments_;
};

}  // namespace understory::collect
