#include "study/saved_view.h"

#include "foundation/clock.h"
#include "foundation/text.h"
#include "storage/reseal.h"

namespace understory::study {

using storage::Parameter;
using storage::Query;
using storage::Row;
using storage::Transaction;

namespace {

const Query kViews{
    "study.saved_views",
    "select id, name, filter from saved_view where workspace_id = ? and study_id = ? and account_id = ?"};
const Query kSaveView{"study.save_view",
                      "insert into saved_view (workspace_id, id, study_id, account_id, name, filter, created_at) "
                      "values (?, ?, ?, ?, ?, ?, ?)"};
const Query kForgetView{"study.forget_view",
                        "delete from saved_view where workspace_id = ? and study_id = ? and account_id = ? and id = ?"};

const storage::SealedColumn kSealedNames{"saved_view", "name"}, kSealedFilters{"saved_view", "filter"};

tl::unexpected<Problem> refuse(std::string where, std::string what, std::string hint) {
  return fail(problems::kInvalidValue,
              {{"where", std::move(where)}, {"value", "…"}, {"what", std::move(what)}, {"hint", std::move(hint)}});
}

}  // namespace

std::vector<SavedView> saved_views(Transaction& transaction, Id study, Id account) {
  std::vector<SavedView> views;
  transaction.each(kViews, {transaction.workspace(), study, account.value}, [&](const Row& row) {
    const Id id = row.id(0);
    views.push_back({id, transaction.open("saved_view", "name", id, row.blob(1)),
                     transaction.open("saved_view", "filter", id, row.blob(2))});
  });
  std::sort(views.begin(), views.end(),
            [](const SavedView& left, const SavedView& right) { return left.name < right.name; });
  return views;
}

Result<Id> save_view(Transaction& transaction, Id study, Id account, const std::string& name,
                     const std::string& filter) {
  const std::string called(trim(name));
  if (called.empty() || called.size() > 320 || called.find('\n') != std::string::npos)
    return refuse("name", "name of a view", "Write at most 80 characters on one line.");
  if (filter.size() > 2000) return refuse("filter", "filter", "It is too long to be kept.");
  const std::vector<SavedView> before = saved_views(transaction, study, account);
  const auto same =
      std::find_if(before.begin(), before.end(), [&](const SavedView& each) { return each.name == called; });
  if (same != before.end())
    TRY(forget_view(transaction, study, account, same->id));
  else if (before.size() >= kMostViews)
    return refuse("name", "view", "Fifty are kept already; forget one that is no longer needed.");
  const Id id = Id::make();
  transaction.run(kSaveView, {transaction.workspace(), id, study, account.value,
                              Parameter::blob(transaction.seal(study, "saved_view", "name", id, called)),
                              Parameter::blob(transaction.seal(study, "saved_view", "filter", id, filter)), now()});
  return id;
}

Result<void> forget_view(Transaction& transaction, Id study, Id account, Id view) {
  if (transaction.run(kForgetView, {transaction.workspace(), study, account.value, view}) == 0)
    return fail(problems::kNotFound, {{"what", "view"}, {"name", view.text()}});
  return {};
}

}  // namespace understory::study
