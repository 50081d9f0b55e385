import assert from 'node:assert/strict';
import { alternate } from './alternate.ts';
import { SOCKLENS, text, timed } from './command.ts';
import type { Result } from './comparison.ts';
import { makeCrowds } from './crowds.ts';
import { withProgram } from './receiver.ts';

const COUNT = 200;
/** Of each namespace: 100 descriptors. */
const CONNECTIONS = 50;
/** Namespaces in which sockets have no descriptor, and how many of each kind. */
const UNHELD = { namespaces: 20, each: 3 };
const ROUNDS = 9;
const TITLE = `${COUNT} namespaces with ${CONNECTIONS * 2} sockets each; TIME_WAIT, orphaned and unaccepted ones in ${UNHELD.namespaces}`;

/** `ps --all` against one `ss` for each namespace. */
export async function overviewOfNamespaces(): Promise<Result> {
  return withProgram('crowd', TITLE, compare);
}

async function compare(program: string): Promise<Result> {
  const { names, remove } = await makeCrowds(program, COUNT, 0, 0, CONNECTIONS, UNHELD);
  try {
    const remarks = [await verify(names)];
    const one = async () => {
      let ms = 0;
      for (const name of names) ms += await timed('nsenter', [`--net=/run/netns/${name}`, '--', 'ss', '-tan']);
      return ms;
    };
    const pair = await alternate(() => timed(SOCKLENS, ['ps', '--all']), one, ROUNDS);
    return { title: TITLE, ours: 'socklens ps --all', theirs: `${COUNT} times ss -tan`, pair, bar: 0.15, remarks };
  } finally {
    remove();
  }
}

interface Row {
  name: string;
  source: string;
  sockets: { byState: Record<string, number> };
}

/** Compares the numbers of `ps` with those of `ls`, by state. @throws where they differ */
async function verify(names: readonly string[]): Promise<string> {
  const targets = names.map((name) => `netns:${name}`);
  const { containers } = JSON.parse(await text(SOCKLENS, ['ps', '--all', '--json'])) as { containers: Row[] };
  const rows = containers.filter(({ name }) => targets.includes(name));
  assert.equal(rows.length, COUNT, 'rows of the answer');
  const ours = new Map<string, number>();
  for (const { sockets } of rows) {
    for (const [state, count] of Object.entries(sockets.byState)) ours.set(state, (ours.get(state) ?? 0) + count);
  }
  const theirs = new Map<string, number>();
  const lines = (await text(SOCKLENS, ['ls', targets.join(','), '-t', '--by', 'state', '--ndjson'])).trim().split('\n');
  for (const line of lines) {
    const { key, count } = JSON.parse(line) as { key?: { state: string }; count?: number };
    if (key !== undefined && count !== undefined) theirs.set(key.state, (theirs.get(key.state) ?? 0) + count);
  }
  assert.deepEqual(Object.fromEntries([...ours].sort()), Object.fromEntries([...theirs].sort()), 'sockets by state');
  const passed = rows.filter(({ source }) => source === 'bpf_iter').length;
  return `equal to ls: ${[...ours].map(([state, count]) => `${state} ${count}`).join(', ')}; from the pass: ${passed} rows`;
}
