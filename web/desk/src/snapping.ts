// Where a selection may begin and end: at whole characters always, at whole words mostly. Khmer and Thai have no spaces
// between words; the browser's dictionary knows where one ends.
export interface Stretch { start: number; end: number }

const segmenters = new Map<string, Intl.Segmenter>();
function segmenter(language: string, granularity: 'word' | 'grapheme'): Intl.Segmenter {
  const key = language + granularity;
  let made = segmenters.get(key);
  if (!made) segmenters.set(key, made = new Intl.Segmenter(language || 'en', { granularity }));
  return made;
}

// The words of a text, without spaces and punctuation.
export function words(text: string, language: string): Stretch[] {
  const found: Stretch[] = [];
  for (const each of segmenter(language, 'word').segment(text))
    if (each.isWordLike) found.push({ start: each.index, end: each.index + each.segment.length });
  return found;
}

// Sentences end at . ? ! … ។ ៕ । ॥ or a new line; spaces around belong to none.
export function sentences(text: string): Stretch[] {
  const found: Stretch[] = [];
  for (const each of text.matchAll(/[^\n.?!…។៕।॥]+[.?!…។៕।॥]*["”’»)]*/gu)) {
    const lead = each[0].length - each[0].trimStart().length, body = each[0].trim();
    if (body) found.push({ start: each.index + lead, end: each.index + lead + body.length });
  }
  return found;
}

// The smallest stretch of whole characters that holds it.
export function wholeCharacters(text: string, { start, end }: Stretch): Stretch {
  const pieces = segmenter('en', 'grapheme').segment(text);
  const first = pieces.containing(Math.min(start, text.length - 1)), last = end > start ? pieces.containing(end - 1) : undefined;
  return { start: first?.index ?? 0, end: last ? last.index + last.segment.length : first?.index ?? 0 };
}

// The smallest stretch of whole words that holds it; of whole characters where it touches no word. Spaces at its ends
// do not count.
export function wholeWords(text: string, stretch: Stretch, language: string): Stretch {
  let { start, end } = wholeCharacters(text, stretch);
  while (start < end && /\s/.test(text[start]!)) start++;
  while (end > start && /\s/.test(text[end - 1]!)) end--;
  if (start >= end) return { start, end: start };
  const pieces = segmenter(language, 'word').segment(text);
  const first = pieces.containing(start), last = pieces.containing(end - 1);
  if (first?.isWordLike) start = first.index;
  if (last?.isWordLike) end = last.index + last.segment.length;
  return wholeCharacters(text, { start, end });
}

// The stretch of `list` (ascending) at or after a position; or the one before it.
export function next(list: Stretch[], at: number): Stretch | undefined { return list.find((each) => each.start >= at); }
export function previous(list: Stretch[], at: number): Stretch | undefined { return list.findLast((each) => each.end <= at); }
