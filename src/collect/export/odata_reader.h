// Reads OData expressions: the words of odata_filter.h into terms. For odata_filter.cpp alone.
#pragma once
#include "collect/export/odata_filter.h"

namespace understory::collect {

class ODataReader {
 public:
  ODataReader(std::string_view text, std::string_view option, const Outline& outline, const ODataNames& names,
              int table, ODataFilter& into)
      : text_(text), option_(option), outline_(outline), names_(names), table_(table), into_(into) {}

  Result<void> check_length() const;
  Result<int> read_or();
  Result<int> read_primary();
  bool at_end();
  bool take_word(std::string_view word);  // a whole word, in any case
  bool take(char letter);
  tl::unexpected<Problem> bad(std::size_t at, std::string reason) const;
  tl::unexpected<Problem> unexpected();
  std::size_t at() const { return at_; }

 private:
  using Act = ODataFilter::Act;
  using Term = ODataFilter::Term;

  Result<int> read_and();
  Result<int> read_not();
  Result<int> read_comparison();
  Result<int> read_in(int left);
  Result<int> read_text();
  Result<int> read_number();
  Result<int> read_word();
  Result<int> read_function(std::string_view name, std::size_t at);
  Result<int> truth(int term);  // that it is yes or no
  Result<void> same_sort(int& left, int& right, std::size_t at, bool ordered);
  Term& term(int index) { return into_.terms_[static_cast<std::size_t>(index)]; }
  int add(Term term);
  void skip_spaces();
  std::string_view word_ahead();

  std::string_view text_, option_;
  const Outline& outline_;
  const ODataNames& names_;
  const int table_;
  ODataFilter& into_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace understory::collect
