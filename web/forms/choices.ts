// Choices: one, many, or an order.
import type { Control } from './controls.ts';
import type { Choice, Question } from './engine.ts';
import { button, make, say, showWords } from './dom.ts';

const kManyChoices = 12;  // more than this many of which one is chosen stand in a list that opens

// Makes the rows anew only where the choices themselves are others.
function sameChoices(before: readonly Choice[], now: readonly Choice[]): boolean {
  return before.length === now.length && before.every((each, at) => each.value === now[at]!.value);
}

function buttons(question: Question, many: boolean): Control {
  const element = make('div', { class: 'choices' });
  let before: readonly Choice[] = [];
  let rows: { input: HTMLInputElement; label: HTMLElement }[] = [];
  const take = () => question.choose(before.filter((_, at) => rows[at]!.input.checked).map((each) => each.value));
  const clear = many ? null : button(say('clear'), () => question.choose([]), { class: 'clear' });
  return {
    element, labelled: null, wrong: () => null,
    update() {
      const now = question.choices(), chosen = question.chosen();
      if (!sameChoices(before, now) || rows.length === 0) {
        rows = now.map((each) => {
          const input = make('input', { type: many ? 'checkbox' : 'radio', name: question.id, value: each.value });
          input.addEventListener('change', take);
          return { input, label: make('span') };
        });
        element.replaceChildren(...rows.map((row) => make('label', { class: 'choice' }, row.input, row.label)),
          ...(clear ? [clear] : []));
      }
      before = now;
      now.forEach((each, at) => {
        const { input, label } = rows[at]!;
        showWords(label, each.label);
        input.checked = chosen.includes(each.value);
        input.disabled = question.readonly();
      });
      if (clear) clear.hidden = chosen.length === 0 || question.readonly();
    },
  };
}

function list(question: Question): Control {
  const element = make('select');
  let before: readonly Choice[] = [], language = '';
  element.addEventListener('change', () => question.choose(element.value === '' ? [] : [element.value]));
  return {
    element, labelled: element, wrong: () => null,
    update() {
      const now = question.choices(), said = now.map((each) => each.label.plain).join('\u0000');
      if (!sameChoices(before, now) || said !== language || element.options.length === 0) {
        element.replaceChildren(make('option', { value: '' }, '–'),
          ...now.map((each) => make('option', { value: each.value }, each.label.plain)));
        before = now;
        language = said;
      }
      element.value = question.chosen()[0] ?? '';
      element.disabled = question.readonly();
    },
  };
}

export function oneOf(question: Question): Control {
  const long = question.choices().length > kManyChoices || question.looks.has('minimal');
  return long ? list(question) : buttons(question, false);
}

export const manyOf = (question: Question): Control => buttons(question, true);

// An order, by buttons: dragging is for nobody who uses a keyboard or a screen reader.
export function rankOf(question: Question): Control {
  const rows = make('ol', { class: 'rank' });
  const keep = button(say('keep_order'), () => question.choose(order()));
  const state = make('p', { class: 'hint' });
  const element = make('div', {}, state, rows, keep);
  const order = (): string[] => {
    const chosen = question.chosen();
    return [...chosen, ...question.choices().map((each) => each.value).filter((each) => !chosen.includes(each))];
  };
  const move = (value: string, by: -1 | 1) => {
    const now = order(), at = now.indexOf(value), other = now[at + by];
    if (other === undefined) return;
    now[at] = other;
    now[at + by] = value;
    question.choose(now);
    show();
    const row = rows.children[at + by]!.querySelectorAll('button');
    (by < 0 ? row[0] : row[1])!.focus();
  };
  const show = () => {
    const focused = rows.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset.what : null;
    rows.replaceChildren(...order().map((value) => {
      const label = question.choices().find((each) => each.value === value)?.label ?? null;
      const words = make('span');
      showWords(words, label);
      const row = make('li', {}, words);
      if (!question.readonly())
        for (const [by, sign, key] of [[-1, '↑', 'move_up'], [1, '↓', 'move_down']] as const)
          row.append(button(sign, () => move(value, by),
            { 'aria-label': `${say(key)}: ${label?.plain ?? value}`, 'data-what': `${by} ${value}` }));
      return row;
    }));
    if (focused) rows.querySelector<HTMLElement>(`[data-what="${CSS.escape(focused)}"]`)?.focus();
  };
  let before = '';
  return {
    element, labelled: null, wrong: () => null,
    update() {
      const answered = question.chosen().length > 0;
      state.textContent = answered ? '' : say('not_answered');
      keep.hidden = answered || question.readonly();
      const now = JSON.stringify([order(), question.choices().map((each) => each.label.plain), question.readonly()]);
      if (now !== before) show();
      before = now;
    },
  };
}
