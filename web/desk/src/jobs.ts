// Work of a study that goes on by itself, as the foot of the desk shows it: asked for once a minute, and every ten
// seconds while something is under way; never while nobody looks, and more rarely where the network is not there.
import { shallowRef, watch, type Ref } from 'vue';
import type { components } from './api';
import { ask, client, Refused } from './client.ts';

export type Job = components['schemas']['Job'];
const kQuiet = 60_000, kBusy = 10_000, kTrouble = 300_000;

export function useJobs(study: Ref<string | undefined>): Ref<Job[]> {
  const going = shallowRef<Job[]>([]);
  let next: ReturnType<typeof setTimeout> | undefined, turn = 0;
  // `mine`: of the study that was opened last; whoever left it and came back is asked for once.
  async function look(of: string, mine: number): Promise<void> {
    let pause = kQuiet;
    if (!document.hidden) {
      try {
        const { jobs } = await ask(client.GET('/studies/{study}/jobs', { params: { path: { study: of } } }), true);
        if (mine !== turn) return;
        going.value = jobs.filter((each) => each.state === 'queued' || each.state === 'running');
        if (going.value.length) pause = kBusy;
      } catch (error) {
        if (mine !== turn) return;
        going.value = [];
        if (error instanceof Refused && (error.status === 403 || error.status === 404)) return;
        pause = kTrouble;
      }
    }
    next = setTimeout(() => { void look(of, mine); }, pause);
  }
  watch(study, (of) => {
    clearTimeout(next);
    going.value = [];
    const mine = ++turn;
    if (of) void look(of, mine);
  }, { immediate: true });
  return going;
}
