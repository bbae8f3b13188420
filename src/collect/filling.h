// A form while it is filled in: the instance with its answers, what follows from them, and what is still missing. Pure;
// the clock, chance and who is filling in come by the Setting.
//
// Places in the instance are named by addresses: "/data/participant[2]/age", counted from 1, a number at each repeat.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "collect/expression.h"
#include "collect/form.h"
#include "collect/tree.h"

namespace understory::collect {

// Who fills in, where and when.
struct Setting {
  Milliseconds now = 0;
  int offset_minutes = 0;  // of local time from UTC
  std::string language;    // as the form's itext calls it; one it does not have: its default
  std::string locale;      // where that name says no language ("km"): by which months and days are named
  std::string device_id, username, email, phone_number;
  std::function<double()> random;     // [0, 1); empty: chance
  std::function<std::string()> guid;  // empty: make_guid()
};

// The lists the form takes choices from, by the name of their file, or the id of their instance.
using Lists = std::map<std::string, Tree>;

// A form made ready for being filled in: expressions parsed, and in which order what depends on what. Made once.
class FormPlan;
std::shared_ptr<const FormPlan> plan_of(std::shared_ptr<const Form> form);

struct Unmet {
  enum class Kind { kRequired, kConstraint, kType, kChoice, kRange, kUnknown };
  Kind kind;
  std::string address;
  int node = -1;        // in Form::nodes; -1: the form knows no such element (kUnknown)
  std::string message;  // the form's own words, in the language of the setting; empty: it has none
};
std::string_view name_of(Unmet::Kind kind);  // "required", "constraint", "type", "choice", "range", "unknown"

struct Offered {
  std::string value, label, image, audio, video;
};

class Filling {
 public:
  // A new one: defaults, preloads and first actions done.
  static Filling start(std::shared_ptr<const FormPlan> plan, Lists lists, Setting setting);
  // One that was begun, or sent. kBadXml. As an edit it gets a new instanceID, and the old one as deprecatedID.
  enum class As { kDraft, kEdit, kReview };  // kReview: nothing is computed anew, as it was sent
  static Result<Filling> load(std::shared_ptr<const FormPlan> plan, Lists lists, Setting setting, std::string_view xml,
                              As as);
  ~Filling();
  Filling(Filling&&) noexcept;
  Filling& operator=(Filling&&) noexcept;

  const Form& form() const;
  // The instance. Element::node leads to the form's; children are in the form's order, copies of a repeat beside each
  // other. What is not relevant is still there, with relevant = false, and keeps its answers.
  const Element& root() const;
  const Element* find(std::string_view address) const;  // null: there is none
  std::string address_of(const Element& element) const;

  // kNotFound: nothing is there, or it is no field. What follows is computed.
  Result<void> set(std::string_view address, std::string value);
  // Several at once: computed once. Stops at the first that is not there.
  Result<void> set(const std::vector<std::pair<std::string, std::string>>& answers);
  // One more copy, at the end, of the repeat of that name in the group or repeat at `address`; its address.
  // kNotFound; kTooLarge: the instance has as many elements as are held (200,000).
  Result<std::string> add_repeat(std::string_view address, std::string_view name);
  Result<void> remove_repeat(std::string_view address);

  bool readonly(const Element& element) const;
  bool required(const Element& element) const;
  std::vector<Offered> choices(const Element& element) const;
  // The words in the setting's language (or the form's default) with what <output> asks for; of a place in the
  // instance.
  std::string text(const Words& words, const Element& element) const;
  const Words::In* in_language(const Words& words) const;

  // Of all that is relevant, in document order.
  std::vector<Unmet> problems() const;
  // What could not be computed, each once: English sentences for the maker of the form.
  const std::vector<std::string>& remarks() const;

  // The instance as it is sent: only what is relevant; same answers, same bytes. `ended`: the preload of the end is
  // set.
  std::string xml(bool ended = true);
  // The instance with all that is not relevant too: to be loaded again as a draft, with nothing lost.
  std::string draft() const;

 private:
  struct State;
  explicit Filling(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// What is amiss with a submission as the form sees it: types, choices, required, constraints, unknown elements. For
// showing to whoever reviews it, never for refusing it. kBadXml.
Result<std::vector<Unmet>> check(std::shared_ptr<const FormPlan> plan, const Lists& lists, const Setting& setting,
                                 std::string_view xml);

}  // namespace understory::collect
