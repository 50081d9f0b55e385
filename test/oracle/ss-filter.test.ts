/** The filter language against the real `ss`, and its evaluator against the kernel, with random expressions. */
import fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { takeInventory } from '../../src/collect/containers/inventory.ts';
import { dumpSockets } from '../../src/collect/dump/dump-sockets.ts';
import { localMachine } from '../../src/collect/local-machine.ts';
import { bindInNetns } from '../../src/collect/names/bind-filter.ts';
import type { NetnsHandle } from '../../src/collect/target/netns-handle.ts';
import { resolveTargets } from '../../src/collect/target/resolve-targets.ts';
import { narrowed } from '../../src/filter/bound-filter.ts';
import { parseFilter } from '../../src/filter/parse.ts';
import type { Filter } from '../../src/filter/syntax.ts';
import { DiagError, DiagSocket, scratchStore } from '../../src/kernel/diag-socket.ts';
import { koffiSystemCalls } from '../../src/kernel/koffi-system-calls.ts';
import { everySocket, type SocketQuery } from '../../src/model/socket/socket-query.ts';
import type { SocketSource, SocketView } from '../../src/model/socket/socket-view.ts';
import { ALL_STATES } from '../../src/model/socket/tcp-state.ts';
import { tcpBothFamiliesRequest } from '../../src/netlink/inet-diag-request.ts';
import { matching } from '../../src/queries/socket-test.ts';
import { LiveNetns } from '../../src/sources/live/live-netns.ts';
import { socklens } from '../support/cli.ts';
import { createNetns, type TestNetns } from '../support/netns.ts';
import { Dice, type FilterWords, randomFilter } from '../support/random-filter.ts';
import { type FilterSockets, fillForFilters } from '../support/recipes/filter-sockets.ts';

const SEED = Number(process.env.SOCKLENS_TEST_SEED ?? Date.now() % 1e9);
const EXPRESSIONS = 500;
/** Sockets end their states while they are compared: then both sides are asked again. */
const TRIES = 5;

const machine = localMachine({ DOCKER_HOST: 'unix:///nonexistent' });
const query: SocketQuery = { ...everySocket(), protos: ['tcp', 'udp'] };

let netns: TestNetns;
let context: FilterSockets;
let place: NetnsHandle;
let words: FilterWords;

beforeAll(async () => {
  netns = createNetns();
  netns.run('ip', 'link', 'add', 'other0', 'type', 'veth', 'peer', 'name', 'other1');
  context = await fillForFilters(netns);
  const [found] = await resolveTargets(machine, `netns:${netns.name}`);
  if (found === undefined) throw new Error('the namespace was not found');
  place = found;
  const ports = new Set<number>();
  dumpSockets(machine, place, query).sockets.each((socket) => ports.add(socket.localPort));
  words = {
    ports: [...ports].slice(0, 20),
    cgroup: context.cgroup,
    beyond: false,
    pids: context.workshops.map(({ pid }) => pid),
  };
}, 240_000);
afterAll(async () => {
  await context?.stop();
  netns?.remove();
});

const cookie = (socket: SocketView) => ((BigInt(socket.cookieHigh) << 32n) | BigInt(socket.cookieLow)).toString(16);

/** Cookies of the sockets, those left out that this `ss` cannot see: TCP sockets that are only bound. */
function cookies(sockets: SocketSource): string[] {
  const found: string[] = [];
  sockets.each((socket) => {
    if (socket.proto !== 'tcp' || socket.state !== 7) found.push(cookie(socket));
  });
  return found.sort();
}

/** Cookies of matching sockets in socklens, filtered by the kernel or by socklens alone. */
async function ours(filter: Filter, kernel: boolean): Promise<string[]> {
  const target = new LiveNetns(machine, place, () => takeInventory(machine));
  const bound = await target.bind(filter);
  if (bound === undefined) return cookies((await target.read(query)).sockets);
  const helped = narrowed(query, bound);
  const alone = { ...query, inet: helped.inet, inet6: helped.inet6, tcpInfo: helped.tcpInfo };
  const read = await target.read(kernel ? helped : alone);
  return cookies(await matching({ netns: target, query }, read, bound));
}

/** As socklens reads it by default; undefined where ss means something else, and socklens says so. */
function readPlainly(text: string, whateverSsMeans = false): Filter | undefined {
  try {
    const filter = parseFilter(text);
    return !whateverSsMeans && filter.notes.some((note) => note.includes('binds tighter')) ? undefined : filter;
  } catch (error) {
    if (error instanceof Error && error.message.includes('no state is left')) return undefined;
    throw error;
  }
}

/** A random filter whose states are not empty. */
function readable(dice: Dice, beyond: boolean): Filter {
  for (;;) {
    const filter = readPlainly(randomFilter(dice, { ...words, beyond }).join(' '), true);
    if (filter !== undefined) return filter;
  }
}

/** Cookies of matching sockets in `ss`, from its `sk:`. */
function theirs(filter: readonly string[]): string[] {
  const output = netns.run('ss', '-atuneOH', ...filter);
  return [...output.matchAll(/\bsk:([0-9a-f]+)/g)].map((match) => match[1] ?? '').sort();
}

/** Local ports that the kernel calls its own choice, and `ss` does not, or the other way round. */
function unclearlyBound(): Set<string> {
  const auto = new Set(theirsByKernel());
  const unclear = new Set<string>();
  dumpSockets(machine, place, query).sockets.each((socket) => {
    const inRange = socket.localPort >= 32768 && socket.localPort <= 60999;
    if (auto.has(cookie(socket)) !== inRange) unclear.add(cookie(socket));
  });
  return unclear;
}

function theirsByKernel(): string[] {
  const found: string[] = [];
  const programs = [Uint8Array.of(6, 4, 8, 0)];
  dumpSockets(machine, place, { ...query, filter: { programs } }).sockets.each((socket) => found.push(cookie(socket)));
  return found;
}

describe(`filters (seed ${SEED})`, () => {
  it(`${EXPRESSIONS} random expressions match the same sockets as in ss`, { timeout: 240_000 }, async () => {
    const dice = new Dice(SEED);
    let compared = 0;
    let sockets = 0;
    for (let index = 0; index < EXPRESSIONS; index++) {
      const expression = randomFilter(dice, words);
      const text = expression.join(' ');
      // ss contradicts itself where the kernel's "autobound" and its own idea of it differ.
      const unclear = expression.includes('autobound') ? unclearlyBound() : new Set<string>();
      const clear = (found: readonly string[]) => found.filter((one) => !unclear.has(one));
      const asSs = parseFilter(text, 'ss');
      const plain = readPlainly(text);
      for (let attempt = 1; ; attempt++) {
        const before = clear(await ours(asSs, true));
        const said = clear(theirs(expression));
        const after = clear(await ours(asSs, true));
        const own = plain === undefined ? said.length : clear(await ours(plain, true)).length;
        const settled = before.join() === after.join();
        if (!settled && attempt < TRIES) continue;
        if (before.join() !== said.join() && attempt < TRIES) continue;
        expect(before, `ss ${text}`).toEqual(said);
        // Outside --ss, "unconnected" takes sockets that are only bound too; they are left out on both sides.
        expect(own, `socklens ${text}`).toBe(said.length);
        sockets += said.length;
        break;
      }
      compared++;
    }
    expect(compared).toBe(EXPRESSIONS);
    // A run in which nothing ever matched would prove nothing.
    expect(sockets).toBeGreaterThan(EXPRESSIONS * 10);
  });

  it(`${EXPRESSIONS} random expressions of the whole language: alone as with the kernel`, {
    timeout: 240_000,
  }, async () => {
    const dice = new Dice(SEED + 1);
    let sockets = 0;
    for (let index = 0; index < EXPRESSIONS; index++) {
      const filter = readable(dice, true);
      const { text } = filter;
      for (let attempt = 1; ; attempt++) {
        const helped = await ours(filter, true);
        const alone = await ours(filter, false);
        if (helped.join() !== alone.join() && attempt < TRIES) continue;
        expect(helped, text).toEqual(alone);
        sockets += alone.length;
        break;
      }
    }
    expect(sockets).toBeGreaterThan(EXPRESSIONS * 10);
  });

  it('every program passes the audit of the kernel', async () => {
    const dice = new Dice(SEED + 2);
    let programs = 0;
    await withSocket(async (send) => {
      for (let index = 0; index < EXPRESSIONS; index++) {
        const filter = readable(dice, index % 2 === 0);
        const bound = await bindInNetns(machine, place, filter, []);
        for (const program of bound?.compiled.kernel.programs ?? []) {
          expect({ filter, refused: send(program) }).toEqual({ filter, refused: undefined });
          programs++;
        }
      }
    });
    expect(programs).toBeGreaterThan(EXPRESSIONS / 2);
  });

  it('a damaged program is refused by the kernel and reported, and the answer is the same', {
    timeout: 240_000,
  }, async () => {
    const dice = new Dice(SEED + 3);
    let refused = 0;
    await withSocket(async (send) => {
      for (let index = 0; index < 300; index++) {
        const bound = await bindInNetns(machine, place, readable(dice, false), []);
        const [program] = bound?.compiled.kernel.programs ?? [];
        if (bound === undefined || program === undefined) continue;
        const damaged = program.slice();
        for (let flips = 1 + dice.roll(4); flips > 0; flips--) damaged[dice.roll(damaged.length)] = dice.roll(256);
        const error = send(damaged);
        if (error === undefined) continue;
        expect(['EINVAL', 'EPERM']).toContain(error);
        refused++;
        const compiled = { ...bound.compiled, kernel: { ...bound.compiled.kernel, programs: [damaged] } };
        const seen = dumpSockets(machine, place, narrowed(query, { ...bound, compiled }));
        expect(seen.coverage.notes.join()).toContain('the kernel refused the filter program');
        expect(seen.coverage.complete).toBe(true);
      }
    });
    expect(refused).toBeGreaterThan(20);
  });

  it('a kernel that lacks an instruction gets the next simpler program', async () => {
    const filter = parseFilter('dport 1-4000 state established');
    const bound = await bindInNetns(machine, place, filter, []);
    if (bound === undefined) throw new Error('no filter');
    // No kernel has an instruction 99.
    const programs = [Uint8Array.of(99, 4, 8, 0), ...bound.compiled.kernel.programs];
    const seen = dumpSockets(machine, place, { ...narrowed(query, bound), filter: { programs } });
    expect(seen.coverage.notes).toEqual([]);
    expect(cookies(seen.sockets)).toEqual(await ours(filter, false));
  });

  it('`ls` prints the matching sockets, and --explain-filter the way of filtering', () => {
    const cli = (...args: string[]) => socklens(['ls', `netns:${netns.name}`, ...args]).stdout;
    const rows = cli('-tn', 'dport = :3306 and state established').trimEnd().split('\n').slice(1);
    expect(rows).toHaveLength(theirs(['state', 'established', 'dport', '=', ':3306']).length);
    expect(rows.every((row) => row.includes('ESTABLISHED'))).toBe(true);
    const explained = cli('--explain-filter', '(src 127.1.2.3 or dst 10.9.0.1) and sendq > 0');
    expect(explained).toMatch(/S_COND +local address in 127\.1\.2\.3, else go to \d+/);
    expect(explained).toMatch(/sendq > 0 +socklens/);
  });
});

/** Sends programs to the kernel; the answer is the errno's name of a refusal. */
async function withSocket(use: (send: (program: Uint8Array) => string | undefined) => Promise<void>): Promise<void> {
  const fd = fs.openSync(netns.path, 'r');
  const socket = DiagSocket.open(koffiSystemCalls(), fd);
  try {
    await use((bytecode) => {
      const request = tcpBothFamiliesRequest({ states: ALL_STATES, ext: 0, sequence: 0, bytecode });
      try {
        socket.dump('program', request, scratchStore(), () => {});
        return undefined;
      } catch (error) {
        if (error instanceof DiagError && error.refused) return error.code;
        throw error;
      }
    });
  } finally {
    socket.close();
    fs.closeSync(fd);
  }
}
