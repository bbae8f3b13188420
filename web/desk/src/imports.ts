// Bringing files in: sent once to be looked at and once more to be taken; the answer tells how far it is while it is made.
// It goes on while somebody works elsewhere at the desk; the status line shows it.
import { shallowRef } from 'vue';
import { Refused, work } from './client.ts';
import { setting } from './setting.ts';
import { say } from './words.ts';

export interface Count { element: string; read: number; merged: number; changed: number; kept: number; unusable: number }
export interface Report {
  file: string; format: string; complete: boolean; counts: Count[]; all_lines: number;
  lines: { element: string; outcome: string; where: string; what: string }[];
  readings: { source: string; unit: string; selections: number; score: number; runner_up: number; why: string }[];
}
export interface Table { file: string; sheets: string[]; columns: { name: string; as: string }[] }
export interface Outcome { kept?: boolean; reports?: Report[]; tables?: Table[]; file?: string; problem?: { code: string; message: string } }
export interface Facts { location: string; language: string; kind: string; respondent: string; coder: string; told_on: string; sheet: string }

// What was taken in last, for whoever left the page and comes back to it.
export const taken = shallowRef<{ study: string; outcome: Outcome }>();

export async function bringIn(study: string, files: File[], facts: Facts, table: Table | undefined, keep: boolean): Promise<Outcome> {
  const form = new FormData();
  for (const [name, value] of Object.entries(facts)) if (value) form.append(name, value);
  if (table) {
    form.append('columns_of', table.file);
    form.append('columns', table.columns.map((each) => `${each.name}=${each.as}`).join('\n'));
  }
  if (keep) form.append('keep', 'yes');
  for (const file of files) form.append('file', file, file.webkitRelativePath || file.name);
  const going = new AbortController();
  work.begin(say(keep ? 'desk.taking_in' : 'desk.looking_at', { n: files.length }), () => going.abort());
  try {
    const answer = await fetch(`/api/v1/studies/${study}/imports`, { method: 'POST', body: form, headers: { 'X-Form': setting.token }, signal: going.signal });
    if (!answer.ok || !answer.body) {
      const said = await answer.json().catch(() => ({})) as { code?: string; message?: string };
      throw new Refused(answer.status, said.code ?? '', said.message ?? say('desk.failed', { status: answer.status }));
    }
    let rest = '', last: Outcome = {};
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      const lines = (rest + value).split('\n');
      rest = lines.pop()!;
      for (const line of lines) {
        const told = JSON.parse(line) as Outcome & { step?: string; done?: number; of?: number };
        if (told.step === undefined) last = told; else work.at(told.done ?? 0, told.of ?? 0);
      }
    }
    if (!last.reports && !last.problem) throw new Refused(0, 'cut', say('desk.import_cut'));
    if (last.kept) taken.value = { study, outcome: last };
    return last;
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw new Refused(0, going.signal.aborted ? 'stopped' : 'offline', say(going.signal.aborted ? 'desk.import_stopped' : 'desk.offline'));
  } finally {
    work.end();
  }
}
