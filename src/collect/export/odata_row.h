// One row as OData's JSON, with $select and $expand.
#pragma once
#include "collect/export/odata.h"
#include "foundation/json_writer.h"

namespace understory::collect {

class ODataRow {
 public:
  // kInvalidValue: $select names what is not there.
  static Result<ODataRow> plan(const Outline& outline, const ODataNames& names, int table, const ODataQuery& query);
  void write(JsonWriter& json, const RowView& row) const;

 private:
  struct Step {
    enum class Do { kOpen, kClose, kCell, kTable };
    Do what;
    int index = 0;          // a column, or a table
    std::string name;       // of the property
    std::string path = {};  // below its table
  };
  ODataRow(const Outline& outline, const ODataNames& names, int table, bool expand)
      : outline_(outline), names_(names), table_(table), expand_(expand) {}
  std::vector<Step> steps_of(int table) const;
  void write_system(JsonWriter& json, const Told& told) const;
  void write_steps(JsonWriter& json, const RowView& row) const;
  void write_table(JsonWriter& json, const RowView& row, const Step& step) const;
  bool selected(const std::string& path) const;

  const Outline& outline_;
  const ODataNames& names_;
  int table_;
  bool expand_;
  std::vector<std::vector<Step>> steps_;  // of each table; only the first asked for has a selection
  std::vector<std::string> select_;       // empty: everything
};

}  // namespace understory::collect
