// The page /forms/{form}/engine.
import type { FilledForm } from './engine.ts';
import { button, make, say, setting } from './dom.ts';
import { Kept } from './kept.ts';
import { Tree, type Problem } from './tree.ts';
import { xformsEngine } from './xforms_engine.ts';
import { whenPaused } from './controls.ts';
import type { Entry } from './sealed.ts';

const place = document.getElementById('form')!;
const status = make('p', { role: 'status', class: 'status' });
const summary = make('div', { class: 'problem summary', tabindex: '-1', role: 'alert' });
const questions = make('div', { class: 'questions' });
const steps = make('div', { class: 'steps' });
const ask = make('label', { class: 'language' });
const sendButton = button(say('send'), () => void sendNow(), { class: 'send' });

let form: FilledForm, tree: Tree;
// (randomUUID is for secure pages alone.)
const newId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((each) => each.toString(16).padStart(2, '0')).join('');
let id = newId();
let version = setting.version, step = 0, sending = false, handing = false;  // handing: what is sent is still being taken from the form
let edits = 0, saved = 0;  // how often somebody changed an answer, and how many of those this device keeps

const kept = new Kept(tell, (entry) => void start(entry));

function tell(text: string): void {
  status.textContent = text;
}

const at = (path: string) => `/forms/${setting.form}/versions/${version}${path}`;

async function fileOf(name: string): Promise<Response | null> {
  const answer = await fetch(at('/files/' + encodeURIComponent(name)));
  return answer.ok ? answer : null;
}

// The language of the questions that is nearest to that of the page: "ខ្មែរ (km)", "km", or the form's own first.
function nearest(languages: readonly string[]): string | undefined {
  const code = setting.language;
  return languages.find((each) => each === code || each.toLowerCase().includes(`(${code})`)) ??
    languages.find((each) => each.toLowerCase().startsWith(code));
}

function codeOf(language: string): string {
  return /\(([a-z]{2,3}(?:-[A-Za-z]+)?)\)/.exec(language)?.[1] ?? (/^[a-z]{2,3}$/.test(language) ? language : '');
}

function chooseLanguage(language: string): void {
  form.setLanguage(language);
  const code = codeOf(language);
  if (code) questions.lang = code;
}

function showLanguages(): void {
  ask.hidden = form.languages.length < 2;
  const select = make('select', {}, ...form.languages.map((each) => make('option', { value: each }, each)));
  select.value = form.language();
  select.addEventListener('change', () => chooseLanguage(select.value));
  ask.replaceChildren(say('language'), ' ', select);
}

// One part at a time, where the form asks for that.
function showStep(): void {
  const parts = [...questions.children].filter((each): each is HTMLElement => each instanceof HTMLElement && !each.hidden);
  steps.hidden = !form.pages || parts.length < 2;
  if (!form.pages) return;
  step = Math.min(Math.max(step, 0), Math.max(parts.length - 1, 0));
  parts.forEach((each, position) => each.classList.toggle('elsewhere', position !== step));
  steps.replaceChildren(
    button(say('back'), () => go(step - 1), step === 0 ? { disabled: true } : {}),
    make('span', {}, `${step + 1} / ${parts.length}`),
    button(say('next'), () => go(step + 1), step === parts.length - 1 ? { disabled: true } : {}));
}

function go(to: number): void {
  step = to;
  showStep();
  questions.querySelector<HTMLElement>(':scope > :not([hidden]):not(.elsewhere)')
    ?.querySelector<HTMLElement>('input, select, textarea, button')?.focus();
  window.scrollTo(0, questions.offsetTop);
}

let due = false;
function changed(): void {
  if (due) return;
  due = true;
  setTimeout(() => {
    due = false;
    tree.update();
    showStep();
    if (edits > 0) save.soon();
  }, 0);
}

// One after the other: an older state never lands on a newer one, nor a draft on what is being sent.
const save = whenPaused(() => void saveNow(), 600);
let saving = Promise.resolve();
function saveNow(): Promise<void> {
  return saving = saving.then(async () => {
    if (!kept.isOpen || edits === 0 || sending) return;
    const taken = edits, which = head();
    await kept.put({ ...which, ...await form.save(), state: 'draft' });
    saved = taken;
  }).catch((error) => {
    console.error(error);
    tell(say('cannot_keep'));
  });
}

// Of the form that is open now; what it holds takes a moment.
const head = () => ({ id, form: setting.form, version, title: setting.title, at: Date.now(), why: '' });

function showProblems(problems: readonly Problem[]): void {
  summary.hidden = problems.length === 0;
  summary.replaceChildren();
  if (problems.length === 0) return;
  summary.append(make('p', {}, say('problems')), make('ul', {}, ...problems.map((each) => {
    const link = make('a', { href: '#' + each.element.id }, `${each.label}: ${each.message}`);
    link.addEventListener('click', (event) => {
      event.preventDefault();
      if (form.pages) {
        const parts = [...questions.children].filter((part) => !(part as HTMLElement).hidden);
        step = parts.findIndex((part) => part.contains(each.element));
        showStep();
      }
      (each.element.querySelector<HTMLElement>('input, select, textarea, button') ?? each.element).focus();
    });
    return make('li', {}, link);
  })));
  summary.focus();
}

async function sendNow(): Promise<void> {
  const problems = tree.problems();
  showProblems(problems);
  if (problems.length > 0 || sending) return;
  sending = handing = true;
  sendButton.disabled = true;
  tell(say('sending'));
  await saving;
  let entry: Entry;
  try {
    entry = { ...head(), ...await form.save(), state: 'waiting' };
  } catch (error) {
    sending = sendButton.disabled = false;
    tell('');
    throw error;
  } finally {
    handing = false;
  }
  // From here on it is one and the same, however often it goes out.
  place.replaceChildren(status);
  edits = saved = 0;
  await kept.send(entry, place);
  place.append(make('p', {}, button(say('another'), () => void start(null))));
}

async function start(entry: Entry | null): Promise<void> {
  if (handing) return;
  await saveNow();
  if (kept.isOpen && edits > saved) return;  // it could not be kept, and says so: it stays open
  if (entry?.id === id && edits > 0) return;  // it is the one that is open
  id = entry?.id ?? newId();
  version = entry?.version ?? setting.version;
  edits = saved = 0;
  sending = false;
  step = 0;
  sendButton.disabled = false;
  questions.replaceChildren();
  place.replaceChildren(make('p', { role: 'status' }, say('opening')));
  const answer = await fetch(at('/definition'));
  if (!answer.ok) throw new Error(String(answer.status));
  tree = new Tree(questions, () => form.questions(), tell);
  form = await xformsEngine.open(await answer.text(), fileOf, entry, () => changed());
  const language = nearest(form.languages);
  if (language) chooseLanguage(language);
  else if (form.languages.length > 0) chooseLanguage(form.language());
  showLanguages();
  summary.hidden = true;
  place.replaceChildren(ask, summary, questions, steps, make('p', {}, sendButton), status);
  tell('');
  tree.update();
  showStep();
}

let typing = false;  // in one of those boxes that are read when they are left
function edited(): void {
  edits++;
  save.soon();
}
questions.addEventListener('input', (event) => {
  typing = (event.target as Element).closest('.boxes') !== null;
  edited();
});
questions.addEventListener('change', () => {
  typing = false;
  edited();
});
questions.addEventListener('click', (event) => {
  if (event.target instanceof HTMLButtonElement || (event.target as Element).matches('input[type=range]')) edited();
});
// Whoever goes away in the middle of a word meant that word.
function saveAtOnce(): void {
  if ((typing || edits > saved) && questions.contains(document.activeElement))
    document.activeElement!.dispatchEvent(new Event('change', { bubbles: true }));
  save.now();
}
document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && saveAtOnce());
window.addEventListener('beforeunload', (event) => {
  saveAtOnce();
  if (kept.mayLose(edits > saved)) event.preventDefault();
});
// Signing out empties this site's storage, drafts with it.
for (const out of document.querySelectorAll<HTMLFormElement>('form.account'))
  out.addEventListener('submit', (event) => {
    if ((edits > 0 || kept.count > 0) && !window.confirm(say('sign_out_sure'))) event.preventDefault();
    else {
      edits = saved = 0;
      typing = false;
    }
  });

kept.opened = () => save.now();
void kept.show(document.getElementById('kept')!);
start(null).catch((error) => {
  console.error(error);
  place.replaceChildren(make('p', { class: 'problem', role: 'alert' }, say('cannot_open')));
});
