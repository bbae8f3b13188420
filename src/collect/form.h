// A form as plain structs: what an XForm's XML says, by document order. Pure; no database, no words for people.
//
// Sources: ODK XForms specification (getodk.github.io/xforms-spec), OpenRosa, Entities specification 2022.1–2025.1.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "foundation/result.h"

namespace understory::collect {

// What an answer is (a bind's type, made exact by its control). kNone: a group or a repeat.
enum class AnswerType {
  kNone,
  kText,
  kInteger,
  kDecimal,
  kBoolean,
  kDate,
  kTime,
  kDateTime,
  kGeopoint,
  kGeotrace,
  kGeoshape,
  kSelectOne,
  kSelectMany,
  kRank,
  kBarcode,
  kFile  // bind type "binary", or the control is an upload: the answer is an attachment's name
};

// What the body asks with; kNone: nothing (calculated, preloaded, or only in the model).
enum class Control {
  kNone,
  kInput,
  kSecret,
  kSelectOne,
  kSelectMany,
  kRank,
  kUpload,
  kTrigger,
  kRange,
  kGroup,
  kRepeat
};

// Words shown to people: in every language that has them, by the itext's language name ("English (en)"), or, where the
// form has no itext, under "". <output value="…"/> stands in the text as "${" expression "}" with "$" itself doubled.
struct Words {
  struct In {
    std::string language, text;
    std::string image, audio, video;  // file names
  };
  std::vector<In> each;
  bool empty() const { return each.empty(); }
};

struct Choice {
  std::string value;
  Words label;
};

// Choices that are taken from an instance: an item each node of `nodeset` (an expression).
struct ItemSet {
  std::string nodeset, value, label;  // value and label: paths relative to a node; label may be jr:itext(…)
};

struct Node {
  enum class Shape { kGroup, kRepeat, kField };
  std::string name;  // of the element, without prefix
  std::string path;  // from the root, prefixes left out: "/data/participant/p_age"
  int parent = -1;   // index in Form::nodes; -1 for the root
  Shape shape = Shape::kField;
  AnswerType type = AnswerType::kNone;
  bool meta = false;                                                // within orx:meta or meta
  std::string value;                                                // what the form's own instance holds (a default)
  std::string relevant, constraint, required, readonly, calculate;  // expressions; empty: none
  Words constraint_message, required_message;
  std::string preload, preload_parameters;
  std::string save_to;  // entities:saveto
  // From the body:
  Control control = Control::kNone;
  std::string appearance, media_type;  // of an upload: "image/*"
  Words label, hint;
  std::vector<Choice> choices;
  std::optional<ItemSet> item_set;
  std::string repeat_count;  // expression: how many; empty: people add and remove
  std::string range_start, range_end, range_step;
  std::string actions;  // setvalue, setgeopoint and recordaudio with this target, as XML: kept for clients
  int asked = -1;       // its place among the controls of the body; -1: it is not asked
};

// A secondary instance: in the form itself, or from a file (jr://file/…, jr://file-csv/…, jr://instance/last-saved).
struct Instance {
  std::string id;
  std::string source;  // the jr:// address; empty: inline
  std::string xml;     // of the inline one
};

// A file the form needs beside it, by the name it must be uploaded under.
struct NeededFile {
  std::string name;
  std::string kind;  // image | audio | video | csv | xml | geojson | file
};

struct SetValue {
  std::string event, target, value;  // one or more events by spaces; target: path, perhaps "…/@id"; value: expression
  std::string trigger;               // path of the control it stands in, for xforms-value-changed; empty: the model
};

// An attribute of the instance that a bind or a setvalue speaks of: those of <entity>. Never a column.
struct Attribute {
  int node = -1;
  std::string name, path;           // without prefix: "id", "/data/meta/entity/@id"
  std::string relevant, calculate;  // expressions; empty: none
};

// What a submission does to a list of entities.
struct EntityUse {
  int node = -1;  // of <entity>, in Form::nodes; its parent's parent is the group or repeat each entity belongs to
  std::string list;
  // Expressions; what the instance itself holds is a text literal ('1'). Empty: not there.
  std::string id, create, update, base_version, label;
};

struct Form {
  std::string id, version, title;      // version '' where the form gives none
  std::string root;                    // name of the primary instance's root element
  std::vector<Node> nodes;             // [0] is the root; parents before children, document order
  std::vector<std::string> languages;  // of its itext, the default first; empty: one language
  std::vector<Instance> instances;     // secondary ones
  std::map<std::string, Words> texts;  // the itext by its ids, where labels of choices ask for it by what they hold
  std::vector<NeededFile> files;
  std::vector<SetValue> set_values;
  std::vector<Attribute> attributes;
  std::vector<EntityUse> entities;
  std::string instance;    // the primary instance's root element as XML, with the namespaces it needs
  std::string public_key;  // base64, of an encrypted form; empty: plain
  bool has_instance_id = false;
};

struct FormRead {
  Form form;
  std::vector<std::string> warnings;  // English sentences with the element: what is unusual and was let through
};

// kBadXml with line and column; kBadForm with line and reason: no primary instance, no id, a control that names
// nothing, more than any form needs (100,000 elements). A form that ODK's own tools accept is accepted here: what they
// let through (a bind that names nothing, an expression that cannot be read, a name that stands twice) is a warning. A
// form without a meta group or instanceID is read; has_instance_id is false.
Result<FormRead> read_form(std::string_view xml, const std::string& file);

// The same bytes with <meta><instanceID/></meta> (in the OpenRosa namespace where the form's root names it) and its
// bind put in, for a form that has none: phones then number what they send. Everything else stays byte for byte. A
// form that has one comes back unchanged; one that is not UTF-8 is kBadForm.
Result<std::string> with_instance_id(std::string_view xml, const std::string& file);

// One table for the form, one for each repeat: what exports are made of. Groups are no tables; a field inside groups
// has a path below its table.
struct Column {
  int node = -1;                    // in Form::nodes
  std::vector<std::string> groups;  // names of the groups between the table and the field
  std::string name;
  AnswerType type = AnswerType::kText;
};
struct Table {
  int node = 0;                 // the root or a repeat
  int parent = -1;              // index of the table it lies in
  std::string name;             // "Submissions", "Submissions.participant.journey" as OData has it
  std::vector<Column> columns;  // document order; the meta group's too
  std::vector<int> tables;      // those directly below
};
std::vector<Table> tables_of(const Form& form);

// The tables of all versions together: fields by path, in the order of the newest version, then what older ones had
// besides. A field whose type changed is text; what was ever a repeat is one. Where a field became a group, or a group
// a field, both are there under the same path: Record tells them apart. `versions`: newest first.
Form union_of(const std::vector<const Form*>& versions);

}  // namespace understory::collect
