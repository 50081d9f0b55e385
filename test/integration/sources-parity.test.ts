/**
 * Each way to read sockets against the others and against `ss -tanpe`, on random populations with forks, several
 * holders of a socket, dead sockets, and sockets that no descriptor refers to: both forms of the pass, sock_diag, the
 * tables of `/proc`, and what `ps` counts.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { dumpSockets } from '../../src/collect/dump/dump-sockets.ts';
import { sockstatOf } from '../../src/collect/dump/net-files.ts';
import { localMachine } from '../../src/collect/local-machine.ts';
import type { Machine } from '../../src/collect/machine.ts';
import { heldPass, ownerPass } from '../../src/collect/owners/owner-pass.ts';
import type { OwnerSource } from '../../src/collect/owners/owner-source.ts';
import { PassOwners } from '../../src/collect/owners/pass-owners.ts';
import { ProcOwners } from '../../src/collect/owners/proc-owners.ts';
import { handleOfNamed } from '../../src/collect/target/find-netns.ts';
import { DescriptorPass, HELD_SOCKETS } from '../../src/kernel/bpf/descriptor-pass.ts';
import { koffiSystemCalls } from '../../src/kernel/koffi-system-calls.ts';
import { SystemCallsMissing } from '../../src/kernel/system-calls.ts';
import type { SocketQuery } from '../../src/model/socket/socket-query.ts';
import type { SocketSource } from '../../src/model/socket/socket-view.ts';
import { ALL_STATES, stateName, TCP_STATE } from '../../src/model/socket/tcp-state.ts';
import { CountedHost } from '../../src/sources/live/counted-host.ts';
import { HeldSockets } from '../../src/sources/live/held-sockets.ts';
import { createNetns, type TestNetns, until } from '../support/netns.ts';
import { forked, PythonProcess } from '../support/python-process.ts';
import { Dice } from '../support/random-filter.ts';
import { AF, SOCK } from '../support/recipes/constants.ts';
import { type Population, populate } from '../support/recipes/random-population.ts';
import type { RecipeContext } from '../support/recipes/recipe-context.ts';
import { finWait1Orphan, finWait2Mini, timeWait } from '../support/recipes/tcp-closing.ts';
import { acceptQueue, synReceived } from '../support/recipes/tcp-opening.ts';
import { Workshop } from '../support/recipes/workshop.ts';
import { type SsRow, ss } from '../support/ss.ts';

const machine = localMachine({});
/** Where namespaces are read through `/proc/PID/net`. */
const withoutCalls: Machine = {
  ...machine,
  systemCalls: () => {
    throw new SystemCallsMissing('no foreign calls', undefined);
  },
};
const isPermitted = typeof heldPass(machine) !== 'string';
const TCP: SocketQuery = { protos: ['tcp'], inet: true, inet6: true, states: ALL_STATES, tcpInfo: false };
const UNHELD: readonly ((context: RecipeContext) => Promise<unknown>)[] = [
  timeWait,
  finWait1Orphan,
  finWait2Mini,
  acceptQueue,
  synReceived,
];
/** As ss spells the states. */
const NAMES: Readonly<Record<string, string>> = {
  ESTAB: 'ESTABLISHED',
  'SYN-SENT': 'SYN_SENT',
  'SYN-RECV': 'SYN_RECV',
  'FIN-WAIT-1': 'FIN_WAIT1',
  'FIN-WAIT-2': 'FIN_WAIT2',
  'TIME-WAIT': 'TIME_WAIT',
  UNCONN: 'CLOSE',
  'CLOSE-WAIT': 'CLOSE_WAIT',
  'LAST-ACK': 'LAST_ACK',
  LISTEN: 'LISTEN',
  CLOSING: 'CLOSING',
};

const rowsBySs = (netns: TestNetns) => (['-4', '-6'] as const).flatMap((family) => ss(netns, family, '-t'));

/** State, ports and inode of each socket; that of no process has the inode 0. */
function lineOf({ state, local, peer, inode }: SsRow): string {
  return `${NAMES[state]} ${local.port} ${peer.port} ${inode || 0}`;
}

function linesOf(sockets: SocketSource): string[] {
  const lines: string[] = [];
  sockets.each(({ state, localPort, peerPort, inode }) => {
    lines.push(`${stateName(state)} ${localPort} ${peerPort} ${inode}`);
  });
  return lines.sort();
}

/** The processes of each socket that one has, by its inode. To know them, ss reads the descriptors of the whole host. */
function holdersBySs(netns: TestNetns): [inode: number, pids: string[]][] {
  return netns
    .run('ss', '-tanepH')
    .split('\n')
    .flatMap((line): [number, string[]][] => {
      const inode = Number(/ ino:(\d+)/.exec(line)?.[1] ?? 0);
      const pids = [...line.matchAll(/pid=(\d+),/g)].map(([, pid]) => pid ?? '');
      return inode > 0 ? [[inode, [...new Set(pids)].sort()]] : [];
    });
}

function byState(lines: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of lines) {
    const state = line.split(' ', 1)[0] ?? '';
    counts[state] = (counts[state] ?? 0) + 1;
  }
  return counts;
}

describe.skipIf(!isPermitted).each([11, 12])('a random population (seed %i)', (seed) => {
  const dice = new Dice(seed);
  let population: Population | undefined;
  const spaces: { netns: TestNetns; workshop: Workshop }[] = [];
  const pythons: PythonProcess[] = [];
  const children: number[] = [];
  const passes: { close(): void }[] = [];
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-sources-'));
  afterEach(async () => {
    for (const pass of passes.splice(0)) pass.close();
    for (const pid of children.splice(0)) process.kill(pid, 'SIGKILL');
    await Promise.all(pythons.splice(0).map((python) => python.kill()));
    for (const { netns, workshop } of spaces.splice(0)) {
      await workshop.stop();
      netns.remove();
    }
    await population?.stop();
    fs.rmSync(folder, { recursive: true });
  });

  test('is the same by every source, and by ss', { timeout: 240_000 }, async () => {
    const made = await populate(dice);
    population = made;
    const namespaces = [made.shared, made.alone, made.bare, made.busy];
    // In some namespaces are sockets that no descriptor refers to, in some dead ones, in some a fork.
    const recipes = Array.from({ length: 3 }, () => UNHELD[dice.roll(UNHELD.length)]);
    await Promise.all(
      recipes.map(async (recipe) => {
        const netns = createNetns();
        const workshop = await Workshop.start(netns);
        spaces.push({ netns, workshop });
        namespaces.push(netns);
        await recipe?.({ netns, workshop });
      }),
    );
    for (let dead = dice.roll(3); dead > 0; dead--) await made.workshops[4]?.socket(AF.INET, SOCK.STREAM);
    const python = new PythonProcess(made.alone);
    pythons.push(python);
    await python.run('held = [listener() for _ in range(3)]\nsecond = held[0].dup()');
    children.push(await python.run<number>(forked('held[1].close()')));
    // A descriptor is handed over to a process outside of the namespace.
    const receiver = new PythonProcess();
    pythons.push(receiver);
    const address = path.join(folder, 'handed-over');
    await receiver.run(`server = socket.socket(socket.AF_UNIX)\nserver.bind('${address}')\nserver.listen()`);
    const received = receiver.run('got = receive(server)');
    await python.run(`pass_on('${address}', held[2])`);
    await received;

    const calls = koffiSystemCalls();
    const forms = (['typed', 'probe'] as const).map((form) => ({
      form,
      pass: DescriptorPass.open(calls, HELD_SOCKETS, [form]),
    }));
    passes.push(...forms.map(({ pass }) => pass));
    const handles = namespaces.map(({ name }) => handleOfNamed(machine, name, () => 1));
    const readAll = () => {
      const held = forms.map(({ form, pass }) => ({ form, tcp: new HeldSockets(pass.read(), Date.now()) }));
      const counted = new CountedHost(machine, handles, () => true);
      return {
        diag: handles.map((handle) => linesOf(dumpSockets(machine, handle, TCP).sockets)),
        proc: handles.map((handle) => dumpSockets(withoutCalls, handle, TCP)).map(({ sockets }) => linesOf(sockets)),
        held,
        sockstat: handles.map((handle) => sockstatOf(machine, handle)),
        counted: handles.map((handle) => counted.read(handle, true)),
      };
    };
    // Connections may still be closing: what ss says before and after is the same.
    const allBySs = () => namespaces.map((netns) => linesBySs(rowsBySs(netns)));
    const { bySs, read } = await until('a quiet moment', () => {
      const bySs = allBySs();
      const read = readAll();
      return isDeepStrictEqual(allBySs(), bySs) && { bySs, read };
    });
    expect(bySs.flat().length).toBeGreaterThan(20);
    expect(read.diag).toEqual(bySs);
    expect(read.proc.map(withoutBound)).toEqual(bySs.map(withoutBound));
    for (const { form, tcp } of read.held) {
      for (const [index, { inode }] of namespaces.entries()) {
        const held = tcp.of(inode, ['tcp'], ALL_STATES);
        const sockstat = read.sockstat[index];
        const isAll = sockstat !== undefined && held.isAllOf(sockstat);
        if (isAll) expect(linesOf(held)).toEqual(bySs[index]);
        else expect(bySs[index]).toEqual(expect.arrayContaining(linesOf(held)));
        // What is not held is noticed in each of them.
        if (index >= namespaces.length - spaces.length) expect([form, index, isAll]).toEqual([form, index, false]);
      }
    }
    for (const [index, { sockets, sources }] of read.counted.entries()) {
      const tcp = linesOf({ each: (visit) => sockets.each((one) => one.proto === 'tcp' && visit(one)) });
      expect(byState(tcp)).toEqual(byState(bySs[index] ?? []));
      expect(['bpf_iter', 'sock_diag']).toContain(sources.tcp);
    }
    expect(read.counted.some(({ sources }) => sources.tcp === 'bpf_iter')).toBe(true);

    const holders = namespaces.flatMap(holdersBySs);
    expect(holders.length).toBe(bySs.flat().filter((line) => !line.endsWith(' 0')).length);
    const owners: OwnerSource[] = [new ProcOwners(machine)];
    const pass = ownerPass(machine);
    if (typeof pass !== 'string') owners.push(new PassOwners(machine, pass));
    for (const source of owners) {
      source.round({ atMs: Date.now(), sockets: [], likely: [], foreground: true });
      for (const [inode, holding] of holders) {
        const pids = source.processesOf(inode).map(({ pid }) => String(pid));
        expect([inode, pids.sort()]).toEqual([inode, holding]);
      }
    }
  });
});

function linesBySs(rows: readonly SsRow[]): string[] {
  return rows.map(lineOf).sort();
}

/** `/proc/net/tcp` does not have bound sockets that do nothing. */
function withoutBound(lines: readonly string[]): string[] {
  return lines.filter((line) => !line.startsWith(`${stateName(TCP_STATE.CLOSE)} `));
}
