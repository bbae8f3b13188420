#include "publish/page.h"

#include <kainjow/mustache.hpp>

#include "foundation/text.h"
#include "publish/answer_html.h"
#include "publish/markup.h"

namespace understory::publish {

namespace mustache = kainjow::mustache;

namespace {

std::string listed(const std::vector<Message>& messages, std::string_view style, const Catalogue& words) {
  if (messages.empty()) return "";
  std::string out = fmt::format("<ul class=\"{}\">\n", style);
  for (const Message& message : messages) out += element("li", words.say(message)) + "\n";
  return out + "</ul>\n";
}

}  // namespace

std::string answer_html(const findings::Answer& answer, const Catalogue& words, const FigureOptions& options) {
  std::string out = listed(answer.sentences, "sentences", words) + listed(answer.warnings, "warnings", words) +
                    figures(answer, words, options);
  return out +
         element("p",
                 words.say({"findings.how",
                            {{"question", answer.question.text()},
                             {"seed", std::to_string(answer.question.seed)},
                             {"hash", answer.data_hash}}}),
                 "class=\"how\"") +
         "\n";
}

std::string answer_page(const findings::Answer& answer, const Catalogue& words) {
  mustache::data data;
  data.set("language", std::string(words.language()));
  data.set("title", words.say("findings.title." + std::string(findings::kAsks[static_cast<int>(answer.question.ask)])));
  data.set("study", answer.study_name);
  data.set("style", std::string(document_style()));
  if (answer.invented) data.set("invented", words.say("page.invented"));
  data.set("answer", answer_html(answer, words, {}));
  return mustache::mustache(std::string(template_text("answer.mustache"))).render(data);
}

std::string_view document_style() { return template_text("document.css"); }

}  // namespace understory::publish
