// Sends what was filled in: the very same bytes however often, so that it is one record.
import { readSetting, setting } from './dom.ts';
import type { Entry } from './sealed.ts';

export type Sent =
  | { state: 'received' | 'waits'; receipt: string; message: string }
  | { state: 'refused'; message: string }
  | { state: 'later'; why: 'offline' | 'sign_in' | 'busy' };

let token = setting.token;

async function once(entry: Entry): Promise<Response> {
  const data = new FormData();
  data.set('form', token);
  data.set('xml_submission_file', new File([entry.xml], 'submission.xml', { type: 'text/xml' }));
  for (const file of entry.files) data.set(file.name, file, file.name);
  // To the sign-in page means: not now.
  return fetch(`/forms/${encodeURIComponent(entry.form)}/engine?lang=${setting.language}`,
    { method: 'POST', body: data, redirect: 'manual', credentials: 'same-origin' });
}

// Somebody who signed in again has another token, which a page made since then holds.
async function newToken(): Promise<boolean> {
  const answer = await fetch(location.pathname, { redirect: 'manual', credentials: 'same-origin' });
  if (!answer.ok) return false;
  const there = readSetting(new DOMParser().parseFromString(await answer.text(), 'text/html'));
  if (there.owner !== setting.owner || there.token === token) return false;
  token = there.token;
  return true;
}

export async function send(entry: Entry): Promise<Sent> {
  try {
    let answer = await once(entry);
    if (answer.status === 403 && (await newToken())) answer = await once(entry);
    if (answer.type === 'opaqueredirect' || answer.status === 401 || answer.status === 403)
      return { state: 'later', why: 'sign_in' };
    if (answer.status === 429 || answer.status >= 500) return { state: 'later', why: 'busy' };
    const said = await answer.json();
    if (answer.ok) return { state: said.state, receipt: said.receipt, message: said.message };
    return { state: 'refused', message: said.message };
  } catch {
    return { state: 'later', why: 'offline' };
  }
}
