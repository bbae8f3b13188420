#include "study/source_places.h"

namespace understory::study {

using storage::Query;
using storage::Row;

namespace {

const Query kSourcePlaces{"study.source_places",
                          "select id, location_id from source one where workspace_id = ? and study_id = ? and not "
                          "exists (select 1 from source newer where newer.workspace_id = one.workspace_id and "
                          "newer.replaces_id = one.id) order by id"};

}  // namespace

std::vector<SourcePlace> source_places(storage::Transaction& transaction, Id study) {
  std::vector<SourcePlace> list;
  transaction.each(kSourcePlaces, {transaction.workspace(), study}, [&](const Row& row) {
    list.push_back({row.id(0), row.id(1)});
  });
  return list;
}

}  // namespace understory::study
