#include "collect/record.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "foundation/reasons.h"
#include "foundation/text.h"

namespace understory::collect {

namespace {

std::string trimmed(const pugi::xml_node& node) { return std::string(trim(text_of(node))); }

std::string attribute_of(const pugi::xml_node& node, std::string_view name) {
  const char* value = attribute_named(node, name);
  return value ? std::string(trim(value)) : std::string();
}

bool is_template(const pugi::xml_node& node) {
  for (const pugi::xml_attribute& attribute : node.attributes()) {
    const std::string_view name = attribute.name();
    if (name.find(':') != std::string_view::npos && name.rfind("xmlns:", 0) != 0 &&
        local_name(name.data()) == "template")
      return true;
  }
  return false;
}

bool has_elements(const pugi::xml_node& node) {
  return std::any_of(node.begin(), node.end(), [](const auto& child) { return child.type() == pugi::node_element; });
}

}  // namespace

Result<Envelope> read_envelope(std::string_view xml) {
  return read_envelope(TRY(XmlDocument::parse(xml, "xml_submission_file")));
}

Result<Envelope> read_envelope(const XmlDocument& document) {
  const pugi::xml_node root = document.root();
  Envelope envelope;
  envelope.form_id = attribute_of(root, "id");
  if (envelope.form_id.empty()) envelope.form_id = root.attribute("xmlns").value();
  if (envelope.form_id.empty())
    return fail_because(problems::kReasonNoId, problems::kBadSubmission,
                        {{"root", std::string(shortened(root.name(), 100))}});
  envelope.version = attribute_of(root, "version");
  // Of several meta groups the first that says something counts.
  for (const pugi::xml_node& meta : root.children()) {
    if (local_name(meta.name()) != "meta") continue;
    const auto take = [&](std::string& where, std::string_view name) {
      if (where.empty()) where = trimmed(child_named(meta, name));
    };
    take(envelope.instance_id, "instanceID");
    take(envelope.deprecated_id, "deprecatedID");
    take(envelope.instance_name, "instanceName");
  }
  if (envelope.instance_id.empty()) envelope.instance_id = attribute_of(root, "instanceID");
  envelope.encrypted = attribute_of(root, "encrypted") == "yes";
  envelope.encrypted_key = trimmed(child_named(root, "base64EncryptedKey"));
  envelope.encrypted_xml = trimmed(child_named(root, "encryptedXmlFile"));
  envelope.signature = trimmed(child_named(root, "base64EncryptedElementSignature"));
  if (envelope.encrypted)
    for (const pugi::xml_node& media : root.children())
      if (local_name(media.name()) == "media")
        for (const pugi::xml_node& file : media.children())
          if (local_name(file.name()) == "file") envelope.media.push_back(trimmed(file));
  return envelope;
}

namespace {

constexpr std::size_t kUnknownLimit = 1'000;
// A few bytes make a row of however many columns the form has: they must not fill the memory.
constexpr std::size_t kCellLimit = 5'000'000;

// Where each node of the form goes: fields to a column of a table, repeats to a table, by their parent and name.
struct Places {
  struct Place {
    int node = -1, table = 0, column = -1;  // column: of a field
  };
  struct Named {
    const Place* field = nullptr;  // where a form's versions disagree, a name may be both
    const Place* group = nullptr;
  };
  std::vector<Place> places;                                          // by node
  std::vector<std::unordered_map<std::string_view, Named>> children;  // by node

  Places(const Form& form, const std::vector<Table>& tables) : places(form.nodes.size()), children(form.nodes.size()) {
    std::vector<int> table_at(form.nodes.size(), -1);
    for (std::size_t t = 0; t < tables.size(); ++t) {
      if (t > 0) table_at[static_cast<std::size_t>(tables[t].node)] = static_cast<int>(t);
      for (std::size_t c = 0; c < tables[t].columns.size(); ++c)
        places[static_cast<std::size_t>(tables[t].columns[c].node)].column = static_cast<int>(c);
    }
    for (std::size_t i = 0; i < form.nodes.size(); ++i) {
      const Node& node = form.nodes[i];
      Place& place = places[i];
      place.node = static_cast<int>(i);
      if (table_at[i] >= 0)
        place.table = table_at[i];
      else if (node.parent >= 0)
        place.table = places[static_cast<std::size_t>(node.parent)].table;
      if (node.parent < 0) continue;
      Named& named = children[static_cast<std::size_t>(node.parent)][node.name];
      (node.shape == Node::Shape::kField ? named.field : named.group) = &place;
    }
  }
};

class Reader {
 public:
  Reader(const Form& form, const std::vector<Table>& tables, std::deque<std::string>& joined, std::vector<Rows>& rows,
         std::vector<std::string>& unknown, std::vector<std::string>& attachments)
      : form_(form),
        tables_(tables),
        places_(form, tables),
        joined_(joined),
        rows_(rows),
        unknown_(unknown),
        attachments_(attachments) {
    rows_.resize(tables.size());
  }

  // False: there were more cells than are held.
  bool read(const pugi::xml_node& root) {
    add_row(0, -1, 0);
    if (!form_.nodes.empty()) read_group(root, 0, 0, 0, "/" + std::string(local_name(root.name())));
    return cells_ <= kCellLimit;
  }

 private:
  // Depth is bounded by XmlDocument.
  void read_group(const pugi::xml_node& element, int node, int table, int row, const std::string& path) {
    std::unordered_map<int, int> seen;  // how many of each node stand here
    for (const pugi::xml_node& child : element.children()) {
      if (child.type() != pugi::node_element || is_template(child)) continue;
      const std::string_view name = local_name(child.name());
      const auto& known = places_.children[static_cast<std::size_t>(node)];
      const auto found = known.find(name);
      if (found == known.end()) {
        tell_unknown(path, name);
        continue;
      }
      const bool as_field = found->second.field && (!found->second.group || !has_elements(child));
      const Places::Place& place = as_field ? *found->second.field : *found->second.group;
      const int before = seen[place.node]++;
      const Node::Shape shape = form_.nodes[static_cast<std::size_t>(place.node)].shape;
      if (cells_ > kCellLimit) return;
      if (shape == Node::Shape::kRepeat) {
        const int made = add_row(place.table, row, before);
        read_group(child, place.node, place.table, made, path + "/" + std::string(name));
      } else if (before > 0) {
        tell_unknown(path, name);
      } else if (shape == Node::Shape::kGroup) {
        read_group(child, place.node, table, row, path + "/" + std::string(name));
      } else {
        const char* told = text(child);
        rows_[static_cast<std::size_t>(table)]
            .rows[static_cast<std::size_t>(row)]
            .cells[static_cast<std::size_t>(place.column)] = told;
        if (form_.nodes[static_cast<std::size_t>(place.node)].type == AnswerType::kFile) note_attachment(told);
        for (const pugi::xml_node& below : child.children())
          if (below.type() == pugi::node_element)
            tell_unknown(path + "/" + std::string(name), local_name(below.name()));
      }
    }
  }

  int add_row(int table, int parent, int position) {
    Rows& rows = rows_[static_cast<std::size_t>(table)];
    cells_ += tables_[static_cast<std::size_t>(table)].columns.size() + 1;
    rows.rows.push_back(
        {parent, position, std::vector<const char*>(tables_[static_cast<std::size_t>(table)].columns.size())});
    return static_cast<int>(rows.rows.size()) - 1;
  }

  const char* text(const pugi::xml_node& field) {
    const char* only = nullptr;
    for (const pugi::xml_node& piece : field.children()) {
      if (piece.type() != pugi::node_pcdata && piece.type() != pugi::node_cdata) continue;
      if (only) return joined_.emplace_back(text_of(field)).c_str();
      only = piece.value();
    }
    return only ? only : "";
  }

  void note_attachment(std::string_view name) {
    name = trim(name);
    if (!name.empty() && attached_.insert(std::string(name)).second) attachments_.emplace_back(name);
  }

  void tell_unknown(const std::string& path, std::string_view name) {
    if (unknown_.size() >= kUnknownLimit) return;
    std::string whole = path + "/" + std::string(name);
    if (told_.insert(whole).second) unknown_.push_back(std::move(whole));
  }

  const Form& form_;
  const std::vector<Table>& tables_;
  const Places places_;
  std::deque<std::string>& joined_;
  std::vector<Rows>& rows_;
  std::vector<std::string>& unknown_;
  std::vector<std::string>& attachments_;
  std::unordered_set<std::string> told_, attached_;
  std::size_t cells_ = 0;
};

}  // namespace

Result<Record> Record::read(std::string_view xml, const Form& form, const std::vector<Table>& tables) {
  Record record;
  record.document_ = TRY(XmlDocument::parse(xml, "xml_submission_file"));
  record.joined_ = std::make_shared<std::deque<std::string>>();
  Reader reader(form, tables, *record.joined_, record.tables_, record.unknown_, record.attachments_);
  if (!reader.read(record.document_.root())) return fail_because(problems::kReasonManyGroups, problems::kBadSubmission);
  return record;
}

}  // namespace understory::collect
