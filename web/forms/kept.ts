// What this device keeps, as people see it: drafts, and what waits to be sent. Plain states, one next step each.
import { monthName } from './boxes.ts';
import { button, make, say, setting } from './dom.ts';
import { canSeal, SealedStore, type Entry } from './sealed.ts';
import { send, type Sent } from './sending.ts';

const kShortest = 10;  // letters of a passphrase
const kAgain = 20_000;  // milliseconds until what could not be sent is tried again

function moment(at: number): string {
  const date = new Date(at), two = (number: number) => String(number).padStart(2, '0');
  return `${date.getDate()} ${monthName(date.getMonth() + 1)} ${date.getFullYear()}, ${two(date.getHours())}:${two(date.getMinutes())}`;
}

export class Kept {
  private store: SealedStore | null = null;
  private entries: Entry[] = [];
  private unreadable = 0;
  private place: HTMLElement | null = null;
  private readonly held = new Map<string, Entry>();  // what waits while nothing may be kept: in this page alone
  private busy = false;
  opened = () => {};

  constructor(private readonly tell: (text: string) => void, private readonly goOn: (entry: Entry) => void) {
    window.addEventListener('online', () => void this.sendAll());
    setInterval(() => void this.sendAll(), kAgain);
  }

  get isOpen(): boolean { return this.store?.isOpen ?? false; }
  get count(): number { return this.entries.length + this.held.size; }
  mayLose(unsaved: boolean): boolean { return this.held.size > 0 || unsaved; }

  async put(entry: Entry): Promise<void> {
    await this.store!.put(entry);
    this.entries = [entry, ...this.entries.filter((each) => each.id !== entry.id)];
    this.draw();
  }

  // Is it kept here? Where nothing can be, for want of a passphrase or of room, this page alone has it.
  private async hold(entry: Entry): Promise<boolean> {
    try {
      if (this.isOpen) {
        await this.put(entry);
        this.held.delete(entry.id);
        return true;
      }
    } catch (error) {
      console.error(error);
    }
    this.held.set(entry.id, entry);
    return false;
  }

  private async drop(entry: Entry): Promise<void> {
    this.held.delete(entry.id);
    if (this.isOpen) await this.store!.drop(entry.id);
    this.entries = this.entries.filter((each) => each.id !== entry.id);
    this.draw();
  }

  // Keeps it first, so that a browser that dies in between loses nothing.
  async send(entry: Entry, place: HTMLElement): Promise<void> {
    await this.hold(entry);
    await this.sendOne(entry, place);
    this.draw();
  }

  private async sendOne(entry: Entry, place: HTMLElement | null): Promise<Sent> {
    const sent = await send(entry);
    if ('receipt' in sent) {
      await this.drop(entry);
      if (place) {
        this.tell('');
        place.append(make('div', { class: 'note receipt', role: 'status' }, make('p', {}, sent.message),
          make('p', {}, `${say('number')} `, make('code', {}, sent.receipt))));
      } else {
        this.tell(`${entry.title}: ${sent.message}`);
      }
    } else {
      const why = sent.state === 'refused' ? sent.message : say('later_' + sent.why);
      const now: Entry = { ...entry, state: sent.state === 'refused' ? 'refused' : 'waiting', why };
      const kept = await this.hold(now);
      this.tell(why + (kept ? '' : ' ' + say('page_alone')));
    }
    return sent;
  }

  private async sendAll(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      for (const entry of [...this.held.values(), ...this.entries])
        if (entry.state === 'waiting' && (await this.sendOne(entry, null)).state === 'later') break;
    } finally {
      this.busy = false;
    }
  }

  async show(place: HTMLElement): Promise<void> {
    this.place = place;
    if (!canSeal()) {
      place.replaceChildren(make('p', {}, say('cannot_keep')));
      return;
    }
    this.store = await SealedStore.of(setting.owner);
    await this.drawClosed();
  }

  private passphrase(label: string, act: (typed: string) => Promise<string | null>, again: boolean): HTMLFormElement {
    const typed = make('input', { type: 'password', autocomplete: 'off', required: true, minlength: String(again ? kShortest : 1) });
    const second = make('input', { type: 'password', autocomplete: 'off', required: true });
    const amiss = make('p', { class: 'amiss', role: 'alert' });
    const go = make('button', {}, label);
    const made = make('form', { class: 'entry' }, make('label', {}, say('passphrase'), typed),
      ...(again ? [make('label', {}, say('passphrase_again'), second)] : []), amiss, go);
    made.addEventListener('submit', (event) => {
      event.preventDefault();
      if (again && typed.value !== second.value) {
        amiss.textContent = say('passphrases_differ');
        return;
      }
      go.disabled = true;
      act(typed.value).then((wrong) => {
        go.disabled = false;
        amiss.textContent = wrong ?? '';
        if (wrong) typed.focus();
      }, () => {
        go.disabled = false;
        amiss.textContent = say('cannot_keep');
      });
    });
    return made;
  }

  private async drawClosed(): Promise<void> {
    const store = this.store!;
    if (await store.exists()) {
      this.place!.replaceChildren(make('p', {}, say('locked')), this.passphrase(say('unlock'), async (typed) => {
        if (!(await store.unlock(typed))) return say('passphrase_wrong');
        await this.read();
        return null;
      }, false), this.wipeButton());
    } else {
      this.place!.replaceChildren(make('p', {}, say('keep_about')), this.passphrase(say('keep'), async (typed) => {
        await store.begin(typed);
        await this.read();
        return null;
      }, true));
    }
  }

  private async read(): Promise<void> {
    ({ entries: this.entries, unreadable: this.unreadable } = await this.store!.all());
    for (const entry of this.held.values()) await this.put(entry);
    this.held.clear();
    this.draw();
    this.opened();
    void this.sendAll();
  }

  private wipeButton(): HTMLElement {
    return button(say('wipe'), async () => {
      if (!window.confirm(say('wipe_sure'))) return;
      await this.store!.wipe();
      this.entries = [];
      this.tell(say('wiped'));
      await this.drawClosed();
    }, { class: 'wipe' });
  }

  private draw(): void {
    if (!this.place || !this.isOpen) return;
    const focused = document.activeElement?.getAttribute('data-entry');
    const rows = this.entries.map((entry) => {
      const row = make('li', { class: 'kept-' + entry.state }, make('strong', {}, entry.title), ' ',
        make('span', {}, `${moment(entry.at)} · ${say('state_' + entry.state)}`), entry.why ? make('p', {}, entry.why) : '');
      const act = (key: string, what: () => void) =>
        row.append(' ', button(say(key), what, { 'aria-label': `${say(key)}: ${entry.title}`, 'data-entry': key + entry.id }));
      if (entry.state === 'waiting') act('send_again', () => void this.sendOne(entry, null));
      else if (entry.form === setting.form) act('go_on', () => this.goOn(entry));
      else row.append(' ', make('a', { href: `/forms/${encodeURIComponent(entry.form)}/engine` }, say('go_on')));
      act('delete', () => { if (window.confirm(say('delete_sure'))) void this.drop(entry); });
      return row;
    });
    this.place.replaceChildren(make('p', {}, say(rows.length > 0 ? 'kept_here' : 'nothing_kept')),
      ...(rows.length > 0 ? [make('ul', { class: 'entries' }, ...rows)] : []),
      ...(this.unreadable > 0 ? [make('p', { class: 'amiss' }, `${say('unreadable')} ${this.unreadable}`)] : []),
      this.wipeButton());
    if (focused) this.place.querySelector<HTMLElement>(`[data-entry="${CSS.escape(focused)}"]`)?.focus();
  }
}
