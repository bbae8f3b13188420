// What others do in the same source, as soon as it is done: asks again and again, and each answer waits at the server
// until there is something.
import type { components } from './api';
import { ask, client, Refused, status } from './client.ts';

type Change = components['schemas']['Change'];

const passing = (error: unknown) => error instanceof Refused && ([0, 423, 429].includes(error.status) || error.status >= 500);

export function follow(path: { study: string; source: string }, number: number, on: (change: Change, number: number) => void | Promise<void>): () => void {
  const going = new AbortController();
  const pause = (seconds: number) => new Promise((go) => { setTimeout(go, seconds * 1000); });
  (async () => {
    for (let troubles = 0, again = 0; !going.signal.aborted;) {
      // Nobody looks at it: what happened meanwhile comes when somebody does.
      if (document.hidden) { await pause(1); continue; }
      let got;
      try {
        got = await ask(client.GET('/studies/{study}/sources/{source}/changes', { params: { path, query: { after: number, wait: 1 } }, signal: going.signal }), true);
      } catch (error) {
        if (going.signal.aborted) return;
        if (error instanceof Refused && (error.status === 401 || error.status === 404)) { status.signedOut = error.status === 401; return; }
        await pause(Math.min(30, 2 ** troubles++));
        continue;
      }
      troubles = 0;
      let late = false;
      for (const change of got.changes) {
        if (going.signal.aborted) return;
        try {
          await on(change, got.number);
        } catch (error) {
          console.error(error);
          late ||= passing(error);
        }
      }
      // What needed reading that failed for now is asked for again; but nothing stands in the way of what follows for ever.
      if (late && again < 5) {
        await pause(2 ** again++);
        continue;
      }
      number = got.number;
      again = 0;
    }
  })();
  return () => going.abort();
}
