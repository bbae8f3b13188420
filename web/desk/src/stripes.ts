// Stripes in the margin: which lane each takes, so that two that stand beside the same line never cover each other.
export interface Beside { id: string; top: number; bottom: number }

export function lanes(list: Beside[], most: number): Map<string, number> {
  const taken: number[] = [], lane = new Map<string, number>();
  for (const each of [...list].sort((one, other) => one.top - other.top || other.bottom - one.bottom || (one.id < other.id ? -1 : 1))) {
    let free = taken.findIndex((bottom) => bottom <= each.top);
    if (free < 0) free = taken.length < most ? taken.length : most - 1;
    taken[free] = Math.max(taken[free] ?? 0, each.bottom);
    lane.set(each.id, free);
  }
  return lane;
}
