// What the page brought along: who is here, in which language, and the words.
import type { components } from './api';

export type Person = components['schemas']['Person'];
export interface Setting {
  token: string;
  language: string;
  checked: boolean;
  example: boolean;
  languages: { code: string; name: string }[];
  words: Record<string, string>;
  person: Person;
}

export const setting: Setting = JSON.parse(document.getElementById('setting')!.textContent!);
