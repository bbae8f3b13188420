// Positions: the interface counts code points of the told text, where a mask has as many as what it hides; the page
// counts UTF-16 units of what it shows, where something else may stand in place of a mask.
export interface Hidden { start: number; end: number; instead: string }

export class Points {
  readonly text: string;                    // as it is shown
  readonly masked: { start: number; end: number }[] = [];  // in units of that
  private readonly units: Int32Array;       // where each code point begins; of a mask, all at its beginning
  constructor(told: string, masks: Hidden[] = []) {
    if (masks.length === 0) {
      this.text = told;
      this.units = unitsOf(told);
      return;
    }
    const from = new Map(masks.filter((each) => each.instead).map((each) => [each.start, each]));
    const units = new Int32Array(told.length + 1);
    const ends = new Map(masks.map((each) => [each.start, each.end]));
    const pieces: string[] = [];
    let point = 0, unit = 0, at = 0, plain = 0;
    while (at < told.length) {
      const mask = from.get(point), end = ends.get(point);
      if (mask) {
        pieces.push(told.slice(plain, at), `[${mask.instead}]`);
        this.masked.push({ start: unit, end: unit + mask.instead.length + 2 });
        for (; point < mask.end; point++) { units[point] = unit; at += told.codePointAt(at)! > 0xffff ? 2 : 1; }
        unit += mask.instead.length + 2;
        plain = at;
        continue;
      }
      if (end !== undefined) this.masked.push({ start: unit, end: unit + end - point });
      units[point++] = unit;
      const size = told.codePointAt(at)! > 0xffff ? 2 : 1;
      unit += size;
      at += size;
    }
    units[point] = unit;
    this.units = units.subarray(0, point + 1);
    this.text = pieces.length ? pieces.join('') + told.slice(plain) : told;
  }
  unit(point: number): number { return this.units[Math.min(point, this.units.length - 1)]!; }
  // Of an end: the first that begins at or after it.
  end(unit: number): number {
    let low = 0, high = this.units.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.units[middle]! < unit) low = middle + 1; else high = middle;
    }
    return low;
  }
  // The last that begins at or before a unit; within a mask its last, at its beginning its first.
  point(unit: number): number {
    let low = 0, high = this.units.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.units[middle]! <= unit) low = middle; else high = middle - 1;
    }
    while (low > 0 && this.units[low - 1] === unit) low--;
    return low;
  }
}

// Where each code point of a text begins that has no masks.
function unitsOf(text: string): Int32Array {
  const units = new Int32Array(text.length + 1);
  let point = 0;
  for (let unit = 0; unit < text.length; unit++) {
    units[point++] = unit;
    if ((text.charCodeAt(unit) & 0xfc00) === 0xd800 && (text.charCodeAt(unit + 1) & 0xfc00) === 0xdc00) unit++;
  }
  units[point] = text.length;
  return units.subarray(0, point + 1);
}
