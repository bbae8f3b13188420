// A form while it is filled in, as our controls know it. What computes it stands behind this (xforms_engine.ts), so that
// it can be replaced without touching a control.

export type Kind =
  | 'text' | 'whole' | 'decimal' | 'date' | 'time' | 'moment' | 'place' | 'one' | 'many' | 'rank' | 'note' | 'range'
  | 'trigger' | 'upload' | 'group' | 'repeats' | 'repeat';

// Words with their emphasis; never markup.
export type Rich = { readonly tag: string | null; readonly text: string; readonly children: readonly Rich[] };
export interface Words {
  readonly plain: string;
  readonly rich: readonly Rich[];
  readonly image: string | null;  // name of a file of the form
}

export interface Choice {
  readonly value: string;
  readonly label: Words;
}

export interface Unmet {
  readonly kind: 'required' | 'constraint';
  readonly message: string | null;  // the form's own, where it has one
}

export interface Question {
  readonly id: string;  // as long as the form is open
  readonly kind: Kind;
  readonly looks: ReadonlySet<string>;  // "appearance" of the form, one word each
  readonly lines: number | null;  // of a text
  readonly bounds: { start: number; end: number; step: number } | null;  // of a range
  readonly accept: string;  // media types of an upload
  readonly counted: boolean;  // repeats: the form itself says how many
  relevant(): boolean;  // and all above it
  readonly(): boolean;
  required(): boolean;
  label(): Words | null;
  hint(): Words | null;
  unmet(): Unmet | null;
  children(): readonly Question[];
  // As XForms writes it: dates as 2026-11-25, places as "11.5 104.9 0 0", choices with spaces between.
  answer(): string;
  set(answer: string): void;
  choices(): readonly Choice[];
  chosen(): readonly string[];
  choose(values: readonly string[]): void;
  setFile(file: File | null): void;
  add(): void;  // one more repeat, at the end
  remove(position: number): void;  // counted from 0
}

// What is kept of a form that is not yet sent, and sent in the end.
export interface Saved {
  readonly xml: string;
  readonly files: readonly File[];
}

export interface FilledForm {
  readonly pages: boolean;  // one part at a time
  readonly languages: readonly string[];
  language(): string;
  setLanguage(language: string): void;
  questions(): readonly Question[];
  save(): Promise<Saved>;
}

export interface FormEngine {
  // `file` gives a file of the form by its name; null where there is none. `changed` is called after anything changed.
  open(xml: string, file: (name: string) => Promise<Response | null>, saved: Saved | null,
    changed: () => void): Promise<FilledForm>;
}
