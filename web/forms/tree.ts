// Questions as they stand on the page, kept in step with the form.
import { controlOf, type Control } from './controls.ts';
import type { Question } from './engine.ts';
import { button, make, say, showWords } from './dom.ts';

interface Shown {
  readonly question: Question;
  readonly element: HTMLElement;
  update(): void;
}

export interface Problem {
  readonly label: string;
  readonly message: string;
  readonly element: HTMLElement;
}

export class Tree {
  private readonly shown = new Map<string, Shown>();
  private readonly said = new Set<string>();  // questions somebody has been at: their problems show
  private everything = false;

  constructor(private readonly place: HTMLElement, private readonly top: () => readonly Question[],
    private readonly tell: (text: string) => void) {}

  update(): void {
    this.fill(this.place, this.top());
  }

  // Everything that keeps the form from being sent, and from now on shown where it is.
  problems(): Problem[] {
    this.everything = true;
    this.update();
    const found: Problem[] = [];
    const look = (list: readonly Question[]) => {
      for (const question of list) {
        if (!question.relevant()) continue;
        const shown = this.shown.get(question.id), message = shown instanceof Asked ? shown.amiss() : null;
        if (shown && message)
          found.push({ label: question.label()?.plain ?? '', message, element: shown.element });
        look(question.children());
      }
    };
    look(this.top());
    return found;
  }

  private fill(place: HTMLElement, questions: readonly Question[]): void {
    questions.forEach((question, at) => {
      let shown = this.shown.get(question.id);
      if (!shown) {
        shown = this.begin(question);
        this.shown.set(question.id, shown);
      }
      if (place.children[at] !== shown.element) place.insertBefore(shown.element, place.children[at] ?? null);
      shown.element.hidden = !question.relevant();
      if (!shown.element.hidden) shown.update();
    });
    while (place.children.length > questions.length) place.lastElementChild!.remove();
  }

  private begin(question: Question): Shown {
    if (question.kind === 'group') return this.group(question);
    if (question.kind === 'repeats') return this.repeats(question);
    if (question.kind === 'repeat') return this.group(question);
    return new Asked(question, () => this.everything || this.said.has(question.id), () => this.said.add(question.id));
  }

  private group(question: Question): Shown {
    const heading = make('h2', { id: question.id + '-label' });
    const inside = make('div');
    const element = make('section', { class: 'group', id: question.id }, heading, inside);
    return {
      question, element,
      update: () => {
        const label = question.label();
        heading.hidden = !label?.plain;
        if (label?.plain) {
          element.setAttribute('role', 'group');
          element.setAttribute('aria-labelledby', heading.id);
        }
        showWords(heading, label);
        this.fill(inside, question.children());
      },
    };
  }

  private repeats(question: Question): Shown {
    const heading = make('h2', { id: question.id + '-label' });
    const inside = make('div');
    const rows = new Map<string, { element: HTMLElement; head: HTMLElement; remove: HTMLButtonElement; body: HTMLElement }>();
    const name = () => question.label()?.plain || say('part');
    const add = button('', () => {
      question.add();
      this.update();
      const all = question.children(), last = rows.get(all[all.length - 1]!.id)!;
      last.element.querySelector<HTMLElement>('.asked input, .asked select, .asked textarea, button')?.focus();
      this.tell(`${say('added')}: ${name()} ${all.length}`);
    }, { class: 'add' });
    const element = make('section', { class: 'repeats', id: question.id }, heading, inside, add);
    const remove = (of: Question) => {
      const at = question.children().indexOf(of);
      if (at < 0 || !window.confirm(`${say('remove_sure')} ${name()} ${at + 1}`)) return;
      question.remove(at);
      this.update();
      add.focus();
      this.tell(`${say('removed')}: ${name()} ${at + 1}`);
    };
    return {
      question, element,
      update: () => {
        showWords(heading, question.label());
        heading.hidden = !question.label()?.plain;
        const all = question.children();
        all.forEach((each, at) => {
          let row = rows.get(each.id);
          if (!row) {
            const head = make('h3', { id: each.id + '-label' }), body = make('div');
            const drop = button(say('remove'), () => remove(each), { class: 'remove' });
            const made = make('section', { class: 'repeat', id: each.id, role: 'group', 'aria-labelledby': head.id },
              head, body, drop);
            row = { element: made, head, remove: drop, body };
            rows.set(each.id, row);
          }
          row.head.textContent = `${each.label()?.plain || name()} ${at + 1}`;
          row.remove.setAttribute('aria-label', `${say('remove')}: ${row.head.textContent}`);
          row.remove.hidden = question.counted || question.readonly();
          row.element.hidden = !each.relevant();
          if (inside.children[at] !== row.element) inside.insertBefore(row.element, inside.children[at] ?? null);
          this.fill(row.body, each.children());
        });
        while (inside.children.length > all.length) inside.lastElementChild!.remove();
        add.textContent = `${say('add')}: ${name()}`;
        add.hidden = question.counted || question.readonly();
      },
    };
  }
}

// A question with its label, hint, control and what is amiss.
class Asked implements Shown {
  readonly element: HTMLElement;
  private readonly label: HTMLElement;
  private readonly hint: HTMLElement;
  private readonly problem: HTMLElement;
  private readonly control: Control;

  constructor(readonly question: Question, private readonly show: () => boolean, beenAt: () => void) {
    const control = controlOf(question), id = question.id;
    this.control = control;
    this.hint = make('p', { class: 'hint', id: id + '-hint' });
    this.problem = make('p', { class: 'amiss', id: id + '-amiss' });
    if (question.kind === 'note') {
      this.label = make('p', { class: 'label', id: id + '-label' });
      this.element = make('div', { class: 'asked note', id }, this.label, this.hint, control.element);
    } else if (control.labelled) {
      control.labelled.id = id + '-answer';
      this.label = make('label', { class: 'label', for: id + '-answer' });
      this.element = make('div', { class: 'asked', id }, this.label, this.hint, this.problem, control.element);
    } else {
      this.label = make('legend', { class: 'label' });
      this.element = make('fieldset', { class: 'asked', id }, this.label, this.hint, this.problem, control.element);
    }
    const described = control.labelled ?? this.element;
    if (question.kind !== 'note') described.setAttribute('aria-describedby', `${id}-hint ${id}-amiss`);
    this.element.addEventListener('focusout', (event) => {
      if (this.element.contains(event.relatedTarget as Node | null)) return;
      beenAt();
      this.update();
    });
    control.onWrong?.(() => this.update());
  }

  amiss(): string | null {
    const wrong = this.control.wrong();
    if (wrong) return wrong;
    const unmet = this.question.unmet();
    return unmet ? unmet.message ?? say(unmet.kind === 'required' ? 'required' : 'constraint') : null;
  }

  update(): void {
    const { question, control } = this;
    showWords(this.label, question.label() ?? { plain: '…', rich: [{ tag: null, text: '…', children: [] }], image: null },
      question.required() && !question.readonly() ? `(${say('must')})` : '');
    showWords(this.hint, question.hint());
    this.hint.hidden = !question.hint()?.plain;
    control.update();
    const amiss = control.wrong() ?? (this.show() ? this.amiss() : null);
    this.problem.textContent = amiss ?? '';
    this.problem.hidden = !amiss;
    this.element.classList.toggle('is-amiss', amiss !== null);
    const marked = control.labelled;
    if (marked) {
      marked.toggleAttribute('required', false);
      marked.setAttribute('aria-invalid', String(amiss !== null));
      if (question.required()) marked.setAttribute('aria-required', 'true');
      else marked.removeAttribute('aria-required');
    }
  }
}
