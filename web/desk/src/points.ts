// Positions: the interface counts code points, the browser UTF-16 units. They differ after characters beyond U+FFFF,
// whose places are kept.
export class Points {
  private readonly pairs: number[] = [];  // unit at which each such character begins, ascending
  constructor(text: string) {
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      if (unit >= 0xd800 && unit < 0xdc00) this.pairs.push(at++);
    }
  }
  private before(limit: (index: number) => boolean): number {
    let low = 0, high = this.pairs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (limit(middle)) low = middle + 1; else high = middle;
    }
    return low;
  }
  unit(point: number): number { return point + this.before((index) => this.pairs[index]! - index < point); }
  point(unit: number): number { return unit - this.before((index) => this.pairs[index]! < unit); }
}
