// What is chosen in a text, moved by keys: a word, a sentence or a turn further, and with Shift more of it.
import { next, previous, sentences, words, type Stretch } from './snapping.ts';

export type Step = 'word' | 'sentence' | 'turn';

export class Cursor {
  chosen: Stretch | null = null;
  private anchor: Stretch | null = null;
  // Words and sentences of a turn, found when they are first needed.
  private readonly found = new Map<string, Stretch[]>();

  constructor(private readonly text: string, private readonly language: string, private readonly turns: { speech: number; end: number }[]) {}

  choose(stretch: Stretch | null): void {
    this.chosen = this.anchor = stretch && stretch.start < stretch.end ? stretch : null;
  }

  private parts(turn: number, step: Step): Stretch[] {
    const key = `${step}${turn}`;
    let list = this.found.get(key);
    if (!list) {
      const { speech, end } = this.turns[turn]!;
      const said = this.text.slice(speech, end).replace(/\s+$/, '');
      const made = step === 'turn' ? (said ? [{ start: 0, end: said.length }] : []) : step === 'word' ? words(said, this.language) : sentences(said);
      this.found.set(key, list = made.map((each) => ({ start: each.start + speech, end: each.end + speech })));
    }
    return list;
  }
  private turnOf(unit: number): number {
    const index = this.turns.findLastIndex((each) => each.speech <= unit);
    return Math.max(0, index);
  }
  private after(step: Step, unit: number): Stretch | undefined {
    for (let turn = this.turnOf(unit); turn < this.turns.length; turn++) {
      const found = next(this.parts(turn, step), unit);
      if (found) return found;
    }
  }
  private before(step: Step, unit: number): Stretch | undefined {
    for (let turn = this.turnOf(unit); turn >= 0; turn--) {
      const found = previous(this.parts(turn, step), unit);
      if (found) return found;
    }
  }

  // `from`: where to begin while nothing is chosen.
  move(step: Step, forward: boolean, more: boolean, from = 0): Stretch | null {
    if (!this.chosen || !this.anchor) {
      const first = this.after(step, from) ?? this.before(step, from);
      this.choose(first ?? null);
      return this.chosen;
    }
    if (!more) {
      const to = forward ? this.after(step, this.chosen.end) : this.before(step, this.chosen.start);
      if (to) this.choose(to);
      return this.chosen;
    }
    // The end that was moved last goes on; past the anchor the other end does.
    const anchor = this.anchor, shrinks = forward ? this.chosen.start < anchor.start : this.chosen.end > anchor.end;
    if (forward) {
      if (shrinks) this.chosen = { start: Math.min(anchor.start, this.after(step, this.chosen.start + 1)?.start ?? anchor.start), end: this.chosen.end };
      else this.chosen = { start: this.chosen.start, end: this.after(step, this.chosen.end)?.end ?? this.chosen.end };
    } else {
      if (shrinks) this.chosen = { start: this.chosen.start, end: Math.max(anchor.end, this.before(step, this.chosen.end - 1)?.end ?? anchor.end) };
      else this.chosen = { start: this.before(step, this.chosen.start)?.start ?? this.chosen.start, end: this.chosen.end };
    }
    return this.chosen;
  }
}
