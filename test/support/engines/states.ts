import type { TestNetns } from '../netns.ts';

/** `ss`'s names of states, in the words of the metrics. */
const WORDS: Readonly<Record<string, string>> = {
  ESTAB: 'established',
  'SYN-RECV': 'syn_received',
  'FIN-WAIT-1': 'fin_wait_1',
  'FIN-WAIT-2': 'fin_wait_2',
  UNCONN: 'closed',
};

/** What `ss` counts of TCP by state, in the words of the metrics. */
export function statesOfSs(netns: Pick<TestNetns, 'run'>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of netns.run('ss', '-tanH').split('\n')) {
    const state = /^\S+/.exec(line)?.[0];
    if (state === undefined) continue;
    const word = WORDS[state] ?? state.toLowerCase().replaceAll('-', '_');
    counts[word] = (counts[word] ?? 0) + 1;
  }
  return counts;
}
