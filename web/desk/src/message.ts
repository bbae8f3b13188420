// Sentences in ICU message syntax, as the catalogues have them: {name}, {n, plural, =0 {…} one {…} other {… # …}} and
// {s, select, a {…} other {…}}; a quote makes {, } and # plain, and is written twice to stand for itself.

export type Values = Record<string, string | number>;

// The text of a pattern from `at` on, up to the brace that ends it; and where that stands.
function read(pattern: string, at: number, values: Values, locale: string, hash: string | null): [string, number] {
  let out = '';
  while (at < pattern.length && pattern[at] !== '}') {
    const letter = pattern[at]!;
    if (letter === "'") {
      if (pattern[at + 1] === "'") { out += "'"; at += 2; continue; }
      if (/[{}#]/.test(pattern[at + 1] ?? '')) {
        const end = pattern.indexOf("'", at + 1);
        out += pattern.slice(at + 1, end < 0 ? undefined : end);
        at = end < 0 ? pattern.length : end + 1;
        continue;
      }
    }
    if (letter === '#' && hash !== null) { out += hash; at++; continue; }
    if (letter !== '{') { out += letter; at++; continue; }
    const end = pattern.slice(at + 1).search(/[,}]/) + at + 1;
    const value = values[pattern.slice(at + 1, end).trim()] ?? '';
    if (pattern[end] === '}') { out += value; at = end + 1; continue; }
    [out, at] = choose(pattern, end + 1, value, values, locale, out);
  }
  return [out, at];
}

function choose(pattern: string, at: number, value: string | number, values: Values, locale: string, out: string): [string, number] {
  const comma = pattern.indexOf(',', at);
  const kind = pattern.slice(at, comma).trim();
  const plural = kind === 'plural' ? new Intl.PluralRules(locale).select(Number(value)) : String(value);
  let exact: string | undefined, fitting: string | undefined, other = '';
  at = comma + 1;
  for (;;) {
    while (/\s/.test(pattern[at] ?? '')) at++;
    if (at >= pattern.length || pattern[at] === '}') break;
    const open = pattern.indexOf('{', at), name = pattern.slice(at, open).trim();
    const [text, end] = read(pattern, open + 1, values, locale, kind === 'plural' ? String(value) : null);
    if (name === '=' + value) exact = text;
    else if (name === plural) fitting = text;
    if (name === 'other') other = text;
    at = end + 1;
  }
  return [out + (exact ?? fitting ?? other), at + 1];
}

export function message(pattern: string, values: Values, locale: string): string {
  return pattern.search(/[{']/) < 0 ? pattern : read(pattern, 0, values, locale, null)[0];
}
