// One control for each kind of question. A control shows the answer, takes a new one, and says what it cannot take.
import type { Question } from './engine.ts';
import { boxes } from './boxes.ts';
import { manyOf, oneOf, rankOf } from './choices.ts';
import { make, plainDigits, say, button } from './dom.ts';

export interface Control {
  readonly element: HTMLElement;
  readonly labelled: HTMLElement | null;  // what the label belongs to; null: the control is a group with a legend
  update(): void;
  // What stands there and is no answer ("13/40/1999"): never dropped without a word.
  wrong(): string | null;
  onWrong?(act: () => void): void;  // is told when that changes without the form
}

// Answers are taken when somebody pauses, not at each letter: computing a long form takes its time on a slow phone.
export function whenPaused(act: () => void, milliseconds = 300): { soon(): void; now(): void } {
  let timer = 0;
  return {
    soon() {
      clearTimeout(timer);
      timer = window.setTimeout(act, milliseconds);
    },
    now() {
      clearTimeout(timer);
      act();
    },
  };
}

function textOf(question: Question): Control {
  const long = question.lines !== null || question.looks.has('multiline');
  const element = long ? make('textarea', { rows: String(question.lines ?? 4) }) : make('input', { type: 'text' });
  element.autocomplete = 'off';
  const take = whenPaused(() => element.value !== question.answer() && question.set(element.value));
  element.addEventListener('input', take.soon);
  element.addEventListener('change', take.now);
  return {
    element, labelled: element, wrong: () => null,
    update() {
      element.readOnly = question.readonly();
      if (document.activeElement !== element && element.value !== question.answer()) element.value = question.answer();
    },
  };
}

function numberOf(question: Question): Control {
  const whole = question.kind === 'whole';
  const element = make('input', { type: 'text', inputmode: whole ? 'numeric' : 'decimal', autocomplete: 'off', class: 'short' });
  const pattern = whole ? /^-?\d{1,18}$/ : /^-?\d{1,15}(\.\d{1,15})?$/;
  const plain = () => plainDigits(element.value);
  let bad = false;
  const take = whenPaused(() => {
    bad = plain() !== '' && !pattern.test(plain());
    const answer = bad ? '' : plain();
    if (answer !== question.answer()) question.set(answer);
    changed();
  });
  let changed = () => {};
  element.addEventListener('input', take.soon);
  element.addEventListener('change', take.now);
  return {
    element, labelled: element,
    wrong: () => (bad ? say(whole ? 'whole_wrong' : 'decimal_wrong') : null),
    update() {
      element.readOnly = question.readonly();
      if (document.activeElement !== element && !bad && plain() !== question.answer()) element.value = question.answer();
    },
    onWrong(act) { changed = act; },
  };
}

function rangeOf(question: Question): Control {
  const { start, end, step } = question.bounds!;
  const slider = make('input', {
    type: 'range', min: String(Math.min(start, end)), max: String(Math.max(start, end)), step: String(step),
  });
  const shown = make('output');
  const take = () => question.set(slider.value);
  slider.addEventListener('input', take);
  // The place where the slider happens to stand is an answer only once somebody said so.
  slider.addEventListener('click', take);
  slider.addEventListener('keydown', (event) => (event.key === 'Enter' || event.key === ' ') && take());
  const clear = button(say('clear'), () => question.set(''));
  const element = make('div', { class: 'range' }, String(start), slider, String(end), shown, clear);
  return {
    element, labelled: slider, wrong: () => null,
    update() {
      const answer = question.answer();
      slider.disabled = question.readonly();
      if (answer !== '' && slider.value !== answer) slider.value = answer;
      shown.textContent = answer === '' ? say('not_answered') : answer;
      slider.setAttribute('aria-valuetext', shown.textContent);
      clear.hidden = answer === '' || question.readonly();
    },
  };
}

function triggerOf(question: Question): Control {
  const box = make('input', { type: 'checkbox' });
  box.addEventListener('change', () => question.set(box.checked ? 'OK' : ''));
  const element = make('div', { class: 'choice' }, box);
  return {
    element, labelled: box, wrong: () => null,
    update() {
      box.checked = question.answer() === 'OK';
      box.disabled = question.readonly();
    },
  };
}

function uploadOf(question: Question): Control {
  const picker = make('input', { type: 'file', accept: question.accept });
  const name = make('output');
  picker.addEventListener('change', () => picker.files?.[0] && question.setFile(picker.files[0]));
  const clear = button(say('remove_file'), () => {
    picker.value = '';
    question.setFile(null);
    picker.focus();
  });
  return {
    element: make('div', { class: 'upload' }, picker, name, clear), labelled: picker, wrong: () => null,
    update() {
      const answer = question.answer();
      name.textContent = answer;
      clear.hidden = answer === '' || question.readonly();
      picker.disabled = question.readonly();
    },
  };
}

function noteOf(question: Question): Control {
  const element = make('output');
  return {
    element, labelled: null, wrong: () => null,
    update() {
      element.textContent = question.answer();
      element.hidden = question.answer() === '';
    },
  };
}

export function controlOf(question: Question): Control {
  switch (question.kind) {
    case 'whole': case 'decimal': return numberOf(question);
    case 'date': case 'time': case 'moment': case 'place': return boxes(question);
    case 'one': return oneOf(question);
    case 'many': return manyOf(question);
    case 'rank': return rankOf(question);
    case 'range': return rangeOf(question);
    case 'trigger': return triggerOf(question);
    case 'upload': return uploadOf(question);
    case 'note': return noteOf(question);
    default: return textOf(question);
  }
}
