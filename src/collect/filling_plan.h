// What is made of a form once, before it is filled in. Used by filling*.cpp alone.
#pragma once
#include <optional>
#include <unordered_map>

#include "collect/expression.h"
#include "collect/filling.h"

namespace understory::collect {

class FormPlan {
 public:
  struct Compiled {
    std::optional<Expression> relevant, constraint, required, readonly, calculate, repeat_count;
    std::optional<Expression> choices, choice_value, choice_label;
    std::vector<int> children;
    std::unordered_map<std::string_view, int> child_by_name;
    std::vector<int> attributes;  // in Form::attributes
    std::vector<int> set_values;  // that a change of this node triggers
    std::vector<int> actions;     // that are done to this node
    int repeat = -1;              // the innermost repeat it lies in or is; -1: none
  };
  // Something that is computed: what it reads decides when.
  struct Task {
    enum class Kind { kCount, kRelevant, kCalculate, kAttribute, kChoices };
    Kind kind;
    int node;
    int attribute = -1;      // in Form::attributes
    std::vector<int> reads;  // nodes
  };
  struct Action {
    std::vector<std::string> events;
    int node = -1;
    int attribute = -1;
    std::optional<Expression> value;
  };

  std::shared_ptr<const Form> form;
  std::vector<Compiled> nodes;                                                   // as Form::nodes
  std::vector<std::optional<Expression>> attribute_values, attribute_relevants;  // as Form::attributes
  std::vector<Action> actions;                                                   // as Form::set_values
  std::vector<Task> tasks;                                                       // in the order they are done
  // Some number of copies follows from what is in the copies ("one more until the last says no"): counts come first,
  // and once more at the end.
  bool late_counts = false;
  std::unordered_map<std::string, int> by_path;
  std::unique_ptr<Element> instance;                // the document, as a new one begins: no templates in it
  std::vector<std::unique_ptr<Element>> templates;  // by node, of repeats: a new copy
  std::map<std::string, std::string> list_files;    // by the id of their instance
  std::map<std::string, Tree> inline_lists;         // by the id of their instance
  std::vector<std::string> remarks;

  int node_of(const std::string& path) const {
    const auto found = by_path.find(path);
    return found == by_path.end() ? -1 : found->second;
  }
  int child_of(int node, std::string_view name) const;
  bool below(int node, int above) const;  // the same, or lies in it
};

}  // namespace understory::collect
