import { localMachine } from '../src/collect/local-machine.ts';
import { heldPass } from '../src/collect/owners/owner-pass.ts';
import { ProcOwners } from '../src/collect/owners/proc-owners.ts';
import { countSockets } from '../src/count/socket-counter.ts';
import type { SocketQuery } from '../src/model/socket/socket-query.ts';
import { ALL_STATES } from '../src/model/socket/tcp-state.ts';
import { HeldSockets } from '../src/sources/live/held-sockets.ts';
import { openSnapshot } from '../src/sources/open-snapshot.ts';
import { alternate } from './alternate.ts';
import type { Result } from './comparison.ts';
import { makeCrowds } from './crowds.ts';
import { withProgram } from './receiver.ts';

const NAMESPACES = 25;
const CONNECTIONS = 2000;
const ROUNDS = 7;
const BAR = 0.15;
const machine = localMachine({});
const QUERY: SocketQuery = { protos: ['tcp'], inet: true, inet6: true, tcpInfo: false, states: ALL_STATES };

/** The sockets of 25 namespaces, counted by state, with owners: one pass against a dump of each and a scan. CPU time. */
export async function heldSocketsOfHost(): Promise<Result> {
  const sockets = NAMESPACES * 2 * CONNECTIONS;
  const title = `${sockets} sockets in ${NAMESPACES} namespaces, all held: counts and owners, CPU time`;
  const pass = heldPass(machine);
  if (typeof pass === 'string') return { title, why: pass };
  return withProgram('crowd', title, async (program) => {
    const crowds = await makeCrowds(program, NAMESPACES, 0, 0, CONNECTIONS);
    try {
      const target = crowds.names.map((name) => `netns:${name}`).join(',');
      const snapshot = await openSnapshot(machine, { target });
      const { namespaces } = snapshot;
      const totals = { ours: 0, theirs: 0 };
      const ours = async () => {
        totals.ours = 0;
        const table = new HeldSockets(pass.read(), Date.now());
        for (const { target } of namespaces)
          totals.ours += countSockets(table.of(target.netns, ['tcp'], ALL_STATES)).counts().total;
      };
      const scan = new ProcOwners(machine);
      const theirs = async () => {
        totals.theirs = 0;
        for (const netns of namespaces) totals.theirs += countSockets((await netns.read(QUERY)).sockets).counts().total;
        scan.round({ atMs: performance.now(), sockets: [], likely: [], foreground: true });
      };
      const pair = await alternate(
        () => timed(ours),
        () => timed(theirs),
        ROUNDS,
        2,
      );
      return {
        title,
        ours: 'one pass in the kernel',
        theirs: 'a dump of each, and the links of /proc/PID/fd',
        pair,
        bar: BAR,
        remarks: [`sockets: ${totals.ours} and ${totals.theirs}`],
      };
    } finally {
      crowds.remove();
    }
  });
}

/** @returns milliseconds of CPU time */
async function timed(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
