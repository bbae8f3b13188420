// Phones that fetch and send under a token of their own: which there are, a new one, and taking one back.
#include "people/device.h"

#include <charconv>

#include "foundation/text.h"
#include "people/audit.h"
#include "publish/qr_code.h"
#include "server/collect_settings.h"
#include "server/routes.h"
#include "server/thing.h"

namespace understory::server {

namespace mustache = kainjow::mustache;

namespace {

std::string day_text(Milliseconds at) { return iso_time(at).substr(0, 10); }

Page devices_page(const Visit& visit) {
  Page page;
  page.title = visit.say("devices.title");
  page.page = "devices";
  mustache::data& data = page.data;
  data.set("title", page.title);
  data.set("about", visit.say("devices.about"));
  data.set("form", visit.form_token());
  set_labels(visit, data, "devices.",
             {"name", "study", "place", "until", "new", "name_hint", "days", "days_hint", "enroll", "place_hint"});
  mustache::data studies{mustache::data::type::list};
  std::map<Id, std::string> names;
  for (const study::Study& each : study::studies(visit.transaction)) {
    studies << option(each.id.text(), each.name, visit.request.field("study") == each.id.text());
    names[each.id] = each.name;
  }
  data.set("studies", studies);
  data.set("every_study", visit.say("accounts.every_study"));
  data.set("typed_name", visit.request.field("name"));
  data.set("typed_place", visit.request.field("place"));
  data.set("typed_days", visit.request.field("days").empty() ? "365" : visit.request.field("days"));
  mustache::data rows{mustache::data::type::list};
  bool any = false;
  for (const people::Device& device : people::devices(visit.transaction)) {
    any = true;
    mustache::data row;
    row.set("name", device.name);
    row.set("study", device.study ? names[device.study] : visit.say("accounts.every_study"));
    row.set("place", device.place);
    row.set("until",
            device.revoked_at != 0   ? visit.words.say({"devices.revoked_on", {{"day", day_text(device.revoked_at)}}})
            : device.expires_at == 0 ? visit.say("devices.for_ever")
            : device.over(now())     ? visit.words.say({"devices.over_since", {{"day", day_text(device.expires_at)}}})
                                     : day_text(device.expires_at));
    if (device.revoked_at == 0) {
      mustache::data take;
      take.set("address", "/devices/" + device.id.text());
      take.set("form", visit.form_token());
      take.set("label", visit.words.say({"devices.revoke", {{"name", device.name}}}));
      row.set("take", take);
    }
    rows << row;
  }
  data.set("devices", rows);
  if (!any) data.set("none", visit.say("devices.none"));
  return page;
}

Result<int> days_of(const Visit& visit) {
  const std::string typed(trim(visit.request.field("days")));
  int days = 0;
  const auto [end, error] = std::from_chars(typed.data(), typed.data() + typed.size(), days);
  if (error != std::errc() || end != typed.data() + typed.size())
    return fail(problems::kInvalidValue, {{"where", visit.say("devices.days")},
                                          {"value", std::string(shortened(typed, 40))},
                                          {"what", "number of days"},
                                          {"hint", "Write a whole number, 0 for no end."}});
  return days;
}

Result<people::Enrolled> enrolled(const Visit& visit) {
  people::Device wanted;
  wanted.name = trim(visit.request.field("name"));
  if (const std::string study = visit.request.field("study"); !study.empty())
    wanted.study = TRY(study::find_study(visit.transaction, Id::parse(study).value_or(Id{1})))
  .id;
  wanted.place = trim(visit.request.field("place"));
  wanted.made_by = visit.person.account;
  const int days = TRY(days_of(visit));
  return people::enroll_device(visit.transaction, TRY(people::audit_key(visit.workspace)), std::move(wanted), days);
}

}  // namespace

Result<Response> show_devices(const Visit& visit) { return show(visit, devices_page(visit)); }

Result<Response> enroll_device(const Visit& visit) {
  const auto made = enrolled(visit);
  if (!made) {
    Page page = devices_page(visit);
    page.data.set("problem", visit.words.sentence(made.error()));
    Response response = show(visit, std::move(page));
    response.status = made.error().status();
    return response;
  }
  const std::string server = (visit.request.secure ? "https://" : "http://") + visit.request.header("host");
  const std::string address = device_address(server, made->token);
  Page page;
  page.title = visit.words.say({"devices.enrolled", {{"name", made->device.name}}});
  page.page = "device";
  mustache::data& data = page.data;
  data.set("title", page.title);
  data.set("once", visit.say("devices.once"));
  data.set("address_label", visit.say("devices.address"));
  data.set("address", address);
  data.set("code", TRY(publish::qr_code_svg(collect_settings(address, made->device.name), visit.say("devices.code"))));
  data.set("code_hint", visit.say("devices.code_hint"));
  data.set("back", visit.say("devices.title"));
  return show(visit, std::move(page));  // every page is sent with no-store; this one holds a token
}

Result<Response> revoke_device(const Visit& visit) {
  const Id id = TRY(visit.id("device"));
  TRY(people::revoke_device(visit.transaction, id));
  return see_other("/devices");
}

}  // namespace understory::server
