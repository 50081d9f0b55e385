/** Pools as they are seen from outside: each fault on real sockets, and its healthy double. */
import fs from 'node:fs';
import { afterEach, expect } from 'vitest';
import { diagnose, prove } from '../support/doctor.ts';
import { receivers } from '../support/events-run.ts';
import { createNetns, removeAllNetns, type TestNetns, until } from '../support/netns.ts';
import { AF, SOCK } from '../support/recipes/constants.ts';
import { type PoolPlan, startPool } from '../support/recipes/pool.ts';
import { Workshop } from '../support/recipes/workshop.ts';

afterEach(removeAllNetns);

const DB = '127.0.0.1:3306';

/** A dumb server that never answers, and a client with connections to it, in two processes. */
async function held(count: number) {
  const netns = createNetns();
  const server = await Workshop.start(netns);
  const client = await Workshop.start(netns);
  const listener = await server.tcpListener('127.0.0.1', 3306, 512);
  const fds: number[] = [];
  const open = async (more: number) => {
    for (let made = 0; made < more; made++) {
      const fd = await client.socket(AF.INET, SOCK.STREAM);
      await client.connect(fd, listener);
      fds.push(fd);
    }
  };
  await open(count);
  return { netns, client, fds, open };
}

/** Findings for a pool with a declared limit of 50. */
async function overrun({ name }: TestNetns) {
  return (await diagnose(`netns:${name}`, { rules: ['POOL_OVERRUN'], pools: [`${DB}=50`], for: '1s' })).findings;
}

prove({
  rule: 'POOL_OVERRUN',
  how: 'namespace: a client that opens 63, then 257 connections to a server that never answers, declared 50',
  lookAlike: 'a healthy pool of 50 at its cap',
  async fault() {
    const { netns, open } = await held(63);
    expect((await overrun(netns))[0]?.summary).toContain('63 connections');
    await open(257 - 63);
    return overrun(netns);
  },
  healthy: async () => overrun((await held(50)).netns),
  check: (finding) => {
    expect(finding.severity).toBe('critical');
    expect(finding.summary).toContain('257 connections');
    expect(finding.fixes.some(({ snippet }) => snippet?.includes('connectionLimit: 50'))).toBe(true);
  },
});

/** Fifty open connections; `used` of them send all the time. */
async function usedOf(used: number) {
  const { netns, client, fds } = await held(50);
  const over = new AbortController();
  const using = (async () => {
    while (!over.signal.aborted) {
      for (const fd of fds.slice(0, used)) await client.send(fd, 1);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  const { findings } = await diagnose(`netns:${netns.name}`, {
    rules: ['POOL_IDLE_SURPLUS'],
    set: ['POOL_IDLE_SURPLUS.idleMs=1500ms', 'POOL_IDLE_SURPLUS.pingBytesPerMinute=0B'],
    for: '5s',
  });
  over.abort();
  await using;
  return findings;
}

prove({
  rule: 'POOL_IDLE_SURPLUS',
  how: 'namespace: 50 connections open, 5 of them used; five minutes shortened to 1.5 s',
  lookAlike: 'the same 50, all of them used',
  fault: () => usedOf(5),
  healthy: () => usedOf(50),
  check: (finding) => expect(finding.summary).toMatch(/^45 of 50 /),
});

const LIGHT = { workers: 10, thinkMs: 20 };

/**
 * A light load, a heavy one, a light one again. Heavy load comes in waves: at an even one a pool settles where
 * nothing is given back beyond the idle cap, and nothing is closed.
 */
const PHASES = [
  { ...LIGHT, ms: 1500 },
  ...Array.from({ length: 5 }, () => [
    { workers: 220, ms: 400, thinkMs: 40 },
    { workers: 80, ms: 200, thinkMs: 40 },
  ]).flat(),
  { ...LIGHT, ms: 6000 },
];

/** Whether a program receives the destroy events of the namespace of another process. */
function isHeard(pid: number, listener: number): boolean {
  return receivers(fs.readFileSync(`/proc/${pid}/net/netlink`, 'latin1'), listener) > 0;
}

/** Runs the doctor while a pool goes through its phases. */
async function driven(plans: readonly PoolPlan[], rule: string, seconds: number, more: { set?: string[] } = {}) {
  const netns = createNetns();
  const pools = await Promise.all(plans.map((plan) => startPool(netns, plan)));
  let doctor = 0;
  const started = (pid: number) => {
    doctor = pid;
  };
  const options = { rules: [rule], for: `${seconds}s`, interval: '500ms', started, ...more };
  const diagnosis = diagnose(`netns:${netns.name}`, options);
  // The doctor cannot judge phases that it missed.
  await until('the doctor to listen', () => pools.every(({ pid }) => isHeard(pid, doctor)));
  for (const pool of pools) pool.begin();
  return (await diagnosis).findings;
}

prove({
  rule: 'POOL_IDLE_CAP_ONLY',
  how: 'namespace: a pool as Go makes it with SetMaxIdleConns(50) alone, a light load, a heavy one, a light one',
  lookAlike: 'the same load on a pool with an open cap of 50, and on one that shrinks after a time',
  fault: () => driven([{ port: 3306, maxIdle: 50, holdMs: 30, phases: PHASES }], 'POOL_IDLE_CAP_ONLY', 11),
  healthy: () =>
    driven(
      [
        { port: 3306, maxIdle: 50, maxOpen: 50, holdMs: 30, phases: PHASES },
        { port: 3307, maxIdle: 20, idleMs: 1500, holdMs: 30, phases: PHASES },
      ],
      'POOL_IDLE_CAP_ONLY',
      11,
    ),
  check: (finding) => {
    expect(finding.severity).toBe('warning');
    const floor = Number(finding.evidence.find(({ what }) => what.startsWith('flat floor'))?.value);
    // 50 idle, and those of the light load that are in use.
    expect(floor).toBeGreaterThanOrEqual(48);
    expect(floor).toBeLessThanOrEqual(62);
  },
});

const CHURN = ['CONN_CHURN.windowMs=4s', 'CONN_CHURN.parts=4'];

prove({
  rule: 'CONN_CHURN',
  how: 'namespace: some 50 connections a second, each for one query; a minute shortened to 4 s',
  lookAlike: 'a health check, two connections a second',
  fault: () =>
    driven([{ port: 3306, maxIdle: 0, holdMs: 5, phases: [{ workers: 8, ms: 1, thinkMs: 120 }] }], 'CONN_CHURN', 5, {
      set: CHURN,
    }),
  healthy: () =>
    driven([{ port: 3306, maxIdle: 0, holdMs: 5, phases: [{ workers: 1, ms: 1, thinkMs: 500 }] }], 'CONN_CHURN', 5, {
      set: CHURN,
    }),
});

prove({
  rule: 'REFUSED_BY_SERVER',
  how: 'namespace: a server that takes 20 connections and answers more as MySQL does, error 1040',
  lookAlike: 'refusals of the network, and a login for each query',
  fault: () =>
    driven(
      [{ port: 3306, maxIdle: 20, serverLimit: 20, holdMs: 30, phases: [{ workers: 60, ms: 1, thinkMs: 40 }] }],
      'REFUSED_BY_SERVER',
      4,
    ),
  healthy: () =>
    driven(
      [
        { port: 5432, serve: false, maxIdle: 20, holdMs: 30, phases: [{ workers: 20, ms: 1, thinkMs: 40 }] },
        { port: 3306, maxIdle: 0, holdMs: 5, phases: [{ workers: 10, ms: 1, thinkMs: 40 }] },
      ],
      'REFUSED_BY_SERVER',
      4,
    ),
  check: (finding) => expect(finding.summary).toContain('1040'),
});
