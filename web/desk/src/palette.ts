// Finding a code by some of its letters, in any of its names.
export interface Findable { id: string; name: string; path: string; names: Record<string, string>; codings: number }

const fold = (text: string) => text.normalize('NFKC').toLowerCase().replace(/[\u200b-\u200d\ufeff]/g, '');

// 0: does not fit; else the more the better: the beginning of a name, of a word in it, anywhere, somewhere in its path.
export function fit(code: Findable, typed: string): number {
  const wanted = fold(typed.trim());
  if (!wanted) return 1;
  const names = [code.name, ...Object.values(code.names)].map(fold);
  if (names.some((name) => name.startsWith(wanted))) return 4;
  if (names.some((name) => name.split(/[\s/–-]+/).some((word) => word.startsWith(wanted)))) return 3;
  if (names.some((name) => name.includes(wanted))) return 2;
  return fold(code.path).includes(wanted) ? 1 : 0;
}

export function fitting<T extends Findable>(codes: T[], typed: string, most = 12): T[] {
  return codes.map((code, index) => ({ code, index, fit: fit(code, typed) })).filter((each) => each.fit > 0)
    .sort((one, other) => other.fit - one.fit || other.code.codings - one.code.codings || one.index - other.index)
    .slice(0, most).map((each) => each.code);
}

// Keys that put a code on the chosen words: by their place on the keyboard, so that they are the same whichever script
// is being written. What else has a meaning is left out: u takes back, m writes a memo, s searches, x takes off.
export const letters = [...'abcdefghijklnopqrtvwyz'];
export function keysFor(codes: Findable[]): Map<string, string> {
  const used = codes.map((code, index) => ({ code, index })).sort((one, other) => other.code.codings - one.code.codings || one.index - other.index);
  return new Map(letters.slice(0, used.length).map((letter, index) => [letter, used[index]!.code.id]));
}
