// The JSON interface, as docs/api/openapi.yaml describes it.
import createClient from 'openapi-fetch';
import { reactive } from 'vue';
import type { paths } from './api';
import { setting } from './setting.ts';
import { say } from './words.ts';

// What the status line says. `bad`: something did not work.
export const status = reactive({ text: '', bad: false, signedOut: false });
export function tell(text: string, bad = false): void {
  status.text = text;
  status.bad = bad;
}

// Long work, shown in the status line wherever somebody is at the desk; one at a time.
export const work = reactive({
  busy: false, text: '', done: 0, of: 0, stop: () => {},
  begin(text: string, stop: () => void) { Object.assign(work, { busy: true, text, done: 0, of: 0, stop }); },
  at(done: number, of: number) { work.done = done; work.of = of; },
  end() { work.busy = false; },
});
// Whoever closes the window ends it.
addEventListener('beforeunload', (event) => { if (work.busy) event.preventDefault(); });

export const client = createClient<paths>({ baseUrl: '/api/v1', headers: { 'X-Form': setting.token } });

// What was answered; a problem is said in the status line and thrown, so that nobody goes on with nothing.
export class Refused extends Error {
  constructor(readonly status: number, readonly code: string, sentence: string) { super(sentence); }
}
export async function ask<T>(answer: Promise<{ data?: T; error?: unknown; response: Response }>, quiet = false): Promise<T> {
  let got;
  try {
    got = await answer;
  } catch {
    const sentence = say('desk.offline');
    if (!quiet) tell(sentence, true);
    throw new Refused(0, 'offline', sentence);
  }
  if (got.response.ok) return got.data as T;
  const said = got.error as { code?: string; message?: string } | string | undefined;
  if (got.response.status === 401) status.signedOut = true;
  const sentence = got.response.status === 401 ? say('desk.signed_out')
    : typeof said === 'object' && said?.message ? said.message
    : got.response.status === 423 ? say('desk.locked_about') : say('desk.failed', { status: got.response.status });
  if (!quiet) tell(sentence, true);
  throw new Refused(got.response.status, typeof said === 'object' ? said?.code ?? '' : '', sentence);
}
