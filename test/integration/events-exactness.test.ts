/** Events of the tracepoint against a random load, which writes down what it did: outcome, process, duration of each. */
import { afterAll, expect, it } from 'vitest';
import { localMachine } from '../../src/collect/local-machine.ts';
import { heldPass } from '../../src/collect/owners/owner-pass.ts';
import { type EventObject, EventsRun, eventsAtPort } from '../support/events-run.ts';
import { createNetns } from '../support/netns.ts';
import { Dice } from '../support/random-filter.ts';
import { AF, OPT, SOCK } from '../support/recipes/constants.ts';
import { Workshop } from '../support/recipes/workshop.ts';
import { unseenAtMost } from '../support/unseen-ends.ts';

const isPermitted = typeof heldPass(localMachine({})) !== 'string';
const V4 = '127.0.0.1';
const ACTIONS = 120;
/** Events have the millisecond in which they happened. */
const ROUNDING_MS = 1;
/** What each did leaves these lines behind. */
const LINES = { refused: 2, reset: 5, 'client first': 5, 'server first': 5 } as const;
type Action = keyof typeof LINES;

const netns = createNetns();
afterAll(() => netns.remove());

interface Done {
  action: Action;
  /** Of the client. */
  pid: number;
  /** Local port of the client; 0 for a refused one. */
  port: number;
  startMs: number;
  endMs: number;
}

it.skipIf(!isPermitted).each([1, 2])(
  'a random load (seed %i): each has its outcome, process and times',
  {
    timeout: 240_000,
  },
  async (seed) => {
    const dice = new Dice(seed);
    const shops = [await Workshop.start(netns), await Workshop.start(netns), await Workshop.start(netns)];
    const [server] = shops as [Workshop];
    const listener = await server.tcpListener(V4);
    const run = await EventsRun.startWithPrograms(netns, '--ndjson', '--opened', '--failed', '--closed');
    await run.barrier(server);
    const before = run.connections.length;
    const actions = Object.keys(LINES) as Action[];
    const done: Done[] = [];
    try {
      for (let count = 0; count < ACTIONS; count++) {
        const action = actions[dice.roll(actions.length)] ?? 'refused';
        const shop = shops[1 + dice.roll(shops.length - 1)] as Workshop;
        const fd = await shop.socket(AF.INET, SOCK.STREAM, 0, true);
        const startMs = Date.now();
        if (action === 'refused') {
          await expect(shop.connect(fd, { host: V4, port: 9 })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
          done.push({ action, pid: shop.pid, port: 0, startMs, endMs: Date.now() });
          await shop.close(fd);
          continue;
        }
        await shop.connect(fd, listener);
        const accepted = await server.accept(listener.fd);
        const port = await shop.port(fd);
        if (action === 'reset') await shop.setsockopt(fd, OPT.SOL_SOCKET, OPT.SO_LINGER, 1, 0);
        const [first, second] = action === 'server first' ? [server, shop] : [shop, server];
        await first.close(first === shop ? fd : accepted);
        await second.close(second === shop ? fd : accepted);
        done.push({ action, pid: shop.pid, port, startMs, endMs: Date.now() });
      }
      // Both ends of a connection are in the namespace.
      const expected = done.reduce((sum, { action }) => sum + LINES[action], 0);
      await run.barrierOfPackets(server);
      const lines = run.connections.slice(before).filter(({ proto }) => proto === 'tcp');
      // All but those ends that the kernel shows to no program (docs/events.md).
      const missing = expected - lines.length;
      expect(missing).toBeGreaterThanOrEqual(0);
      expect(missing).toBeLessThanOrEqual(unseenAtMost(2 * ACTIONS));
      const failed = lines.filter(({ event }) => event === 'failed');
      const refused = done.filter(({ action }) => action === 'refused');
      expect(failed.map(pidOf).sort()).toEqual(refused.map(({ pid }) => pid).sort());
      for (const [index, event] of failed.entries()) {
        expect(event).toMatchObject({ outcome: 'refused', errno: 'ECONNREFUSED', peer: { address: V4, port: 9 } });
        within(event, refused[index] as Done);
        expect(event.latencyUs).toBeLessThanOrEqual(lengthOf(refused[index] as Done) * 1000);
      }
      let unseen = 0;
      for (const one of done.filter(({ action }) => action !== 'refused')) {
        // A port that had a refused or a reset connection is free at once: the next one may get it, in the same millisecond.
        const isToListener = ({ local, peer }: EventObject) => [local?.port, peer?.port].includes(listener.port);
        const own = eventsAtPort(lines, one.port).filter((event) => isToListener(event) && isDuring(event, one));
        const opened = own.find(({ event }) => event === 'opened');
        const ends = own.filter(({ event }) => event === 'closed');
        expect(own.filter(({ event }) => event === 'established')).toHaveLength(2);
        unseen += 2 - ends.length;
        expect([own.length, ends.length]).toEqual([5 - (2 - ends.length), expect.toBeOneOf([2 - missing, 2])]);
        const here = ends.find(({ local }) => local?.port === one.port);
        const there = ends.find(({ peer }) => peer?.port === one.port);
        const ours = { role: 'client', processes: [{ pid: one.pid }] };
        expect(opened).toMatchObject(ours);
        const isByClient = one.action !== 'server first';
        const hereEnd = {
          ...ours,
          outcome: one.action === 'reset' ? 'aborted' : 'closed',
          closedBy: isByClient ? 'local' : 'peer',
        };
        const thereEnd = {
          role: 'server',
          processes: [{ pid: server.pid }],
          outcome: one.action === 'reset' ? 'reset' : 'closed',
          closedBy: isByClient ? 'peer' : 'local',
          ...(one.action === 'reset' && { errno: 'ECONNRESET' }),
        };
        if (here !== undefined) expect(here).toMatchObject(hereEnd);
        if (there !== undefined) expect(there).toMatchObject(thereEnd);
        for (const event of own) within(event, one);
        for (const event of ends) expect(event.lifetime?.atLeastMs).toBeLessThanOrEqual(lengthOf(one));
      }
      // None but the missing ones is absent.
      expect(unseen).toBe(missing);
    } finally {
      await run.stop();
      await Promise.all(shops.map((shop) => shop.stop()));
    }
  },
);

const isDuring = ({ at = '' }: EventObject, { startMs, endMs }: Done) =>
  Date.parse(at) >= startMs - ROUNDING_MS && Date.parse(at) <= endMs + ROUNDING_MS;
const pidOf = ({ processes }: EventObject) => processes?.[0]?.pid ?? 0;
const lengthOf = ({ startMs, endMs }: Done) => endMs - startMs + ROUNDING_MS;

/** An event is not earlier than what caused it began, and not later than it was over. */
function within({ at = '' }: EventObject, { startMs, endMs }: Done): void {
  expect(Date.parse(at)).toBeGreaterThanOrEqual(startMs - ROUNDING_MS);
  expect(Date.parse(at)).toBeLessThanOrEqual(endMs + ROUNDING_MS);
}
