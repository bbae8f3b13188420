#include "study/blind.h"

#include <algorithm>

#include "statistics/agreement.h"

namespace understory::study {

namespace {

// Spans that touch no other, ascending.
std::vector<Span> joined(std::vector<Span> spans) {
  std::sort(spans.begin(), spans.end());
  std::vector<Span> out;
  for (const Span& each : spans) {
    if (!out.empty() && each.start <= out.back().end)
      out.back().end = std::max(out.back().end, each.end);
    else
      out.push_back(each);
  }
  return out;
}

std::int64_t length_of(const std::vector<Span>& spans) {
  std::int64_t sum = 0;
  for (const Span& each : spans) sum += each.length();
  return sum;
}

}  // namespace

void hide_others(Source& source, const Blindness& blindness) {
  if (!blindness.sources.contains(source.line.id)) return;
  const auto others = [&](const auto& each) { return blindness.hides(source.line.id, each.coder); };
  std::erase_if(source.codings, others);
  std::erase_if(source.links, others);
  std::erase_if(source.memos, others);
  source.line.codings = static_cast<int>(source.codings.size());
  source.line.coders = source.codings.empty() ? 0 : 1;
}

CodeAgreement agreement_on(std::vector<Span> one, std::vector<Span> other, std::int64_t length) {
  CodeAgreement found;
  found.one = std::ssize(one);
  found.other = std::ssize(other);
  for (const Span& each : one) found.same += std::find(other.begin(), other.end(), each) != other.end();
  const auto first = joined(std::move(one)), second = joined(std::move(other));
  for (std::size_t i = 0, j = 0; i < first.size() && j < second.size();) {
    found.both +=
        std::max<std::int64_t>(0, std::min(first[i].end, second[j].end) - std::max(first[i].start, second[j].start));
    first[i].end < second[j].end ? ++i : ++j;
  }
  found.only_one = length_of(first) - found.both;
  found.only_other = length_of(second) - found.both;
  found.neither = length - found.both - found.only_one - found.only_other;
  if (const auto kappa =
          statistics::cohen_kappa({{static_cast<double>(found.both), static_cast<double>(found.only_one)},
                                   {static_cast<double>(found.only_other), static_cast<double>(found.neither)}}))
    found.kappa = kappa->value;
  return found;
}

}  // namespace understory::study
