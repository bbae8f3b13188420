// A transcript on the page: its turns, what is coded in them, and what is chosen. Plain elements, because thousands of
// codings must be painted at once: by the CSS Custom Highlight API, one Highlight for each code, and where a browser has
// none by <mark> elements behind the same paint(). A change touches the turn it stands in and nothing else.
import { wash, type Look } from './colours.ts';
import { lanes } from './stripes.ts';
import type { Stretch } from './snapping.ts';

export interface Block { start: number; speech: number; end: number }
export interface Coding { id: string; code: string; coder: string; start: number; end: number }  // UTF-16 units
export interface CodeLook { id: string; name: string; look: Look; key?: string | undefined }
export interface Linked { stretches: Stretch[]; label: string }
export interface Words { codesHere: string; by(code: string, coder: string): string; turn(n: number): string; translation: string }
export interface Told {
  text: string;
  language: string;
  blocks: Block[];
  translation: { language: string; blocks: string[] } | null;
}

interface Turn extends Block {
  box: HTMLElement;
  said: HTMLElement;
  node: Text | null;      // what the words stand in, while there are no marks in them
  list: HTMLElement;
  margin: HTMLElement | null;  // of stripes, once it has come near
  codings: Set<Coding>;
  links: string[];
  near: boolean;
}

// What is marked beside codes; the later in this list the further on top.
const kinds = ['masked', 'linked', 'found', 'chosen'] as const;
type Mark = (typeof kinds)[number];
const lanesShown = 8;
export const canHighlight = typeof Highlight === 'function' && 'highlights' in CSS;

export class Transcript {
  readonly turns: Turn[] = [];
  private readonly codings = new Map<string, Coding>();
  readonly counts = new Map<string, number>();  // of codings, by code
  private readonly ranges = new Map<string, { highlight: Highlight; range: AbstractRange }[]>();
  private readonly highlights = new Map<string, Highlight>();
  private readonly marks: Record<Mark, Stretch[]> = { chosen: [], found: [], masked: [], linked: [] };
  private readonly items = new Map<string, HTMLElement>();  // of lists, by code and coders, to be copied
  private readonly sheet = new CSSStyleSheet();
  private readonly watch: IntersectionObserver;
  private byBox = new Map<Element, Turn>();
  private readonly pattern: HTMLElement;  // what every turn is a copy of

  constructor(
    readonly root: HTMLElement,
    readonly told: Told,
    private codes: Map<string, CodeLook>,
    private readonly coders: Map<string, string>,
    private readonly words: Words,
    readonly highlighting = canHighlight,
  ) {
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, this.sheet];
    this.watch = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        const turn = this.byBox.get(entry.target)!;
        turn.near = entry.isIntersecting;
        if (turn.near) this.stripe(turn); else turn.margin?.replaceChildren();
      }
    }, { rootMargin: '60% 0px' });
    this.pattern = this.emptyTurn();
    const all = document.createDocumentFragment();
    told.blocks.forEach((block, index) => all.append(this.build(block, index)));
    root.replaceChildren(all);
    for (const turn of this.turns) this.watch.observe(turn.box);
    this.style();
  }

  destroy(): void {
    this.watch.disconnect();
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((each) => each !== this.sheet);
    if (this.highlighting) for (const name of [...CSS.highlights.keys()]) if (name.startsWith('code-') || (kinds as readonly string[]).includes(name)) CSS.highlights.delete(name);
  }

  // A turn is a copy of one that was made before: quicker than seven hundred of them made piece by piece.
  private build(block: Block, index: number): HTMLElement {
    const box = this.pattern.cloneNode(true) as HTMLElement;
    box.id = `turn-${index + 1}`;
    const label = this.told.text.slice(block.start, block.speech).trim().replace(/[:：]$/, '');
    const who = box.firstElementChild as HTMLElement, body = who.nextElementSibling as HTMLElement, list = body.nextElementSibling as HTMLElement;
    const number = who.firstElementChild as HTMLElement, said = body.firstElementChild as HTMLElement;
    number.append(String(index + 1));
    number.setAttribute('href', `#turn-${index + 1}`);
    number.setAttribute('aria-label', this.words.turn(index + 1));
    if (label) who.append(' ' + label);
    const node = document.createTextNode(this.told.text.slice(block.speech, block.end).trimEnd());
    said.append(node);
    const translated = this.told.translation?.blocks[index];
    if (translated) {
      const beside = element('p', 'translation', translated);
      beside.lang = this.told.translation!.language;
      body.append(beside);
    }
    const turn: Turn = { ...block, box, said, node, list, margin: null, codings: new Set(), links: [], near: false };
    this.turns.push(turn);
    this.byBox.set(box, turn);
    return box;
  }
  private emptyTurn(): HTMLElement {
    const box = element('section', 'turn'), who = element('p', 'speaker'), body = element('div', 'body');
    const said = element('p', 'said'), list = element('ul', 'codes');
    who.append(element('a', 'turn-number'));
    said.lang = this.told.language;
    body.append(said);
    list.setAttribute('aria-label', this.words.codesHere);
    list.hidden = true;
    box.append(who, body, list);
    return box;
  }

  // How each code is painted. Again when a code was added or has another colour.
  style(codes = this.codes): void {
    this.codes = codes;
    this.items.clear();
    const rules: string[] = [];
    for (const [id, code] of codes) {
      rules.push(`::highlight(code-${id}) { background-color: ${wash(code.look.colour)}; }`);
      rules.push(`.code-${id} { --colour: ${code.look.colour}; }`);
      rules.push(`mark.code-${id} { background-color: ${wash(code.look.colour)}; }`);
    }
    this.sheet.replaceSync(rules.join('\n'));
  }

  // Everything that is coded, from the beginning.
  paint(codings: Iterable<Coding>): void {
    this.codings.clear();
    this.counts.clear();
    this.ranges.clear();
    for (const highlight of this.highlights.values()) highlight.clear();
    for (const turn of this.turns) turn.codings.clear();
    for (const coding of codings) this.enter(coding);
    for (const turn of this.turns) this.show(turn);
  }
  add(coding: Coding): void {
    for (const turn of this.enter(coding)) this.show(turn);
  }
  remove(id: string): void {
    const coding = this.codings.get(id);
    if (!coding) return;
    this.codings.delete(id);
    this.counts.set(coding.code, this.counts.get(coding.code)! - 1);
    for (const { highlight, range } of this.ranges.get(id) ?? []) highlight.delete(range);
    this.ranges.delete(id);
    for (const turn of this.turnsOf(coding)) {
      turn.codings.delete(coding);
      this.show(turn);
    }
  }
  rename(from: string, to: string): void {  // its own number came
    const coding = this.codings.get(from);
    if (!coding) return;
    const ranges = this.ranges.get(from);
    this.codings.delete(from);
    this.ranges.delete(from);
    coding.id = to;
    this.codings.set(to, coding);
    if (ranges) this.ranges.set(to, ranges);
  }
  has(id: string): boolean { return this.codings.has(id); }
  get(id: string): Coding | undefined { return this.codings.get(id); }
  get size(): number { return this.codings.size; }
  all(): Coding[] { return [...this.codings.values()].sort(inOrder); }
  // Those that touch a stretch; looks at its turns alone.
  at(stretch: Stretch): Coding[] {
    const found = new Set(this.turnsOf(stretch).flatMap((turn) => [...turn.codings].filter((each) => each.start < stretch.end && stretch.start < each.end)));
    return [...found].sort(inOrder);
  }

  // Which turn a position stands in; the last that begins at or before it.
  turnAt(unit: number): number {
    let low = 0, high = this.turns.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.turns[middle]!.start <= unit) low = middle; else high = middle - 1;
    }
    return low;
  }
  private turnsOf({ start, end }: Stretch): Turn[] {
    const found: Turn[] = [];
    for (let index = this.turnAt(start); index < this.turns.length && this.turns[index]!.start < end; index++) found.push(this.turns[index]!);
    return found;
  }

  private enter(coding: Coding): Turn[] {
    this.codings.set(coding.id, coding);
    this.counts.set(coding.code, (this.counts.get(coding.code) ?? 0) + 1);
    const turns = this.turnsOf(coding);
    for (const turn of turns) turn.codings.add(coding);
    if (this.highlighting) {
      const highlight = this.highlightOf(coding.code), painted: { highlight: Highlight; range: AbstractRange }[] = [];
      for (const turn of turns) {
        const range = rangeIn(turn, coding);
        if (!range) continue;
        highlight.add(range);
        painted.push({ highlight, range });
      }
      this.ranges.set(coding.id, painted);
    }
    return turns;
  }

  private highlightOf(code: string): Highlight {
    let highlight = this.highlights.get(code);
    if (!highlight) {
      this.highlights.set(code, highlight = new Highlight());
      CSS.highlights.set(`code-${code}`, highlight);
    }
    return highlight;
  }

  // What of a turn depends on its codings: the list people read, the stripes while it is near, and marks.
  private show(turn: Turn): void {
    const byCode = new Map<string, string[]>();  // coders
    for (const { code, coder } of turn.codings) {
      const had = byCode.get(code);
      if (!had) byCode.set(code, [coder]);
      else if (!had.includes(coder)) had.push(coder);
    }
    const none = byCode.size === 0 && turn.links.length === 0;
    if (!none || !turn.list.hidden) {
      turn.list.hidden = none;
      const items: HTMLElement[] = [];
      for (const [code, coders] of byCode) items.push(this.item(code, coders));
      for (const label of turn.links) items.push(element('li', 'link', label));
      turn.list.replaceChildren(...items);
    }
    if (!this.highlighting) this.rewrite(turn);
    if (turn.near) this.soon(turn);
  }

  private item(code: string, coders: string[]): HTMLElement {
    const key = [code, ...coders].join(' ');
    let item = this.items.get(key);
    if (!item) {
      const name = this.codes.get(code)?.name ?? '';
      this.items.set(key, item = element('li', `code-${code}`, name));
      item.title = this.words.by(name, coders.map((each) => this.coders.get(each) ?? '').join(', '));
    }
    return item.cloneNode(true) as HTMLElement;
  }

  // Links, listed at every turn they touch.
  setLinks(links: Linked[]): void {
    const changed = new Set(this.turns.filter((turn) => turn.links.length));
    for (const turn of this.turns) turn.links = [];
    for (const { stretches, label } of links)
      for (const turn of new Set(stretches.flatMap((each) => this.turnsOf(each)))) {
        turn.links.push(label);
        changed.add(turn);
      }
    for (const turn of changed) this.show(turn);
  }

  // Stripes need to know where lines stand, which costs a layout: once the words are on the screen.
  private readonly waiting = new Set<Turn>();
  private soon(turn: Turn): void {
    if (this.waiting.size === 0) afterFrame(() => {
      for (const each of this.waiting) if (each.near) this.stripe(each);
      this.waiting.clear();
    });
    this.waiting.add(turn);
  }

  private stripe(turn: Turn): void {
    if (turn.codings.size === 0) { turn.margin?.replaceChildren(); return; }
    if (!turn.margin) {
      turn.margin = element('div', 'stripes');
      turn.margin.setAttribute('aria-hidden', 'true');
      turn.list.before(turn.margin);
    }
    const top = turn.said.getBoundingClientRect().top;
    const beside = [...turn.codings].flatMap((coding) => {
      const range = this.liveRange(turn, coding);
      const box = range?.getBoundingClientRect();
      return box && box.height > 0 ? [{ id: coding.id, code: coding.code, top: Math.round(box.top - top), bottom: Math.round(box.bottom - top) }] : [];
    });
    const lane = lanes(beside, lanesShown);
    turn.margin.replaceChildren(...beside.map((each) => {
      const stripe = element('i', `stripe ${this.codes.get(each.code)?.look.pattern ?? ''} code-${each.code}`);
      stripe.style.top = `${each.top}px`;
      stripe.style.height = `${Math.max(6, each.bottom - each.top - 2)}px`;
      stripe.style.insetInlineStart = `${lane.get(each.id)! * 7}px`;
      return stripe;
    }));
  }
  private liveRange(turn: Turn, { start, end }: Stretch): Range | null {
    const from = pointIn(turn, start), to = pointIn(turn, end);
    if (!from || !to) return null;
    const range = document.createRange();
    range.setStart(...from);
    range.setEnd(...to);
    return range;
  }

  // Without highlights: the words anew, cut at every border.
  private rewrite(turn: Turn): void {
    const text = this.told.text.slice(turn.speech, turn.end).replace(/\s+$/, ''), last = turn.speech + text.length;
    const over = (each: Stretch) => each.start < last && turn.speech < each.end;
    const borders = new Set([turn.speech, last]);
    const codings = [...turn.codings].filter(over);
    for (const each of [...codings, ...kinds.flatMap((kind) => this.marks[kind].filter(over))])
      for (const unit of [each.start, each.end]) if (unit > turn.speech && unit < last) borders.add(unit);
    const cuts = [...borders].sort((one, other) => one - other);
    turn.node = null;
    turn.said.replaceChildren(...cuts.slice(0, -1).map((start, index) => {
      const piece = { start, end: cuts[index + 1]! }, words = this.told.text.slice(start, piece.end);
      const within = (each: Stretch) => each.start <= piece.start && piece.end <= each.end;
      const here = codings.filter(within).map((each) => `code-${each.code}`);
      for (const kind of kinds) if (this.marks[kind].some(within)) here.push(kind);
      if (!here.length) return document.createTextNode(words);
      return element('mark', here.join(' '), words);
    }));
  }

  // What is chosen, found by a search, masked, or joined by the link that is looked at.
  mark(kind: Mark, stretches: Stretch[]): void {
    const before = this.marks[kind];
    this.marks[kind] = stretches;
    if (this.highlighting) {
      const highlight = new Highlight(...stretches.flatMap((each) => this.turnsOf(each).flatMap((turn) => rangeIn(turn, each) ?? [])));
      highlight.priority = kinds.indexOf(kind);
      CSS.highlights.set(kind, highlight);
      return;
    }
    for (const turn of new Set([...before, ...stretches].flatMap((each) => this.turnsOf(each)))) this.rewrite(turn);
  }

  // The stretch that the browser's own selection holds, in the words of the told; nothing where it holds none of them.
  selected(): Stretch | null {
    const selection = getSelection();
    if (!selection || selection.isCollapsed || !selection.rangeCount) return null;
    const range = selection.getRangeAt(0);
    const start = this.unitOf(range.startContainer, range.startOffset, false), end = this.unitOf(range.endContainer, range.endOffset, true);
    return start !== null && end !== null && start < end ? { start, end } : null;
  }
  unitOf(node: Node, offset: number, isEnd: boolean): number | null {
    if (!this.root.contains(node)) return null;
    const said = node instanceof Text ? node.parentElement?.closest('.said') : null;
    const turn = said ? this.byBox.get(said.closest('.turn')!) : undefined;
    if (turn) {
      const before = document.createRange();
      before.setStart(turn.said, 0);
      before.setEnd(node, offset);
      return turn.speech + before.toString().length;
    }
    // Between the words: those of the nearest turn after it, or before it for an end.
    for (let index = 0; index < this.turns.length; index++) {
      const each = this.turns[index]!, range = document.createRange();
      range.selectNodeContents(each.said);
      const side = range.comparePoint(node, offset);
      if (side <= 0) {
        if (!isEnd) return each.speech;
        const last = this.turns[side < 0 ? index - 1 : index];
        return last ? last.speech + last.said.textContent!.length : null;
      }
    }
    const last = this.turns.at(-1);
    return last ? last.speech + last.said.textContent!.length : null;
  }

  scrollTo(unit: number): void {
    const turn = this.turns[this.turnAt(unit)];
    if (!turn) return;
    const box = this.liveRange(turn, { start: Math.max(unit, turn.speech), end: Math.max(unit, turn.speech) + 1 })?.getBoundingClientRect();
    const seen = box && box.height > 0 ? box : turn.box.getBoundingClientRect();
    if (seen.top < 90 || seen.bottom > innerHeight - 70) scrollBy({ top: seen.top - innerHeight / 3 });
  }
}

// Once what was changed is on the screen.
export function afterFrame(act: () => void): void { requestAnimationFrame(() => setTimeout(act)); }

function element(name: string, kind: string, text = ''): HTMLElement {
  const made = document.createElement(name);
  made.className = kind;
  if (text) made.textContent = text;
  return made;
}

function inOrder(one: Coding, other: Coding): number { return one.start - other.start || other.end - one.end; }

function rangeIn(turn: Turn, { start, end }: Stretch): StaticRange | null {
  if (!turn.node) return null;
  const from = Math.max(0, start - turn.speech), to = Math.min(turn.node.length, end - turn.speech);
  return from < to ? new StaticRange({ startContainer: turn.node, startOffset: from, endContainer: turn.node, endOffset: to }) : null;
}

// The text node and offset of a position in a turn.
function pointIn(turn: Turn, unit: number): [Text, number] | null {
  let rest = Math.max(0, unit - turn.speech), last: Text | null = null;
  const walk = document.createTreeWalker(turn.said, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    last = node as Text;
    if (rest <= last.length) return [last, rest];
    rest -= last.length;
  }
  return last ? [last, last.length] : null;
}
