#include "server/fill_page.h"

#include <cstdlib>
#include <map>
#include <set>

#include "foundation/text.h"
#include "foundation/time_zone.h"
#include "server/fill_parts.h"

namespace understory::server {

namespace {

using collect::AnswerType;
using collect::Control;
using collect::Element;
using collect::Filling;
using collect::Node;
using collect::Offered;
using collect::Unmet;

constexpr std::size_t kLongList = 15;  // choices; beyond that a box that opens takes less of the page
constexpr double kMostSteps = 21;

class Writer {
 public:
  explicit Writer(const FillShown& shown) : shown_(shown), filling_(shown.filling), form_(shown.filling.form()) {
    below_.resize(form_.nodes.size());
    order_.assign(form_.nodes.size(), kNever);
    for (std::size_t i = form_.nodes.size(); i-- > 0;) {
      const Node& node = form_.nodes[i];
      // Parents stand before their children: what is below is known by now. What nothing asks stays out.
      if (node.asked >= 0) order_[i] = node.asked;
      if (node.parent < 0) continue;
      int& above = order_[static_cast<std::size_t>(node.parent)];
      above = std::min(above, order_[i]);
      below_[static_cast<std::size_t>(node.parent)].push_back(static_cast<int>(i));
    }
    for (auto& children : below_)
      std::stable_sort(children.begin(), children.end(), [&](int a, int b) {
        const int left = order_[static_cast<std::size_t>(a)], right = order_[static_cast<std::size_t>(b)];
        return left != right ? left < right : a < b;
      });
    if (shown.amiss)
      for (const Unmet& each : *shown.amiss)
        if (each.kind != Unmet::Kind::kUnknown) amiss_[each.address].push_back(&each);
  }

  FillHtml write() {
    inside(filling_.root());
    FillHtml html{std::move(html_), "", left_out_, plays_};
    if (amiss_.empty()) return html;
    std::string list;
    std::int64_t count = 0;
    for (const auto& [id, text] : told_) list += fmt::format("<li><a href=\"#{}\">{}</a></li>", id, text), ++count;
    for (const auto& [address, unmet] : amiss_)
      for (const Unmet* each : unmet) {
        if (shown_addresses_.contains(address)) continue;
        list += fmt::format("<li>{}</li>", escape_markup(node(each->node).name + ": " + sentence(*each)));
        ++count;
      }
    html.summary = fmt::format(
        "<div class=\"problem\" id=\"amiss\" tabindex=\"-1\" autofocus role=\"alert\"><h2>{}</h2><ol>{}</ol></div>\n",
        escape_markup(shown_.words.say({"fill.amiss", {{"n", count}}})), list);
    return html;
  }

 private:
  static constexpr int kNever = 1 << 30;
  const Node& node(int index) const { return form_.nodes[static_cast<std::size_t>(index)]; }
  std::string say(std::string_view key) const { return escape_markup(shown_.words.say(key)); }

  std::string sentence(const Unmet& unmet) const {
    if (!unmet.message.empty()) return unmet.message;
    if (unmet.kind == Unmet::Kind::kRange)
      return shown_.words.say(
          {"fill.amiss_range", {{"from", node(unmet.node).range_start}, {"to", node(unmet.node).range_end}}});
    return shown_.words.say("fill.amiss_" + std::string(name_of(unmet.kind)));
  }

  std::string label_of(const Element& element) const {
    const std::string label = filling_.text(node(element.node).label, element);
    return label.empty() ? node(element.node).name : label;
  }

  void inside(const Element& element) {
    for (const int child : below_[static_cast<std::size_t>(element.node)]) {
      if (order_[static_cast<std::size_t>(child)] == kNever || node(child).meta) continue;
      if (node(child).shape == Node::Shape::kRepeat) {
        repeat(element, child);
        continue;
      }
      for (const auto& each : element.children)
        if (each->node == child && each->relevant) {
          if (node(child).shape == Node::Shape::kGroup)
            group(*each);
          else if (node(child).control != Control::kNone)
            question(*each);
        }
    }
  }

  void group(const Element& element) {
    const std::string label = filling_.text(node(element.node).label, element);
    const std::string shown = media_of(node(element.node).label, label);
    if (label.empty() && shown.empty()) return inside(element);
    html_ += fmt::format("<fieldset class=\"group\"><legend>{}</legend>{}\n", escape_markup(label), shown);
    inside(element);
    html_ += "</fieldset>\n";
  }

  void repeat(const Element& parent, int child) {
    const bool by_people = node(child).repeat_count.empty();
    std::string label;
    std::int64_t number = 0;
    bool open = true;
    for (const auto& each : parent.children) {
      if (each->node != child) continue;
      open = each->relevant;
      if (!each->relevant) continue;
      label = label_of(*each);
      const std::string address = filling_.address_of(*each);
      html_ += fmt::format("<fieldset class=\"group\"><legend>{} {}</legend>{}\n", escape_markup(label), ++number,
                           media_of(node(child).label, label));
      focus_next_ = address == shown_.begin_at;
      inside(*each);
      if (by_people)
        html_ +=
            fmt::format("<button class=\"quiet\" name=\"remove\" value=\"{}\">{}</button>\n", escape_markup(address),
                        escape_markup(shown_.words.say({"fill.remove", {{"what", label}, {"n", number}}})));
      html_ += "</fieldset>\n";
    }
    if (!by_people || !open) return;
    if (label.empty()) label = filling_.text(node(child).label, parent);
    if (label.empty()) label = node(child).name;
    html_ += fmt::format("<p><button class=\"quiet\" name=\"add\" value=\"{} {}\">{}</button></p>\n",
                         escape_markup(filling_.address_of(parent)), escape_markup(node(child).name),
                         escape_markup(shown_.words.say({"fill.add", {{"what", label}}})));
  }

  // What stands around every question: its words, what is amiss, and how they are tied to the control.
  struct Frame {
    std::string id, name, attributes, label, around;
  };
  Frame frame(const Element& element, bool asked) {
    Frame frame;
    frame.id = fmt::format("q{}", ++number_);
    const std::string address = filling_.address_of(element);
    frame.name = escape_markup(address);
    const std::string label = label_of(element);
    frame.label = escape_markup(label);
    frame.around = media_of(node(element.node).label, label);
    std::string described;
    if (const std::string hint = filling_.text(node(element.node).hint, element); !hint.empty()) {
      frame.around += fmt::format("<p class=\"hint\" id=\"{}h\">{}</p>{}", frame.id, escape_markup(hint),
                                  media_of(node(element.node).hint, hint));
      described = frame.id + "h";
    }
    if (!asked) return frame;
    if (filling_.required(element)) {
      frame.label += " <span class=\"must\">*</span>";
      frame.attributes += " aria-required=\"true\"";
    }
    if (const auto found = amiss_.find(address); found != amiss_.end()) {
      shown_addresses_.insert(address);
      std::string said;
      for (const Unmet* each : found->second) {
        const std::string text = sentence(*each);
        said += (said.empty() ? "" : " ") + text;
        told_.emplace_back(frame.id, escape_markup(label + ": " + text));
      }
      frame.around += fmt::format("<p class=\"amiss\" id=\"{}e\">{}</p>", frame.id, escape_markup(said));
      described += (described.empty() ? "" : " ") + frame.id + "e";
      frame.attributes += " aria-invalid=\"true\"";
    }
    if (!described.empty()) frame.attributes += " aria-describedby=\"" + described + "\"";
    if (std::exchange(focus_next_, false)) frame.attributes += " autofocus";
    return frame;
  }

  // What a page can send is bounded: questions beyond that are not on it, and keep what was answered.
  void question(const Element& element) {
    if (fields_ >= shown_.most_fields) {
      ++left_out_;
      return;
    }
    const std::size_t before = html_.size();
    ask(element);
    constexpr std::string_view kField = " name=\"";
    for (std::size_t at = html_.find(kField, before); at != std::string::npos; at = html_.find(kField, at + 1))
      ++fields_;
  }

  void ask(const Element& element) {
    if (filling_.readonly(element)) return told(element);
    const Node& asked = node(element.node);
    const bool timed = asked.type == AnswerType::kDateTime || asked.type == AnswerType::kTime;
    if (asked.control == Control::kSelectOne || asked.control == Control::kSelectMany) return choose(element);
    if (asked.control == Control::kRank) return rank(element);
    if (asked.control == Control::kInput && (asked.type == AnswerType::kDate || timed)) return moment(element);
    const Frame frame = this->frame(element, true);
    html_ += fmt::format("<div class=\"q\">");
    if (asked.control == Control::kTrigger) {
      html_ += fmt::format(
          "{0}<input type=\"hidden\" name=\"{1}\" value=\"\"><label><input type=\"checkbox\" id=\"{2}\" name=\"{1}\" "
          "value=\"OK\"{3}{4}> {5}</label>",
          frame.around, frame.name, frame.id, element.text.empty() ? "" : " checked", frame.attributes, frame.label);
    } else {
      html_ += fmt::format("<label for=\"{}\">{}</label>{}", frame.id, frame.label, frame.around);
      if (asked.control == Control::kUpload)
        upload(element, frame);
      else if (asked.control == Control::kRange)
        range(element, frame);
      else
        write_in(element, frame);
    }
    html_ += "</div>\n";
  }

  void told(const Element& element) {
    const Node& shown = node(element.node);
    const Frame frame = this->frame(element, false);
    std::string value = element.text;
    if (shown.control == Control::kSelectOne || shown.control == Control::kSelectMany) {
      const auto chosen = listed(element.text);
      value.clear();
      for (const Offered& each : filling_.choices(element))
        if (holds(chosen, each.value)) value += (value.empty() ? "" : ", ") + each.label;
    }
    if (shown.type == AnswerType::kDate || shown.type == AnswerType::kDateTime) value = date_said(element.text);
    html_ += fmt::format("<div class=\"q\"><p>{}</p>{}", frame.label, frame.around);
    if (!value.empty()) html_ += fmt::format("<p><output>{}</output></p>", escape_markup(value));
    html_ += "</div>\n";
  }

  // "2024-02-29" as people write it; what is no date stays as it is.
  std::string date_said(const std::string& text) const {
    const Moment told = moment_of(text, true);
    if (!is_date(text.substr(0, text.find('T'))) || told.day.empty()) return text;
    const std::string date = shown_.words.say(
        {"fill.date",
         {{"day", told.day}, {"month", shown_.words.say("fill.month_" + told.month)}, {"year", told.year}}});
    return told.time.empty() ? date : date + ", " + told.time;
  }

  // Pictures, sounds and films that belong to words. What the form names and nobody brought is left out.
  std::string media(const std::string& image, const std::string& audio, const std::string& video,
                    const std::string& about) {
    if (!shown_.media) return {};
    std::string made;
    const auto put = [&](const std::string& name, const char* key, const char* pattern, bool plays) {
      const std::string address = name.empty() ? std::string() : shown_.media(name);
      if (address.empty()) return;
      made += fmt::format(fmt::runtime(pattern), escape_markup(address),
                          escape_markup(shown_.words.say({key, {{"what", about}}})));
      plays_ = plays_ || plays;
    };
    put(image, "fill.picture", "<img src=\"{}\" alt=\"{}\" loading=\"lazy\">", false);
    put(audio, "fill.sound", "<audio controls preload=\"none\" src=\"{}\" aria-label=\"{}\"></audio>", true);
    put(video, "fill.film", "<video controls preload=\"none\" src=\"{}\" aria-label=\"{}\"></video>", true);
    return made;
  }
  std::string media_of(const collect::Words& words, const std::string& about) {
    const collect::Words::In* in = filling_.in_language(words);
    return in ? media(in->image, in->audio, in->video, about) : std::string();
  }

  // Boxes of the kind "number" and "date" drop what they cannot read without a word; these keep it, and the answer says
  // what is wrong with it.
  void write_in(const Element& element, const Frame& frame) {
    const Node& asked = node(element.node);
    const bool number = asked.type == AnswerType::kInteger || asked.type == AnswerType::kDecimal;
    if (asked.type == AnswerType::kText && asked.control == Control::kInput &&
        (asked.appearance.find("multiline") != std::string::npos || element.text.find('\n') != std::string::npos)) {
      html_ += fmt::format("<textarea id=\"{}\" name=\"{}\" rows=\"4\"{}>\n{}</textarea>", frame.id, frame.name,
                           frame.attributes, escape_markup(element.text));
      return;
    }
    if (asked.type == AnswerType::kGeopoint) html_ += fmt::format("<p class=\"hint\">{}</p>", say("fill.point_hint"));
    html_ += fmt::format(
        "<input id=\"{}\" name=\"{}\" value=\"{}\"{}{}{}>", frame.id, frame.name, escape_markup(element.text),
        number ? (asked.type == AnswerType::kInteger ? " inputmode=\"numeric\"" : " inputmode=\"decimal\"") : "",
        asked.control == Control::kSecret ? " type=\"password\" autocomplete=\"off\"" : "", frame.attributes);
  }

  // A slider always stands somewhere, and what nobody chose would be taken for an answer.
  void range(const Element& element, const Frame& frame) {
    const Node& asked = node(element.node);
    const double from = std::atof(asked.range_start.c_str()), to = std::atof(asked.range_end.c_str());
    const double step = asked.range_step.empty() ? 1 : std::abs(std::atof(asked.range_step.c_str()));
    const bool whole = asked.type == AnswerType::kInteger;
    if (!(step > 0) || std::abs(to - from) / step + 1 > kMostSteps) {
      html_ += fmt::format(
          "<p class=\"hint\">{}</p><input id=\"{}\" name=\"{}\" value=\"{}\" inputmode=\"decimal\"{}>",
          escape_markup(shown_.words.say({"fill.range_hint", {{"from", asked.range_start}, {"to", asked.range_end}}})),
          frame.id, frame.name, escape_markup(element.text), frame.attributes);
      return;
    }
    html_ += fmt::format("<select id=\"{}\" name=\"{}\"{}>{}", frame.id, frame.name, frame.attributes,
                         option_html("", "", element.text.empty()));
    const int steps = static_cast<int>(std::abs(to - from) / step + 1e-9);
    for (int i = 0; i <= steps; ++i) {
      const double value = from + (to >= from ? step : -step) * i;
      const std::string text = whole ? fmt::format("{:.0f}", value) : fmt::format("{:.10g}", value);
      html_ += option_html(text, text, element.text == text);
    }
    html_ += "</select>";
  }

  void upload(const Element& element, const Frame& frame) {
    const std::string address = filling_.address_of(element);
    const bool lost = holds(shown_.files_lost, address);
    if (!element.text.empty()) {
      html_ += fmt::format(
          "<p>{}</p>",
          escape_markup(shown_.words.say({lost ? "fill.file_again" : "fill.file_kept", {{"name", element.text}}})));
      if (!lost)
        html_ += fmt::format("<label><input type=\"checkbox\" name=\"{}#drop\" value=\"1\"> {}</label>", frame.name,
                             say("fill.file_drop"));
    }
    const std::string& media = node(element.node).media_type;
    html_ += fmt::format("<input type=\"file\" id=\"{}\" name=\"{}\"{}{}>", frame.id, frame.name,
                         media.empty() ? "" : " accept=\"" + escape_markup(media) + "\"", frame.attributes);
  }

  // Of a list that depends on another answer; the summary's link leads here.
  void nothing_to_choose(const Frame& frame) {
    html_ += fmt::format("<p class=\"hint\" id=\"{}\">{}</p>", frame.id, say("fill.no_choices"));
  }

  void begin_set(const Frame& frame) {
    html_ += fmt::format("<fieldset class=\"q\"><legend>{}</legend>{}", frame.label, frame.around);
  }

  void choose(const Element& element) {
    const Node& asked = node(element.node);
    const bool many = asked.control == Control::kSelectMany;
    const std::vector<Offered> offered = filling_.choices(element);
    const std::vector<std::string> chosen = many ? listed(element.text) : std::vector<std::string>{element.text};
    const Frame frame = this->frame(element, true);
    // A box that opens shows words alone.
    std::vector<std::string> shown;
    for (const Offered& each : offered) shown.push_back(media(each.image, each.audio, each.video, each.label));
    const bool pictures = std::any_of(shown.begin(), shown.end(), [](const auto& each) { return !each.empty(); });
    const bool opens =
        !pictures && (asked.appearance.find("minimal") != std::string::npos ||
                      asked.appearance.find("autocomplete") != std::string::npos || offered.size() > kLongList);
    if (!many && opens) {
      html_ += fmt::format("<div class=\"q\"><label for=\"{0}\">{1}</label>{2}<select id=\"{0}\" name=\"{3}\"{4}>{5}",
                           frame.id, frame.label, frame.around, frame.name, frame.attributes,
                           option_html("", shown_.words.say("fill.no_answer"), element.text.empty()));
      for (const Offered& each : offered) html_ += option_html(each.value, each.label, holds(chosen, each.value));
      html_ += "</select></div>\n";
      return;
    }
    begin_set(frame);
    // Without it nothing at all would come of a question of which nothing is ticked any more.
    if (many) html_ += fmt::format("<input type=\"hidden\" name=\"{}\" value=\"\">", frame.name);
    std::string id = fmt::format(" id=\"{}\"", frame.id), attributes = frame.attributes;
    const auto line = [&](std::string_view value, std::string_view label, bool on) {
      html_ += fmt::format("<label><input type=\"{}\"{} name=\"{}\" value=\"{}\"{}{}> {}</label>",
                           many ? "checkbox" : "radio", std::exchange(id, ""), frame.name, escape_markup(value),
                           on ? " checked" : "", std::exchange(attributes, ""), escape_markup(label));
    };
    // "aria-required" belongs to no single box.
    if (const std::size_t at = attributes.find(" aria-required=\"true\""); at != std::string::npos)
      attributes.erase(at, std::string_view(" aria-required=\"true\"").size());
    if (offered.empty()) nothing_to_choose(frame);
    for (std::size_t i = 0; i < offered.size(); ++i) {
      line(offered[i].value, offered[i].label, holds(chosen, offered[i].value));
      html_ += shown[i];
    }
    if (!many && !offered.empty() && !filling_.required(element))
      line("", shown_.words.say("fill.no_answer"), element.text.empty());
    html_ += "</fieldset>\n";
  }

  void rank(const Element& element) {
    const std::vector<Offered> offered = filling_.choices(element);
    const std::vector<std::string> chosen = listed(element.text);
    const Frame frame = this->frame(element, true);
    begin_set(frame);
    if (offered.empty()) nothing_to_choose(frame);
    for (std::size_t i = 0; i < offered.size(); ++i) {
      html_ += fmt::format("<label>{}. <select{} name=\"{}\"{}>{}", i + 1, i == 0 ? " id=\"" + frame.id + "\"" : "",
                           frame.name, i == 0 ? frame.attributes : "", option_html("", "", i >= chosen.size()));
      for (const Offered& each : offered)
        html_ += option_html(each.value, each.label, i < chosen.size() && chosen[i] == each.value);
      html_ += "</select></label>";
    }
    html_ += "</fieldset>\n";
  }

  void moment(const Element& element) {
    const Node& asked = node(element.node);
    const bool dated = asked.type != AnswerType::kTime, timed = asked.type != AnswerType::kDate;
    const Moment now = moment_of(element.text, dated);
    const bool no_day = asked.appearance.find("year") != std::string::npos && !timed;
    const bool no_month = no_day && asked.appearance.find("month") == std::string::npos;
    Frame frame = this->frame(element, true);
    if (const std::size_t at = frame.attributes.find(" aria-required=\"true\""); at != std::string::npos)
      frame.attributes.erase(at, std::string_view(" aria-required=\"true\"").size());
    begin_set(frame);
    std::string first = fmt::format(" id=\"{}\"{}", frame.id, frame.attributes);
    const auto box = [&](const char* part, const std::string& value, int size) {
      html_ += fmt::format(
          "<label class=\"part\">{} <input{} name=\"{}#{}\" value=\"{}\" inputmode=\"numeric\" size=\"{}\" "
          "maxlength=\"{}\"></label>",
          say(std::string("fill.") + part), std::exchange(first, ""), frame.name, part, escape_markup(value), size,
          size * 3);
    };
    if (dated) {
      if (!no_day) box("day", now.day, 2);
      if (!no_month) {
        html_ += fmt::format("<label class=\"part\">{} <select{} name=\"{}#month\">{}", say("fill.month"),
                             std::exchange(first, ""), frame.name, option_html("", "", now.month.empty()));
        for (int month = 1; month <= 12; ++month)
          html_ += option_html(std::to_string(month), shown_.words.say("fill.month_" + std::to_string(month)),
                               now.month == std::to_string(month));
        html_ += "</select></label>";
      }
      box("year", now.year, 4);
    }
    if (timed)
      html_ += fmt::format("<label class=\"part\">{} <input{} type=\"time\" name=\"{}#time\" value=\"{}\"></label>",
                           say("fill.time"), std::exchange(first, ""), frame.name, escape_markup(now.time));
    if (const auto told = offset_in(element.text);
        timed && told && shown_.clock && *told != *shown_.clock && element.text.find(':') != std::string::npos)
      html_ += " <span class=\"note\">UTC" + offset_text(*told) + "</span>";
    html_ += "</fieldset>\n";
  }

  const FillShown& shown_;
  const Filling& filling_;
  const collect::Form& form_;
  std::vector<std::vector<int>> below_;
  std::vector<int> order_;
  std::map<std::string, std::vector<const Unmet*>> amiss_;
  std::set<std::string> shown_addresses_;
  std::vector<std::pair<std::string, std::string>> told_;  // id, text
  std::string html_;
  int number_ = 0;
  std::size_t fields_ = 0, left_out_ = 0;
  bool plays_ = false;
  bool focus_next_ = false;
};

}  // namespace

FillHtml fill_html(const FillShown& shown) { return Writer(shown).write(); }

}  // namespace understory::server
