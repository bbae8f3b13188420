#include "collect/export/odata_reader.h"

#include <algorithm>

#include "collect/export/values.h"
#include "foundation/text.h"

namespace understory::collect {

namespace {

constexpr std::size_t kLengthLimit = 8 * 1024;
constexpr int kDepthLimit = 100;

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }
bool is_word_letter(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || is_digit(letter) || letter == '_' ||
         letter == '-' || letter == '/' || letter == '$' || letter == '.' || static_cast<unsigned char>(letter) >= 0x80;
}

// Characters, not bytes, counted from 1.
std::string character(std::string_view text, std::size_t at) {
  return std::to_string(1 + std::count_if(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at),
                                          [](char byte) { return (byte & 0xC0) != 0x80; }));
}

}  // namespace

tl::unexpected<Problem> ODataReader::bad(std::size_t at, std::string reason) const {
  return fail(problems::kBadExpression, {{"expression", std::string(option_)},
                                         {"at", character(text_, std::min(at, text_.size()))},
                                         {"reason", std::move(reason)}});
}

tl::unexpected<Problem> ODataReader::unexpected() {
  return bad(at_, at_end() ? "the expression ends too early" : "this does not belong here");
}

Result<void> ODataReader::check_length() const {
  if (text_.size() > kLengthLimit) return bad(kLengthLimit, "an expression has at most 8,192 bytes");
  return {};
}

void ODataReader::skip_spaces() {
  while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
}

bool ODataReader::at_end() {
  skip_spaces();
  return at_ >= text_.size();
}

bool ODataReader::take(char letter) {
  skip_spaces();
  if (at_ >= text_.size() || text_[at_] != letter) return false;
  ++at_;
  return true;
}

std::string_view ODataReader::word_ahead() {
  skip_spaces();
  std::size_t end = at_;
  while (end < text_.size() && is_word_letter(text_[end])) ++end;
  return text_.substr(at_, end - at_);
}

bool ODataReader::take_word(std::string_view word) {
  if (lower_ascii(word_ahead()) != word) return false;
  at_ += word.size();
  return true;
}

int ODataReader::add(Term term) {
  into_.terms_.push_back(std::move(term));
  return static_cast<int>(into_.terms_.size()) - 1;
}

Result<int> ODataReader::truth(int index) {
  const Term& found = term(index);
  if (found.sort != Sort::kTruth && found.sort != Sort::kNull)
    return bad(found.at, "this is " + std::string(name_of(found.sort)) + ", and neither yes nor no");
  return index;
}

Result<int> ODataReader::read_or() {
  if (++depth_ > kDepthLimit) return bad(at_, "this is nested too deeply");
  int left = TRY(read_and());
  for (std::size_t at = (skip_spaces(), at_); take_word("or"); skip_spaces(), at = at_) {
    TRY(truth(left));
    const int right = TRY(truth(TRY(read_and())));
    left = add({Act::kOr, Sort::kTruth, at, {left, right}});
  }
  --depth_;
  return left;
}

Result<int> ODataReader::read_and() {
  int left = TRY(read_not());
  for (std::size_t at = (skip_spaces(), at_); take_word("and"); skip_spaces(), at = at_) {
    TRY(truth(left));
    const int right = TRY(truth(TRY(read_not())));
    left = add({Act::kAnd, Sort::kTruth, at, {left, right}});
  }
  return left;
}

Result<int> ODataReader::read_not() {
  skip_spaces();
  const std::size_t at = at_;
  if (!take_word("not")) return read_comparison();
  if (++depth_ > kDepthLimit) return bad(at, "this is nested too deeply");
  const int of = TRY(truth(TRY(read_not())));
  --depth_;
  return add({Act::kNot, Sort::kTruth, at, {of}});
}

// What meets must be of one sort. A number as it was written stands for text where text is asked for (Central's
// submitter ids are numbers).
Result<void> ODataReader::same_sort(int& left, int& right, std::size_t at, bool ordered) {
  for (int* side : {&left, &right}) {
    const Term& other = term(side == &left ? right : left);
    if (other.sort == Sort::kText && term(*side).sort == Sort::kNumber && !term(*side).written.empty() && !ordered) {
      Term as_text{Act::kLiteral, Sort::kText, term(*side).at, {}};
      as_text.literal = Value::of(std::string_view(term(*side).written));
      *side = add(std::move(as_text));
    }
  }
  const Sort a = term(left).sort, b = term(right).sort;
  if (a == Sort::kNull || b == Sort::kNull) return {};
  if (a == Sort::kPlace || b == Sort::kPlace) return bad(at, "places can only be compared with null");
  if (a != b) return bad(at, std::string(name_of(a)) + " cannot be compared with " + std::string(name_of(b)));
  return {};
}

Result<int> ODataReader::read_comparison() {
  int left = TRY(read_primary());
  static constexpr std::pair<std::string_view, Act> kWords[] = {{"eq", Act::kEqual},   {"ne", Act::kNotEqual},
                                                                {"lt", Act::kLess},    {"le", Act::kLessEqual},
                                                                {"gt", Act::kGreater}, {"ge", Act::kGreaterEqual}};
  skip_spaces();
  const std::size_t at = at_;
  for (const auto& [word, act] : kWords)
    if (take_word(word)) {
      int right = TRY(read_primary());
      TRY(same_sort(left, right, at, act != Act::kEqual && act != Act::kNotEqual));
      return add({act, Sort::kTruth, at, {left, right}});
    }
  if (take_word("in")) return read_in(left);
  return left;
}

Result<int> ODataReader::read_in(int left) {
  Term made{Act::kIn, Sort::kTruth, at_, {left}};
  if (!take('(')) return bad(at_, "a list in parentheses is expected after “in”");
  do {
    skip_spaces();
    const std::size_t at = at_;
    int item = TRY(read_primary());
    int found = left;
    TRY(same_sort(found, item, at, false));
    if (found != left) return bad(at, "a number cannot be compared with text");
    made.of.push_back(item);
  } while (take(','));
  if (!take(')')) return unexpected();
  return add(std::move(made));
}

Result<int> ODataReader::read_primary() {
  if (at_end()) return unexpected();
  const char letter = text_[at_];
  if (letter == '(') {
    ++at_;
    const int inner = TRY(read_or());
    if (!take(')')) return at_end() ? bad(at_, "a parenthesis is never closed") : unexpected();
    return inner;
  }
  if (letter == '\'') return read_text();
  if (is_digit(letter) || (letter == '-' && at_ + 1 < text_.size() && (is_digit(text_[at_ + 1])))) return read_number();
  if (is_word_letter(letter) && letter != '-' && letter != '/' && letter != '.') return read_word();
  return unexpected();
}

Result<int> ODataReader::read_text() {
  Term made{Act::kLiteral, Sort::kText, at_, {}};
  made.literal.sort = Sort::kText;
  for (++at_;; ++at_) {
    if (at_ >= text_.size()) return bad(made.at, "a text is opened here and never closed");
    if (text_[at_] == '\'') {
      if (at_ + 1 >= text_.size() || text_[at_ + 1] != '\'') break;
      ++at_;
    }
    made.literal.text += text_[at_];
  }
  ++at_;
  return add(std::move(made));
}

Result<int> ODataReader::read_number() {
  Term made{Act::kLiteral, Sort::kNumber, at_, {}};
  std::size_t end = at_ + 1;
  while (end < text_.size() &&
         (is_digit(text_[end]) || std::string_view("eETZ.:+-").find(text_[end]) != std::string_view::npos))
    ++end;
  std::string written(text_.substr(at_, end - at_));
  // A "+" that nobody encoded came as a space: 2026-11-24T08:16:34 07:00.
  if (written.find('T') != std::string::npos && written.back() != 'Z' && end + 6 <= text_.size() && text_[end] == ' ' &&
      is_digit(text_[end + 1]) && is_digit(text_[end + 2]) && text_[end + 3] == ':') {
    written += "+" + std::string(text_.substr(end + 1, 5));
    end += 6;
  }
  if (written.size() >= 10 && written[4] == '-') {
    made.literal = moment_of(written);
    if (made.literal.sort == Sort::kNull)
      return bad(at_, "this is no date and no time (2026-11-24, 2026-11-24T08:16:34Z)");
    made.sort = Sort::kMoment;
  } else {
    const std::string number = json_number(written);
    if (number.empty()) return bad(at_, "this is no number");
    made.literal = Value::of(std::strtod(number.c_str(), nullptr));
    made.written = written;
  }
  at_ = end;
  return add(std::move(made));
}

Result<int> ODataReader::read_word() {
  const std::string_view word = word_ahead();
  const std::size_t at = at_;
  at_ += word.size();
  if (at_ < text_.size() && text_[at_] == '(') return read_function(word, at);
  Term made{Act::kLiteral, Sort::kNull, at, {}};
  if (word == "null") return add(std::move(made));
  if (word == "true" || word == "false") {
    made.literal = Value::of(word == "true");
    made.sort = Sort::kTruth;
    return add(std::move(made));
  }
  const auto field = find_field(outline_, names_, table_, word);
  if (!field) return bad(at, "this table has no field of that name");
  made.act = Act::kField;
  made.field = *field;
  made.sort = field->sort;
  if (field->of == ODataField::Of::kCell || field->of == ODataField::Of::kRootCell ||
      (field->of == ODataField::Of::kSystem && field->system == SystemField::kStatus))
    into_.needs_record_ = true;
  return add(std::move(made));
}

Result<int> ODataReader::read_function(std::string_view name, std::size_t at) {
  struct Function {
    std::string_view name;
    Act act;
    Sort takes, gives;
    int count;
  };
  static constexpr Function kFunctions[] = {{"year", Act::kYear, Sort::kMoment, Sort::kNumber, 1},
                                            {"month", Act::kMonth, Sort::kMoment, Sort::kNumber, 1},
                                            {"day", Act::kDay, Sort::kMoment, Sort::kNumber, 1},
                                            {"hour", Act::kHour, Sort::kMoment, Sort::kNumber, 1},
                                            {"minute", Act::kMinute, Sort::kMoment, Sort::kNumber, 1},
                                            {"second", Act::kSecond, Sort::kMoment, Sort::kNumber, 1},
                                            {"now", Act::kLiteral, Sort::kNull, Sort::kMoment, 0},
                                            {"contains", Act::kContains, Sort::kText, Sort::kTruth, 2},
                                            {"startswith", Act::kStartsWith, Sort::kText, Sort::kTruth, 2},
                                            {"endswith", Act::kEndsWith, Sort::kText, Sort::kTruth, 2},
                                            {"tolower", Act::kToLower, Sort::kText, Sort::kText, 1},
                                            {"toupper", Act::kToUpper, Sort::kText, Sort::kText, 1},
                                            {"trim", Act::kTrim, Sort::kText, Sort::kText, 1},
                                            {"length", Act::kLength, Sort::kText, Sort::kNumber, 1}};
  const std::string lower = lower_ascii(name);
  const auto* found = std::find_if(std::begin(kFunctions), std::end(kFunctions),
                                   [&](const Function& function) { return function.name == lower; });
  if (found == std::end(kFunctions)) return bad(at, "there is no function of that name here");
  ++at_;
  if (++depth_ > kDepthLimit) return bad(at, "this is nested too deeply");
  Term made{found->act, found->gives, at, {}};
  for (int i = 0; i < found->count; ++i) {
    if (i > 0 && !take(',')) return unexpected();
    const int argument = TRY(read_primary());
    const Sort sort = term(argument).sort;
    if (sort != found->takes && sort != Sort::kNull)
      return bad(term(argument).at, lower + "() takes " + std::string(name_of(found->takes)) + ", and this is " +
                                        std::string(name_of(sort)));
    made.of.push_back(argument);
  }
  if (!take(')')) return unexpected();
  --depth_;
  if (lower == "now") made.literal = Value::of_time(now());
  return add(std::move(made));
}

}  // namespace understory::collect
