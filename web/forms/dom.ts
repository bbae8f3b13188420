// Elements in one line, words of the page's language, and digits as people write them.
import type { Rich, Words } from './engine.ts';

type Attributes = Record<string, string | boolean | null | undefined>;

export function make<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Attributes = {},
  ...content: (Node | string)[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (value === true) element.setAttribute(name, '');
    else if (typeof value === 'string') element.setAttribute(name, value);
  element.append(...content);
  return element;
}

export function button(label: string, act: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const made = make('button', { type: 'button', ...attributes }, label);
  made.addEventListener('click', act);
  return made;
}

// What the server told this page.
export interface Setting {
  form: string;  // its id here
  version: string;
  title: string;
  owner: string;  // whose drafts these are
  token: string;  // stands in every form of this session
  language: string;
  images: string;  // where the files of this version lie
  words: Record<string, string>;
}

export function readSetting(page: Document): Setting {
  return JSON.parse(page.getElementById('setting')!.textContent!);
}

export const setting: Setting = readSetting(document);
export const say = (key: string): string => setting.words[key] ?? `⟦${key}⟧`;

function richNodes(list: readonly Rich[]): (Node | string)[] {
  return list.map((each) => {
    const inner = [each.text, ...richNodes(each.children)];
    // A paragraph inside a label is a label's line.
    if (each.tag === null) return make('span', {}, ...inner);
    return make(each.tag === 'p' ? 'span' : each.tag as 'span', each.tag === 'p' ? { class: 'line' } : {}, ...inner);
  });
}

// Puts the words there, if they are others than before.
export function showWords(element: HTMLElement, words: Words | null, after = ''): void {
  const now = words ? words.plain + '\u0000' + (words.image ?? '') + after : '';
  if (element.dataset.words === now) return;
  element.dataset.words = now;
  element.replaceChildren(...(words ? richNodes(words.rich) : []));
  if (words?.image)
    element.append(make('img', { src: setting.images + encodeURIComponent(words.image), alt: '', loading: 'lazy' }));
  if (after) element.append(make('span', { class: 'must' }, ' ' + after));
}

const zeros = [0x0660, 0x06f0, 0x0966, 0x09e6, 0x0e50, 0x0ed0, 0x17e0];
export function plainDigits(text: string): string {
  return text.trim().replace(/\p{Nd}/gu, (digit) => {
    const code = digit.codePointAt(0)!;
    const zero = zeros.find((each) => code >= each && code < each + 10);
    return zero === undefined ? digit : String(code - zero);
  });
}
