#include "findings/question.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "foundation/text.h"
#include "study/vocabulary.h"

namespace understory::findings {

namespace json = boost::json;

namespace {

constexpr int kMostDraws = 100000;
constexpr std::string_view kKeywords[] = {"by",     "among", "kind",    "level", "counted",
                                          "within", "unit",  "machine", "seed",  "draws"};

template <typename List>
bool contains(const List& list, std::string_view word) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

template <typename List>
std::string listed(const List& list) {
  std::vector<std::string> words;
  for (std::string_view word : list) words.emplace_back(word);
  return join(words, ", ");
}

Problem not_understood(std::string_view at, std::string_view reason, std::string_view hint) {
  return Problem(problems::kBadQuestion,
                 {{"at", std::string(at)}, {"reason", std::string(reason)}, {"hint", std::string(hint)}});
}

std::string_view default_by(Ask ask) {
  switch (ask) {
    case Ask::kRisks: return "age_band";
    case Ask::kCooccurrence:
    case Ask::kLinks:
    case Ask::kAgreement: return "none";
    default: return "location";
  }
}

struct Token {
  enum Kind { kWord, kQuoted, kComma, kEquals, kEnd } kind;
  std::string text;
};

Result<std::vector<Token>> tokens_of(std::string_view text) {
  std::vector<Token> tokens;
  std::size_t at = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      ++at;
    } else if (c == ',' || c == '=') {
      tokens.push_back({c == ',' ? Token::kComma : Token::kEquals, std::string(1, c)});
      ++at;
    } else if (c == '"') {
      std::string value;
      for (++at;; ++at) {
        if (at >= text.size())
          return tl::unexpected(not_understood("\"" + value, "the quotation mark is never closed", "Close it."));
        if (text[at] == '"') {
          if (at + 1 >= text.size() || text[at + 1] != '"') break;
          ++at;  // "" stands for one
        }
        value += text[at];
      }
      ++at;
      tokens.push_back({Token::kQuoted, std::move(value)});
    } else {
      const std::size_t start = at;
      while (at < text.size() && std::string_view(" \t\n\r,=\"").find(text[at]) == std::string_view::npos) ++at;
      tokens.push_back({Token::kWord, std::string(text.substr(start, at - start))});
    }
  }
  tokens.push_back({Token::kEnd, "the end"});
  return tokens;
}

template <typename Number>
Result<Number> number_in(std::string_view text, Number least, Number most, std::string_view what) {
  Number value{};
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || value < least || value > most)
    return tl::unexpected(not_understood(text, fmt::format("{} is a whole number", what),
                                         fmt::format("It lies between {} and {}.", least, most)));
  return value;
}

// One place says what each setting may be, for both forms.
Result<void> check(const Question& question) {
  const auto one_of = [](std::string_view value, const auto& list, std::string_view what) -> Result<void> {
    if (!contains(list, value))
      return tl::unexpected(
          not_understood(value, fmt::format("that is no {}", what), fmt::format("Understood are: {}.", listed(list))));
    return {};
  };
  if (question.by != "none") TRY(one_of(question.by, kFacets, "way to split respondents (or “none”)"));
  for (const auto& [facet, values] : question.among) {
    TRY(one_of(facet, kFacets, "facet of respondents"));
    if (values.empty())
      return tl::unexpected(not_understood(facet, "no value is given", "Write for example: among gender=female."));
    if (facet == "gender")
      for (const std::string& value : values) TRY(one_of(value, study::kGenders, "gender"));
    if (facet == "age_band")
      for (const std::string& value : values) TRY(one_of(value, study::kAgeBands, "age band"));
  }
  if (!question.kind.empty()) TRY(one_of(question.kind, study::kCodeKinds, "kind of codes"));
  constexpr std::string_view kLevels[] = {"top", "all"}, kCounted[] = {"any", "every"},
                             kWithin[] = {"respondent", "paragraph", "overlap"};
  TRY(one_of(question.level, kLevels, "level of codes"));
  TRY(one_of(question.counted, kCounted, "rule of counting"));
  TRY(one_of(question.within, kWithin, "stretch within which codes meet"));
  TRY(one_of(question.unit, kUnits, "unit of agreement"));
  if (question.draws < 0 || question.draws > kMostDraws)
    return tl::unexpected(not_understood(std::to_string(question.draws), "draws is a whole number",
                                         fmt::format("It lies between 0 and {}.", kMostDraws)));
  return {};
}

// Values in one order and once, so that the same question has one text.
void tidy(Question& question) {
  for (auto& [facet, values] : question.among) {
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
  }
}

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Result<Question> run() {
    Question question;
    const auto ask = std::find(std::begin(kAsks), std::end(kAsks), here().text);
    if (here().kind != Token::kWord || ask == std::end(kAsks))
      return tl::unexpected(not_understood(here().text, "a question begins with what is asked",
                                           fmt::format("Begin with one of: {}.", listed(kAsks))));
    question.ask = static_cast<Ask>(ask - std::begin(kAsks));
    question.by = std::string(default_by(question.ask));
    ++at_;
    while (here().kind != Token::kEnd) TRY(setting(question));
    TRY(check(question));
    tidy(question);
    return question;
  }

 private:
  const Token& here() const { return tokens_[at_]; }

  Result<std::string> value(std::string_view keyword) {
    if (here().kind != Token::kWord && here().kind != Token::kQuoted)
      return tl::unexpected(not_understood(here().text, fmt::format("“{}” needs a value", keyword), ""));
    return tokens_[at_++].text;
  }

  Result<void> setting(Question& question) {
    const std::string keyword = here().text;
    if (here().kind != Token::kWord || !contains(kKeywords, keyword))
      return tl::unexpected(not_understood(keyword, "this word means nothing here",
                                           fmt::format("Understood are: {}.", listed(kKeywords))));
    if (contains(said_, keyword)) return tl::unexpected(not_understood(keyword, "it is said twice", "Say it once."));
    said_.push_back(keyword);
    ++at_;
    if (keyword == "among") return among(question);
    if (keyword == "machine") {
      question.machine = true;
      return {};
    }
    const std::string text = TRY(value(keyword));
    if (keyword == "by") question.by = text;
    if (keyword == "kind") question.kind = text;
    if (keyword == "level") question.level = text;
    if (keyword == "counted") question.counted = text;
    if (keyword == "within") question.within = text;
    if (keyword == "unit") question.unit = text;
    if (keyword == "seed")
      question.seed = TRY(number_in<std::uint64_t>(text, 0, std::numeric_limits<std::int64_t>::max(), "seed"));
    if (keyword == "draws") question.draws = TRY(number_in<int>(text, 0, kMostDraws, "draws"));
    return {};
  }

  Result<void> among(Question& question) {
    for (;;) {
      const std::string facet = TRY(value("among"));
      if (here().kind != Token::kEquals)
        return tl::unexpected(not_understood(facet, "“among” lists facet=value",
                                             "Write for example: among gender=female, age_band=18-24."));
      ++at_;
      std::string words;
      if (here().kind == Token::kQuoted) {
        words = tokens_[at_++].text;
      } else {
        while (here().kind == Token::kWord && !contains(kKeywords, here().text))
          words += (words.empty() ? "" : " ") + tokens_[at_++].text;
        if (words.empty())
          return tl::unexpected(not_understood(facet, "no value is given", "Write for example: among gender=female."));
      }
      question.among[facet].push_back(words);
      if (here().kind != Token::kComma) return {};
      ++at_;
    }
  }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::vector<std::string> said_;
};

// A value as the text form writes it: bare where that is read back the same, else in quotation marks.
std::string written(const std::string& value) {
  bool bare = !value.empty() && trim(value) == value && value.find("  ") == std::string::npos &&
              value.find_first_of(",=\"\t\r\n") == std::string::npos;
  for (std::string_view word : split(value, ' ')) bare = bare && !contains(kKeywords, word);
  if (bare) return value;
  std::string quoted = "\"";
  for (char c : value) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

Result<std::string> string_of(std::string_view key, const json::value& value) {
  if (!value.is_string()) return tl::unexpected(not_understood(key, "its value must be a text", ""));
  return std::string(value.as_string());
}

Result<std::uint64_t> whole_number(std::string_view key, const json::value& value) {
  if (value.is_int64() && value.as_int64() >= 0) return static_cast<std::uint64_t>(value.as_int64());
  return tl::unexpected(not_understood(key, "its value must be a whole number, not negative", ""));
}

}  // namespace

std::string Question::text() const {
  const Question plain;
  std::string out(kAsks[static_cast<int>(ask)]);
  if (by != default_by(ask)) out += " by " + by;
  std::string people;
  for (const auto& [facet, values] : among)
    for (const std::string& value : values)
      people += (people.empty() ? " among " : ", ") + facet + "=" + written(value);
  out += people;
  if (!kind.empty()) out += " kind " + kind;
  if (level != plain.level) out += " level " + level;
  if (counted != plain.counted) out += " counted " + counted;
  if (within != plain.within) out += " within " + within;
  if (unit != plain.unit) out += " unit " + unit;
  if (machine) out += " machine";
  if (seed != plain.seed) out += fmt::format(" seed {}", seed);
  if (draws != plain.draws) out += fmt::format(" draws {}", draws);
  return out;
}

std::string Question::json() const {
  const Question plain;
  std::map<std::string, json::value> members;
  members["ask"] = json::string(kAsks[static_cast<int>(ask)]);
  if (by != default_by(ask)) members["by"] = json::string(by);
  if (!among.empty()) {
    json::object people;
    for (const auto& [facet, values] : among) people[facet] = json::array(values.begin(), values.end());
    members["among"] = people;
  }
  if (!kind.empty()) members["kind"] = json::string(kind);
  if (level != plain.level) members["level"] = json::string(level);
  if (counted != plain.counted) members["counted"] = json::string(counted);
  if (within != plain.within) members["within"] = json::string(within);
  if (unit != plain.unit) members["unit"] = json::string(unit);
  if (machine) members["machine"] = true;
  if (seed != plain.seed) members["seed"] = static_cast<std::int64_t>(seed);
  if (draws != plain.draws) members["draws"] = draws;
  json::object sorted;
  for (const auto& [key, value] : members) sorted[key] = value;
  return json::serialize(sorted);
}

Result<Question> parse_question(std::string_view text) {
  if (text.size() > 10000) return tl::unexpected(not_understood(shortened(text, 20), "the question is too long", ""));
  if (first_invalid_utf8(text)) return tl::unexpected(not_understood("…", "the question is not valid UTF-8", ""));
  return Parser(TRY(tokens_of(text))).run();
}

Result<Question> parse_question_json(std::string_view text) {
  boost::system::error_code error;
  json::parse_options limits;
  limits.max_depth = 8;
  const json::value document = json::parse(text, error, {}, limits);
  if (error || !document.is_object())
    return tl::unexpected(
        not_understood("{", "the question is not a JSON object", R"(Write for example: {"ask":"causes"}.)"));
  const json::object& members = document.as_object();
  if (!members.contains("ask"))
    return tl::unexpected(not_understood("{", "“ask” is missing", fmt::format("It is one of: {}.", listed(kAsks))));
  Question question;
  const std::string asked = TRY(string_of("ask", members.at("ask")));
  const auto ask = std::find(std::begin(kAsks), std::end(kAsks), asked);
  if (ask == std::end(kAsks))
    return tl::unexpected(
        not_understood(asked, "nothing of that name can be asked", fmt::format("Understood are: {}.", listed(kAsks))));
  question.ask = static_cast<Ask>(ask - std::begin(kAsks));
  question.by = std::string(default_by(question.ask));
  for (const auto& member : members) {
    const std::string_view key = member.key();
    const json::value& value = member.value();
    if (key == "ask")
      continue;
    else if (key == "by")
      question.by = TRY(string_of(key, value));
    else if (key == "kind")
      question.kind = TRY(string_of(key, value));
    else if (key == "level")
      question.level = TRY(string_of(key, value));
    else if (key == "counted")
      question.counted = TRY(string_of(key, value));
    else if (key == "within")
      question.within = TRY(string_of(key, value));
    else if (key == "unit")
      question.unit = TRY(string_of(key, value));
    else if (key == "seed")
      question.seed = TRY(whole_number(key, value));
    else if (key == "draws")
      question.draws = static_cast<int>(std::min<std::uint64_t>(TRY(whole_number(key, value)), kMostDraws + 1));
    else if (key == "machine") {
      if (!value.is_bool()) return tl::unexpected(not_understood(key, "its value must be true or false", ""));
      question.machine = value.as_bool();
    } else if (key == "among") {
      if (!value.is_object())
        return tl::unexpected(
            not_understood(key, "its value must be an object", R"(For example {"gender":["female"]}.)"));
      for (const auto& facet : value.as_object()) {
        if (!facet.value().is_array())
          return tl::unexpected(not_understood(facet.key(), "its value must be a list", R"(For example ["female"].)"));
        for (const json::value& each : facet.value().as_array())
          question.among[std::string(facet.key())].push_back(TRY(string_of(facet.key(), each)));
        if (facet.value().as_array().empty()) question.among[std::string(facet.key())];
      }
    } else {
      return tl::unexpected(
          not_understood(key, "this means nothing here", fmt::format("Understood are: ask, {}.", listed(kKeywords))));
    }
  }
  TRY(check(question));
  tidy(question);
  return question;
}

}  // namespace understory::findings
