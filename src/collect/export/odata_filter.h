// OData's $filter and $orderby on any field of a table.
//
//   filter:     eq ne lt le gt ge in · and or not · parentheses
//   functions:  year month day hour minute second now · contains startswith endswith tolower toupper trim length
//   literals:   'it''s' · 12 · -1.5 · true false null · 2026-11-24 · 2026-11-24T08:16:34Z
//
// null eq null is true; nothing is greater or less than null; a function of null is null; a row stays where the whole
// is true. `not` takes the whole comparison behind it. A date is midnight in UTC when it meets a time; year() to
// second() go by the zone the answer was told in.
#pragma once
#include <vector>

#include "collect/export/odata_fields.h"

namespace understory::collect {

class ODataFilter {
 public:
  // kBadExpression with the character (from 1) and the reason: what cannot be read, a field there is not, two sorts of
  // things compared. `text` at most 8 KiB. An empty text lets everything through. The text itself is in no problem: it
  // may hold a name.
  static Result<ODataFilter> read(std::string_view text, const Outline& outline, const ODataNames& names, int table);
  bool lets_through(const RowView& row) const;
  // Whether it asks for something that is only known once the submission is open.
  bool needs_record() const { return needs_record_; }

 private:
  friend class ODataReader;
  friend class ODataOrder;
  enum class Act {
    kLiteral,
    kField,
    kAnd,
    kOr,
    kNot,
    kEqual,
    kNotEqual,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual,
    kIn,
    kYear,
    kMonth,
    kDay,
    kHour,
    kMinute,
    kSecond,
    kContains,
    kStartsWith,
    kEndsWith,
    kToLower,
    kToUpper,
    kTrim,
    kLength
  };
  struct Term {
    Act act = Act::kLiteral;
    Sort sort = Sort::kNull;  // what it comes to
    std::size_t at = 0;       // byte of the text
    std::vector<int> of;
    Value literal;
    std::string written;  // of a number: as it was written
    ODataField field;
  };
  Value value(int term, const RowView& row) const;
  Value call(const Term& term, const RowView& row) const;

  std::vector<Term> terms_;
  int root_ = -1;
  bool needs_record_ = false;
};

// "age desc, __system/submissionDate".
class ODataOrder {
 public:
  static Result<ODataOrder> read(std::string_view text, const Outline& outline, const ODataNames& names, int table);
  bool empty() const { return by_.empty(); }
  std::vector<Value> keys(const RowView& row) const;
  // -1, 0, 1 of two rows' keys.
  int compare(const std::vector<Value>& left, const std::vector<Value>& right) const;

 private:
  struct By {
    int term;
    bool falling;
  };
  ODataFilter terms_;
  std::vector<By> by_;
};

}  // namespace understory::collect
