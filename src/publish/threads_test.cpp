// Threads and links as figures: every link of the answer stands in them, nothing covers anything, same bytes each time.
#include <gtest/gtest.h>

#include <algorithm>
#include <pugixml.hpp>
#include <set>

#include "findings/words.h"
#include "foundation/text.h"
#include "publish/figure.h"
#include "publish/markup.h"
#include "publish/print.h"

namespace understory::publish {

namespace {

using findings::Answer;
using findings::Counted;
using findings::Table;

// Names as long as people make them, in every script; one is a single word without an end.
const char* const kNames[] = {"Poverty",
                              "ភាពក្រីក្រ និងការជំពាក់បំណុលគេដែលមិនអាចសងវិញបានក្នុងរយៈពេលយូរ",
                              "ऋण र अग्रिम भुक्तानी जसले परिवारलाई बाँध्छ",
                              "คำสัญญาเท็จว่าจะได้งานทำในเมืองใหญ่หรือต่างประเทศ",
                              "দাদন ও ঋণের ফাঁদ যা পুরো পরিবারকে আটকে রাখে",
                              "Nợ nần và tiền tạm ứng phải trả bằng lao động",
                              "क़र्ज़ और पेशगी",
                              "Causes › Poverty › Debt & <more>",
                              "Donaudampfschifffahrtsgesellschaftskapitaenswitwenrentenauszahlungsstelle"};

Answer told(int links, int threads) {
  Answer answer;
  Table table{"links",
              {"findings.table.links", {}},
              {{"from", "findings.column.from"},
               {"sign", "findings.column.leads"},
               {"to", "findings.column.to"},
               {"people", "findings.column.named_by"}},
              {},
              {},
              {}};
  constexpr int kCount = std::size(kNames);
  for (int i = 0; i < links; ++i) {
    const int from = i % 4 == 0 ? 0 : (i * 5) % kCount, to = (from + 1 + i / kCount) % kCount;
    table.rows.push_back({std::string(kNames[from]), findings::Words{i % 5 == 3 ? "page.prevents" : "page.leads_to"},
                          std::string(kNames[to]), Counted{links - i, 168}});
    table.arrows.push_back({fmt::format("c{}", from), fmt::format("c{} {}", to, i), i % 5 == 3});
  }
  answer.tables = {table};
  Table chains{"threads", {"findings.table.threads", {}}, {{"thread", "findings.column.thread"}}, {}, {}};
  for (int i = 0; i < threads; ++i) {
    findings::Thread thread{{}, 168, threads - i, threads, 2 * threads};
    for (int step = 0; step < 3 + i % 4; ++step)
      thread.steps.push_back({fmt::format("c{}", (i + step) % kCount), kNames[(i + step) % kCount], step + 1});
    answer.threads.push_back(thread);
    chains.rows.push_back({fmt::format("thread {}", i)});
  }
  answer.all_threads = threads;
  answer.tables.push_back(chains);
  return answer;
}

std::string drawn(const Answer& answer, std::string_view language = "en") {
  FigureOptions options;
  options.passages = "/passages?question=links";
  const Catalogue& words = Catalogue::of(language);
  return links_drawn(answer.tables[0], words, options) + threads_drawn(answer, answer.tables[1], words, options);
}

struct Box {
  double left, top, right, bottom;
};

}  // namespace

TEST(Threads, EveryLinkStandsInTheFigureAndInItsTableAndOpensItsPassages) {
  for (const int links : {1, 2, 7, 30}) {
    const Answer answer = told(links, 5);
    FigureOptions options;
    options.passages = "/passages?question=links";
    const std::string html = links_drawn(answer.tables[0], Catalogue::of("en"), options);
    const std::size_t details = html.find("<details");
    ASSERT_NE(details, std::string::npos);
    for (const auto& arrow : answer.tables[0].arrows) {
      const std::string address = "href=\"" + escape_markup(passages_address(options, arrow)) + "\"";
      const std::size_t figure = html.find(address);
      ASSERT_LT(figure, details) << address;
      EXPECT_GT(html.find(address, figure + 1), details) << "twice in the figure: " << address;
      EXPECT_NE(html.find(address, details), std::string::npos) << address;
    }
    EXPECT_NE(html.find(fmt::format("{} of 168", links)), std::string::npos);
  }
  // Without addresses nothing can be opened, and the picture is one thing to those who hear it.
  const std::string plain = links_drawn(told(7, 0).tables[0], Catalogue::of("en"), {});
  EXPECT_EQ(plain.find("<a "), std::string::npos);
  EXPECT_NE(plain.find("role=\"img\""), std::string::npos);
}

TEST(Threads, NoBoxCoversAnotherAndNoNameLeavesItsBox) {
  for (const char* language : {"en", "km", "ne", "hi", "bn", "th", "vi"}) {
    pugi::xml_document page;
    ASSERT_TRUE(page.load_string(("<body>" + drawn(told(30, 12), language) + "</body>").c_str())) << language;
    int panels = 0;
    for (const auto& found : page.select_nodes("//svg")) {
      ++panels;
      const pugi::xml_node svg = found.node();
      const double width = svg.attribute("width").as_double(), height = svg.attribute("height").as_double();
      EXPECT_LE(width, 320) << "wider than a phone";
      EXPECT_LE(height, 970) << "taller than a page";
      EXPECT_STRNE(svg.attribute("aria-label").value(), "");
      std::vector<Box> boxes;
      for (const auto& each : svg.select_nodes(".//rect[@rx]")) {
        const pugi::xml_node rect = each.node();
        const double left = rect.attribute("x").as_double(), top = rect.attribute("y").as_double();
        boxes.push_back(
            {left, top, left + rect.attribute("width").as_double(), top + rect.attribute("height").as_double()});
        EXPECT_GE(left, 0);
        EXPECT_LE(boxes.back().right, width);
        EXPECT_LE(boxes.back().bottom, height);
      }
      ASSERT_GE(boxes.size(), 2u);
      for (std::size_t i = 0; i < boxes.size(); ++i)
        for (std::size_t j = i + 1; j < boxes.size(); ++j)
          EXPECT_FALSE(boxes[i].left < boxes[j].right && boxes[j].left < boxes[i].right &&
                       boxes[i].top < boxes[j].bottom && boxes[j].top < boxes[i].bottom)
              << svg.attribute("aria-label").value();
      double before = -1;
      std::size_t in_boxes = 0;
      for (const auto& each : svg.select_nodes(".//text")) {
        const double x = each.node().attribute("x").as_double(), y = each.node().attribute("y").as_double();
        const int columns = display_columns(each.node().child_value());
        EXPECT_LE(x + columns * 7.4, width + 6) << each.node().child_value();
        EXPECT_LE(y, height);
        EXPECT_GT(y, before) << "lines over each other: " << each.node().child_value();
        before = y;
        // A name, and how it is joined; beside an arrow stands a value, in no box.
        const std::string_view look = each.node().attribute("fill").value(),
                               size = each.node().attribute("font-size").value();
        const auto beside = [&](const Box& box) { return box.left < x && x < box.right; };
        const auto within = [&](const Box& box) { return beside(box) && box.top <= y - 13 && y + 5 <= box.bottom; };
        if ((size != "13" && look != "#55606e") || std::ranges::none_of(boxes, beside)) continue;
        ++in_boxes;
        EXPECT_TRUE(std::ranges::any_of(boxes, within)) << "outside its box: " << each.node().child_value();
      }
      EXPECT_GE(in_boxes, boxes.size());
    }
    EXPECT_GE(panels, 12);
  }
}

// Names may have 200 bytes, in one word or in many: a thread of six of them goes on in a further panel.
TEST(Threads, NoThreadIsTallerThanAPageAndEachOfItsArrowsIsThereOnce) {
  FigureOptions options;
  options.passages = "/passages?question=links";
  for (const char* part : {"m", " debt", " responsibilities42", "ក្រ", " ऋण", "界"}) {
    const std::string piece = part;
    std::string long_name;
    while (long_name.size() + piece.size() < 200) long_name += piece;
    Answer answer = told(1, 1);
    findings::Thread& thread = answer.threads[0];
    thread.steps.clear();
    for (int step = 0; step < 6; ++step)
      thread.steps.push_back({fmt::format("c{}", step), fmt::format("{}{}", step, long_name), step < 5 ? 9 - step : 0});
    const std::string html = threads_drawn(answer, answer.tables[1], Catalogue::of("en"), options);
    pugi::xml_document page;
    ASSERT_TRUE(page.load_string(("<body>" + html + "</body>").c_str())) << piece;
    const auto panels = page.select_nodes("//svg");
    for (const auto& panel : panels) {
      EXPECT_LE(panel.node().attribute("height").as_double(), 820) << piece;
      EXPECT_GE(panel.node().select_nodes(".//rect[@rx]").size(), 2u) << piece;
      const std::string_view said = panel.node().attribute("aria-label").value();
      for (const auto& step : thread.steps) EXPECT_NE(said.find(step.label), std::string_view::npos) << piece;
    }
    // The name a panel ends with begins the next.
    EXPECT_EQ(page.select_nodes("//svg//rect[@rx]").size(), 6 + panels.size() - 1) << piece;
    for (int step = 0; step < 5; ++step) {
      const std::string address =
          passages_address(options, {fmt::format("c{}", step), fmt::format("c{}", step + 1), false});
      const std::string href = "href=\"" + escape_markup(address) + "\"";
      const std::size_t found = html.find(href);
      ASSERT_NE(found, std::string::npos) << piece << ": " << href;
      EXPECT_EQ(html.find(href, found + 1), std::string::npos) << piece << ": " << href;
    }
    if (piece == " responsibilities42") EXPECT_GT(panels.size(), 1u);  // a line for each word
  }
}

TEST(Threads, NamesAreWholeAndCannotBreakOut) {
  const std::string html = drawn(told(30, 12));
  EXPECT_EQ(html.find("…"), std::string::npos);
  EXPECT_EQ(html.find("<more>"), std::string::npos);
  pugi::xml_document page;
  ASSERT_TRUE(page.load_string(("<body>" + html + "</body>").c_str()));
  // A name is what stands in its lines, put together again.
  const auto joined = [](std::string text) {
    std::string out;
    for (const char c : text)
      if (c != ' ') out += c;
    return out;
  };
  std::string all;
  for (const auto& each : page.select_nodes("//svg//text")) all += joined(each.node().child_value());
  for (const char* name : kNames) EXPECT_NE(all.find(joined(name)), std::string::npos) << name;
}

// No meaning by colour alone: what prevents is dashed, closed by a bar, has a minus and says so.
TEST(Threads, WhatPreventsIsDrawnApart) {
  const auto count = [](const std::string& text, std::string_view part) {
    int found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
    return found;
  };
  const Answer answer = told(30, 0);
  const std::string html = links_drawn(answer.tables[0], Catalogue::of("en"), {});
  int prevents = 0;
  for (const auto& arrow : answer.tables[0].arrows) prevents += arrow.prevents;
  ASSERT_GT(prevents, 0);
  EXPECT_EQ(count(html, "− prevents: "), prevents);
  EXPECT_EQ(count(html, "stroke-dasharray"), 2 * prevents);  // the box and the line
  EXPECT_EQ(html.find("class=\"thing"), std::string::npos);  // looks are attributes
}

TEST(Threads, AreTheSameBytesAndSayHowTheyStand) {
  const Answer answer = told(30, 12);
  const std::string html = drawn(answer);
  EXPECT_EQ(html, drawn(answer));
  EXPECT_NE(html.find("Told whole by 12 sources"), std::string::npos);
  EXPECT_NE(html.find("24 links would"), std::string::npos);
  EXPECT_NE(html.find("8 of 12."), std::string::npos);  // as many as are asked for, the rest in the table
  EXPECT_NE(html.find("thread 11"), std::string::npos);
  Answer more = told(30, 12);
  more.all_threads = 45;  // more are told than the answer lists
  EXPECT_NE(drawn(more).find("8 of 45."), std::string::npos);
  // More people, a thicker line.
  const std::string links = links_drawn(answer.tables[0], Catalogue::of("en"), {});
  ASSERT_NE(links.find("stroke-width=\"1.7\""), std::string::npos);
  EXPECT_LT(links.find("stroke-width=\"7.0\""), links.find("stroke-width=\"1.7\""));
  // On paper each line of a name is a line of the document.
  EXPECT_EQ(with_words_over_pictures(html).find("<text"), std::string::npos);
  // An answer from elsewhere that has the table alone shows the table.
  EXPECT_EQ(threads_drawn(told(1, 0), answer.tables[1], Catalogue::of("en"), {}).find("<svg"), std::string::npos);
}

TEST(Threads, AWordWiderThanItsLineIsCutBetweenCharacters) {
  EXPECT_EQ(whole_label("abcdefgh ij", 4), (std::vector<std::string>{"abcd", "efgh", "ij"}));
  for (const std::string& line : whole_label("क्षत्रियत्वसम्बन्धित", 3)) EXPECT_FALSE(first_invalid_utf8(line)) << line;
  EXPECT_EQ(whole_label("", 4), std::vector<std::string>{""});
}

}  // namespace understory::publish
