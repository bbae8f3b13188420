// Views of the list of sources that people keep for themselves, over JSON.
#include "server/desk_routes.h"
#include "server/sent_json.h"
#include "study/saved_view.h"

namespace understory::server {

Result<Response> api_views(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  JsonWriter out;
  out.object().key("views").array();
  for (const study::SavedView& each : study::saved_views(visit.transaction, study.id, visit.person.account))
    out.object().member("id", each.id.text()).member("name", each.name).member("filter", each.filter).end_object();
  out.end_array().end_object();
  return json(out);
}

Result<Response> save_view(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const SentJson sent = TRY(SentJson::of(visit.request));
  const Id id = TRY(study::save_view(visit.transaction, study.id, visit.person.account, TRY(sent.text("name", 400)),
                                     TRY(sent.text("filter", 2000))));
  JsonWriter out;
  out.object().member("id", id.text()).end_object();
  return json(out, 201);
}

Result<Response> forget_view(const Visit& visit) {
  const study::Study study = TRY(visit.study());
  const Id view = TRY(visit.id("view"));
  TRY(study::forget_view(visit.transaction, study.id, visit.person.account, view));
  JsonWriter out;
  out.object().member("id", view.text()).end_object();
  return json(out);
}

}  // namespace understory::server
