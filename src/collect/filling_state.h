// The inside of a Filling. Used by filling*.cpp alone.
#pragma once
#include <algorithm>
#include <unordered_map>

#include "collect/filling.h"
#include "collect/filling_plan.h"

namespace understory::collect {

constexpr std::size_t kElementLimit = 200'000;
constexpr std::int64_t kBudget = 30'000'000;  // of one computation: a second or two at most

struct Filling::State {
  std::shared_ptr<const FormPlan> plan;
  Lists lists;
  Setting setting;
  std::string code;  // of the language asked in: ISO 639, or empty
  std::unique_ptr<Element> document;
  std::size_t elements = 0;
  std::vector<std::vector<Element*>> by_node;  // all elements of each of the form's nodes, in document order
  std::vector<char> changed;                   // nodes that changed since the last computation
  std::optional<bool> lists_here;              // whether every list the form names was given
  bool chosen_less = false;                    // a choice was taken away in this round
  bool everything = false;                     // compute all, whatever changed
  mutable std::vector<std::string> remarks;
  std::vector<std::pair<Element*, int>> pending;  // elements that changed, with the actions they trigger to be done
  mutable std::int64_t budget = kBudget;

  const Form& form() const { return *plan->form; }
  const Node& node(int index) const { return form().nodes[static_cast<std::size_t>(index)]; }
  const FormPlan::Compiled& compiled(int index) const { return plan->nodes[static_cast<std::size_t>(index)]; }

  void set(Setting wanted);
  Scope scope(Found context) const;
  // Nothing where it cannot be evaluated: then a remark is made.
  std::optional<Value> evaluate(const Expression& expression, Found context) const;
  void remark(std::string text) const;
  std::string label_of(const std::string& value, const std::string& path, const Element& from) const;
  const Words::In* in_language(const Words& words) const;
  std::string expand(const std::string& text, const Element& element) const;
  std::vector<Offered> choices(const Element& element) const;
  Tree list(const std::string& id) const;

  // The elements of a node that lie in the copies of repeats `from` lies in.
  std::vector<Element*> related(const Element& from, int node) const;
  void index();
  void change(Element& element, std::string value);
  void mark_below(int node);
  void compute();
  void compute_task(const FormPlan::Task& task);
  void fit_choices(Element& element);
  void fit_count(const Element& first, int node, Element& parent);
  void spread_relevance(Element& element);
  void act(const FormPlan::Action& action, Element& target);
  void act_on(std::string_view event, Element& below);
  Element* add_copy(Element& parent, int node);
  void remove_copy(Element& element);
  void preload();
  void name_instance(bool edit);
};

}  // namespace understory::collect
