#include "publish/document.h"

#include <kainjow/mustache.hpp>
#include <set>

#include "findings/ask.h"
#include "findings/words.h"
#include "foundation/file.h"
#include "foundation/text.h"
#include "places/places.h"
#include "publish/answer_html.h"
#include "publish/markup.h"
#include "publish/page.h"
#include "publish/print.h"
#include "publish/report_sections.h"
#include "study/source.h"

namespace understory::publish {

namespace mustache = kainjow::mustache;
using study::Evidence;

namespace {

constexpr int kQuotedCauses = 5, kQuotes = 3;
// Longer passages are for the desk, not for a report.
constexpr std::size_t kLongestQuote = 900;

class Report {
 public:
  Report(storage::Transaction& transaction, const Evidence& evidence, const ReportOptions& options)
      : transaction_(transaction), evidence_(evidence), options_(options), words_(Catalogue::of(options.language)) {}

  Result<std::string> write(const Progress& progress) {
    mustache::data data;
    data.set("language", std::string(words_.language()));
    data.set("title", evidence_.study.name);
    data.set("subtitle", words_.say("report.subtitle"));
    data.set("style", std::string(document_style()));
    if (evidence_.study.invented) data.set("invented", words_.say("page.invented"));
    if (!words_.checked()) data.set("unchecked", words_.say("page.unchecked"));
    data.set("about_heading", words_.say("report.about"));
    data.set("about", about());
    data.set("contents_heading", words_.say("report.contents"));
    data.set("method_heading", words_.say("report.method"));
    data.set("method", method());
    mustache::data sections{mustache::data::type::list};
    int number = 0;
    for (const ReportSection& each : TRY(report_sections(evidence_, options_, progress))) {
      FigureOptions figure;
      figure.id = options_.chosen.empty() ? each.ask : "finding" + std::to_string(++number);
      std::string body = each.note.empty() ? "" : element("p", each.note, "class=\"note\"") + "\n";
      body += answer_html(each.answer, words_, figure);
      if (each.answer.question.ask == findings::Ask::kCauses && options_.quotes) body += quotes(each.answer);
      mustache::data section;
      section.set("id", "section-" + figure.id);
      section.set("heading", each.heading);
      section.set("body", body);
      sections << section;
    }
    data.set("sections", sections);
    const std::string html = mustache::mustache(std::string(template_text("report.mustache"))).render(data);
    return with_break_opportunities(html);  // renderers without a Khmer dictionary break lines there
  }

 private:
  std::string about() {
    std::set<std::string> languages;
    std::int64_t texts = 0, read = 0, people = 0;
    for (const auto& source : evidence_.sources) {
      if (source.translation) continue;
      ++texts;
      read += source.is_read;
      if (!source.language.empty()) languages.insert(source.language);
    }
    for (const auto& respondent : evidence_.respondents) people += respondent.group ? respondent.size : 1;
    std::string list, organisations, spoken;
    for (const study::Location& location : evidence_.locations) list += (list.empty() ? "" : "; ") + place_of(location);
    for (const std::string& name : study::study_organisations(transaction_, evidence_.study.id))
      organisations += (organisations.empty() ? "" : ", ") + name;
    for (const std::string& language : languages)
      spoken += (spoken.empty() ? "" : ", ") + words_.say("language." + language);
    std::string out =
        element("p", words_.say({"report.about_numbers",
                                 {{"sources", texts},
                                  {"read", read},
                                  {"people", people},
                                  {"locations", static_cast<std::int64_t>(evidence_.locations.size())}}}));
    const auto line = [&](std::string_view key, const std::string& value) {
      if (!value.empty())
        out += "<p><strong>" + escape_markup(words_.say(key)) + "</strong> " + escape_markup(value) + "</p>\n";
    };
    line("report.locations", list);
    line("report.languages", spoken);
    line("report.organisations", organisations);
    line("report.instruments", evidence_.study.instruments);
    line("report.ethics", evidence_.study.ethics_note);
    return out;
  }

  // The province and country, never the village: nobody is to be found by a report.
  std::string place_of(const study::Location& location) {
    if (location.place_code.empty()) return location.name;
    std::string where;
    for (const places::Place& place : places::ancestors(transaction_, location.place_code))
      if (place.level == "province" || place.level == "country")
        where += (where.empty() ? "" : ", ") + places::name_of(transaction_, place.code, options_.language);
    return where.empty() || where.find(location.name) == 0 ? (where.empty() ? location.name : where)
                                                           : location.name + " (" + where + ")";
  }

  // A few passages behind the main causes, from different places. Gender and age band alone: a role and a place
  // together can be one person.
  std::string quotes(const findings::Answer& answer) {
    std::string out;
    for (std::size_t i = 0; i < answer.items.size() && i < kQuotedCauses; ++i) {
      std::vector<int> chosen;
      std::set<int> locations, respondents;
      for (int pass = 0; pass < 2 && static_cast<int>(chosen.size()) < kQuotes; ++pass)
        for (int coding : answer.overall[i].codings) {
          const auto& each = evidence_.codings[coding];
          if (static_cast<int>(chosen.size()) >= kQuotes || each.respondent_count == 0 ||
              each.end - each.start > static_cast<int>(kLongestQuote))
            continue;
          const int who = evidence_.coding_respondents[each.first_respondent],
                    where = evidence_.sources[each.source].location;
          if (respondents.contains(who) || (pass == 0 && locations.contains(where))) continue;
          respondents.insert(who);
          locations.insert(where);
          chosen.push_back(coding);
        }
      if (chosen.empty()) continue;
      out += element("h3", words_.say({"report.in_their_words",
                                       {{"item", findings::label_of(answer.items[i].label, words_)}}})) +
             "\n";
      for (const study::Passage& passage : study::open_passages(transaction_, evidence_, chosen, false))
        out += quote(passage);
    }
    return out;
  }

  std::string quote(const study::Passage& passage) {
    std::string language;
    for (const auto& source : evidence_.sources)
      if (source.id == passage.source) language = source.language;
    std::string who;
    if (!passage.gender.empty()) who += words_.say("gender." + passage.gender);
    if (!passage.age_band.empty()) who += (who.empty() ? "" : ", ") + words_.say("age_band." + passage.age_band);
    if (!passage.location.empty()) who += (who.empty() ? "" : ", ") + passage.location;
    std::string out = "<blockquote>" +
                      element("p", passage.quote, language.empty() ? "" : "lang=\"" + escape_markup(language) + "\"");
    if (!passage.translation.empty()) out += element("p", passage.translation, "class=\"translation\" lang=\"en\"");
    return out + element("footer", who) + "</blockquote>\n";
  }

  std::string method() {
    std::string out;
    for (const char* key :
         {"report.method_counting", "report.method_intervals", "report.method_differences", "report.method_masks"})
      out += element("p", words_.say(key)) + "\n";
    if (!options_.chosen.empty()) return out;  // each says its own seed and draws
    return out +
           element("p",
                   words_.say({"report.method_again",
                               {{"seed", std::to_string(options_.seed)},
                                {"draws", std::to_string(options_.draws)},
                                {"hash", evidence_.data_hash()}}}),
                   "class=\"how\"") +
           "\n";
  }

  storage::Transaction& transaction_;
  const Evidence& evidence_;
  const ReportOptions& options_;
  const Catalogue& words_;
};

}  // namespace

Result<std::vector<ReportSection>> report_sections(const Evidence& evidence, const ReportOptions& options,
                                                   const Progress& progress) {
  const Catalogue& words = Catalogue::of(options.language);
  std::vector<ChosenFinding> wanted = options.chosen;
  if (wanted.empty())
    for (std::string_view ask : findings::kAsks) {
      findings::Question question = TRY(findings::parse_question(ask));
      question.seed = options.seed;
      question.draws = options.draws;
      wanted.push_back({words.say("findings.title." + std::string(ask)), std::move(question), ""});
    }
  std::vector<ReportSection> sections;
  for (ChosenFinding& each : wanted) {
    findings::Answer answer = TRY(findings::ask(evidence, each.question, options.language));
    sections.push_back({std::string(findings::kAsks[static_cast<int>(each.question.ask)]), std::move(each.name),
                        std::move(each.note), std::move(answer)});
    if (!understory::report(progress, "progress.report", static_cast<std::int64_t>(sections.size()),
                            static_cast<std::int64_t>(wanted.size())))
      return fail(problems::kStopped);
  }
  return sections;
}

Result<std::string> report_html(storage::Transaction& transaction, Id study, const ReportOptions& options,
                                const Progress& progress) {
  const Evidence evidence = study::limited(study::load_evidence(transaction, study), options.limits);
  return Report(transaction, evidence, options).write(progress);
}

Result<std::string> pdf_from_html(const std::string& html) {
  ProgramCall call;
  call.program = "weasyprint";
  call.arguments = {"--encoding", "utf-8", "-", "-"};
  call.input = with_words_over_pictures(html);
  call.what = "PDF reports";
  call.package = "weasyprint";
  call.seconds = 300;
  ProgramResult result = TRY(run_program(call));
  if (result.status != 0 || result.output.rfind("%PDF", 0) != 0)
    return fail(problems::kProgramFailed,
                {{"program", "weasyprint"},
                 {"reason", result.errors.empty() ? fmt::format("it ended with status {}", result.status)
                                                  : std::string(shortened(result.errors, 300))}});
  return result.output;
}

}  // namespace understory::publish
