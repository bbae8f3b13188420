// Answers of several boxes: a date as day, name of the month and year; a time as hour and minute; a place as typed.
// One box of text would have to guess which of 03/04 is the month, and a guess is a wrong date.
import type { Control } from './controls.ts';
import type { Question } from './engine.ts';
import { make, plainDigits, say } from './dom.ts';

interface Box {
  readonly element: HTMLInputElement | HTMLSelectElement;
  readonly part: HTMLElement;
}

function box(label: string, size: number, mode = 'numeric'): Box {
  const element = make('input', { type: 'text', inputmode: mode, size: String(size), maxlength: '24', autocomplete: 'off' });
  return { element, part: make('label', { class: 'box' }, label, element) };
}

// By the catalogue: many a browser knows no month in Khmer, and says "M05".
export const monthName = (month: number) => say('month_' + month);

function monthBox(): Box {
  const element = make('select', {}, make('option', { value: '' }, '–'),
    ...Array.from({ length: 12 }, (_, at) => make('option', { value: String(at + 1) }, monthName(at + 1))));
  return { element, part: make('label', { class: 'box' }, say('month'), element) };
}

const two = (text: string) => text.padStart(2, '0');
// null: unfinished or not in the calendar.
export function dateOf(day: string, month: string, year: string): string | null {
  if (!/^\d{1,2}$/.test(day) || !/^\d{1,2}$/.test(month) || !/^[1-9]\d{3}$/.test(year)) return null;
  const at = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  if (at.getUTCMonth() + 1 !== Number(month) || at.getUTCDate() !== Number(day)) return null;
  return `${year}-${two(month)}-${two(day)}`;
}
export function timeOf(hour: string, minute: string): string | null {
  if (!/^\d{1,2}$/.test(hour) || !/^\d{1,2}$/.test(minute) || Number(hour) > 23 || Number(minute) > 59) return null;
  return `${two(hour)}:${two(minute)}:00.000`;
}
// The device's, at that moment: "+07:00".
function offsetAt(date: Date): string {
  const minutes = -date.getTimezoneOffset(), size = Math.abs(minutes);
  return (minutes < 0 ? '-' : '+') + two(String(Math.floor(size / 60))) + ':' + two(String(size % 60));
}
export function placeOf(latitude: string, longitude: string): string | null {
  const number = /^-?\d{1,3}(\.\d{1,12})?$/;
  if (!number.test(latitude) || !number.test(longitude)) return null;
  if (Math.abs(Number(latitude)) > 90 || Math.abs(Number(longitude)) > 180) return null;
  return `${Number(latitude)} ${Number(longitude)} 0 0`;
}

interface Parts {
  list: Box[];
  read(texts: string[]): string | null;
  write(answer: string): string[];
  wrong: string;
}

function dateParts(question: Question): Parts {
  const year = box(say('year'), 4), month = monthBox(), day = box(say('day'), 2);
  const onlyYear = question.looks.has('year'), noDay = onlyYear || question.looks.has('month-year');
  const list = onlyYear ? [year] : noDay ? [month, year] : [day, month, year];
  return {
    list,
    read: (texts) => dateOf(noDay ? '1' : texts[0]!, onlyYear ? '1' : texts[noDay ? 0 : 1]!, texts[list.length - 1]!),
    write(answer) {
      const [y = '', m = '', d = ''] = answer.slice(0, 10).split('-').map((each) => each.replace(/^0+/, ''));
      return onlyYear ? [y] : noDay ? [m, y] : [d, m, y];
    },
    wrong: say('date_wrong'),
  };
}

function timeParts(): Parts {
  return {
    list: [box(say('hour'), 2), box(say('minute'), 2)],
    read([hour, minute]) {
      const time = timeOf(hour!, minute!);
      return time && time + offsetAt(new Date());
    },
    write: (answer) => (answer ? [answer.slice(0, 2), answer.slice(3, 5)] : ['', '']),
    wrong: say('time_wrong'),
  };
}

function momentParts(question: Question): Parts {
  const date = dateParts(question), time = timeParts(), dates = date.list.length;
  return {
    list: [...date.list, ...time.list],
    read(texts) {
      const day = date.read(texts.slice(0, dates)), at = timeOf(texts[dates]!, texts[dates + 1]!);
      return day && at ? `${day}T${at}${offsetAt(new Date(`${day}T${at}`))}` : null;
    },
    write(answer) {
      if (!answer) return Array(dates + 2).fill('');
      // What was kept may be of another offset; people read the time of the device.
      const at = new Date(answer), local = new Date(at.getTime() - at.getTimezoneOffset() * 60000).toISOString();
      return [...date.write(local), ...time.write(local.slice(11))];
    },
    wrong: say('moment_wrong'),
  };
}

function placeParts(): Parts {
  return {
    list: [box(say('latitude'), 10, 'text'), box(say('longitude'), 10, 'text')],
    read: ([latitude, longitude]) => placeOf(latitude!, longitude!),
    write: (answer) => (answer ? answer.split(' ').slice(0, 2) : ['', '']),
    wrong: say('place_wrong'),
  };
}

export function boxes(question: Question): Control {
  const parts = question.kind === 'date' ? dateParts(question) : question.kind === 'time' ? timeParts()
    : question.kind === 'moment' ? momentParts(question) : placeParts();
  const element = make('div', { class: 'boxes' }, ...parts.list.map((each) => each.part));
  const texts = () => parts.list.map((each) => plainDigits(each.element.value));
  let changed = () => {}, shown: string | null = null, bad = false;
  const take = () => {
    const now = texts(), empty = now.every((each) => each === '');
    const read = empty ? '' : parts.read(now);
    bad = read === null;
    shown = read ?? '';
    if (question.answer() !== shown) question.set(shown);
    // What was taken in may be written in another way.
    shown = question.answer();
    changed();
  };
  for (const each of parts.list) each.element.addEventListener('change', take);
  element.addEventListener('focusout', (event) => {
    // Somebody still on the way from box to box has made no mistake yet.
    element.classList.toggle('left', !element.contains(event.relatedTarget as Node | null));
    changed();
  });
  return {
    element, labelled: null,
    wrong: () => (bad && !element.contains(document.activeElement) ? parts.wrong : null),
    onWrong(act) { changed = act; },
    update() {
      for (const each of parts.list) each.element.disabled = question.readonly();
      const answer = question.answer();
      if (answer === shown || element.contains(document.activeElement)) return;
      if (bad && answer === '') return;
      shown = answer;
      bad = false;
      parts.write(answer).forEach((text, at) => { parts.list[at]!.element.value = text; });
    },
  };
}
