import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ConnectionEvent, Outcome } from '../../../../src/model/socket/connection-event.ts';
import { everySocket } from '../../../../src/model/socket/socket-query.ts';
import { TCP_STATE } from '../../../../src/model/socket/tcp-state.ts';
import { EventBudget } from '../../../../src/sources/incidents/event-budget.ts';
import {
  FLIGHT_RECORDER_DEFAULTS,
  FlightRecorder,
  type FlightRecorderOptions,
} from '../../../../src/sources/incidents/flight-recorder.ts';
import { IncidentFolder } from '../../../../src/sources/incidents/incident-folder.ts';
import { fileInput } from '../../../../src/sources/recorded/file-input.ts';
import { RecordedSource } from '../../../../src/sources/recorded/recorded-source.ts';
import { allTo, type SampleSource, type Tick, type TickRequest } from '../../../../src/sources/sample-source.ts';
import { diagnoseRecording } from '../../../doctor/incidents/judge.ts';

/** Ten seconds of a database whose clients have larger pools than it takes, with connections that come and go. */
const RECORDED = path.resolve(
  import.meta.dirname,
  '../../../doctor/incidents/recordings/postgres-pool-times-workers.slr',
);

let folder: string;
let incidents: IncidentFolder;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-recorder-'));
  incidents = new IncidentFolder(folder);
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

function recorder(source: SampleSource, options: Partial<FlightRecorderOptions> = {}): FlightRecorder {
  const defaults = { ...FLIGHT_RECORDER_DEFAULTS, keepMs: 30_000, incidentMs: { before: 4000, after: 3000 } };
  return new FlightRecorder(source, incidents, { folder, target: 'all', options: { ...defaults, ...options } });
}
async function open(file = RECORDED): Promise<RecordedSource> {
  return RecordedSource.open(fileInput(file), {
    targets: undefined,
    speed: undefined,
    sinceMs: undefined,
    untilMs: undefined,
    names: true,
  });
}
const REQUEST: TickRequest = {
  isForeground: () => false,
  query: () => ({ ...everySocket(), tcpInfo: true }),
  processes: 'kinds',
  allCounters: true,
};
/** Gives a flight recorder what a source has. */
async function feed(
  source: SampleSource,
  to: FlightRecorder,
  onTick: (tick: Tick) => void | Promise<void> = () => {},
): Promise<Tick[]> {
  const request: TickRequest = { ...REQUEST, events: allTo((namespace, event) => to.event(namespace, event)) };
  const ticks: Tick[] = [];
  for (let tick = await source.next(request); tick !== undefined; tick = await source.next(request)) {
    await to.tick(tick);
    ticks.push(tick);
    await onTick(tick);
  }
  return ticks;
}
interface Seen {
  atMs: number;
  namespaces: { netns: number; counters: object | undefined; sockets: string[] }[];
}
/** Every tick of a recording: the TCP sockets of each namespace as they are known then. */
async function seenIn(file: string): Promise<Seen[]> {
  const source = await open(file);
  const seen: Seen[] = [];
  const sockets = new Map<number, string[]>();
  for (let tick = await source.next(REQUEST); tick !== undefined; tick = await source.next(REQUEST)) {
    for (const { namespace, snapshot } of tick.namespaces) {
      const list: string[] = [];
      snapshot?.sockets.each((socket) => {
        const { proto, state, localPort, peerPort, inode } = socket;
        // A summary has the number of those in TIME_WAIT alone.
        if (proto === 'tcp' && state !== TCP_STATE.TIME_WAIT) list.push(`${state} ${localPort} ${peerPort} ${inode}`);
      });
      if (snapshot !== undefined) sockets.set(namespace.netns, list.sort());
    }
    const namespaces = tick.namespaces.map(({ namespace: { netns }, counters }) => ({
      netns,
      counters,
      sockets: sockets.get(netns) ?? [],
    }));
    seen.push({ atMs: tick.atMs, namespaces });
  }
  source.close();
  return seen;
}
/**
 * The closed connections before each tick of a recording, from the second tick of a time to its last one: as recorded, and
 * how many of each namespace, outcome and peer there are.
 */
async function closedIn(file: string, fromMs: number, toMs: number) {
  const source = await open(file);
  let closed: string[] = [];
  let counts: Record<string, number> = {};
  const request: TickRequest = {
    ...REQUEST,
    events: {
      closed: ({ netns }, event) => {
        const { count = 1, ...record } = event.record();
        closed.push(JSON.stringify(record));
        const port = event.role === 'server' ? record.local.port : record.peer.port;
        const key = `${netns} ${record.outcome} ${event.role} ${record.peer.address} ${port}`;
        counts[key] = (counts[key] ?? 0) + count;
      },
    },
  };
  const ticks: { closed: string[]; counts: typeof counts }[] = [];
  for (let tick = await source.next(request); tick !== undefined; tick = await source.next(request)) {
    if (tick.atMs > fromMs && tick.atMs <= toMs) ticks.push({ closed, counts });
    [closed, counts] = [[], {}];
  }
  source.close();
  return { closed: new Set(ticks.flatMap((tick) => tick.closed)), counts: ticks.map((tick) => tick.counts) };
}
const said = async (recording: string) => {
  const { findings, healthy } = await diagnoseRecording(recording);
  return {
    healthy,
    findings: findings.map(({ rule, severity, summary, scope }) => ({ rule, severity, summary, scope: scope.name })),
  };
};

test('an incident of all that was recorded has what the original has, and the doctor says the same', async () => {
  const source = await open();
  const flight = recorder(source, { incidentMs: { before: 60_000, after: 60_000 } });
  let id = '';
  const ticks = await feed(source, flight, () => {
    id ||= flight.save({ cause: 'by hand', isAutomatic: false }).id;
  });
  expect(fs.readdirSync(path.join(folder, 'recorder')).length).toBeGreaterThan(3);
  await flight.close();
  source.close();
  const saved = incidents.get(id);
  expect(saved).toMatchObject({ state: 'saved', fromMs: ticks[0]?.atMs, toMs: ticks.at(-1)?.atMs, cause: 'by hand' });
  const file = incidents.recordingOf(id);
  expect(saved.bytes).toBe(fs.statSync(file).size);
  expect(await seenIn(file)).toEqual(await seenIn(RECORDED));
  // One that was not cut into parts: like it a summary, without the sockets of other protocols.
  const whole = await open();
  const uncut = recorder(whole, { keepMs: 3_600_000, incidentMs: { before: 60_000, after: 60_000 } });
  let uncutId = '';
  await feed(whole, uncut, () => {
    uncutId ||= uncut.save({ cause: 'by hand', isAutomatic: false }).id;
  });
  await uncut.close();
  whole.close();
  const original = await said(incidents.recordingOf(uncutId));
  expect(original.findings.length).toBeGreaterThan(0);
  expect(await said(file)).toEqual(original);
  incidents.delete(uncutId);
  // What it is made of is gone but for the ring.
  expect(fs.readdirSync(path.join(folder, 'incidents')).sort()).toEqual([`${id}.json`, `${id}.slr`]);
});

test('an incident has the time before its moment and after it', async () => {
  const source = await open();
  const flight = recorder(source);
  let id = '';
  const ticks: Tick[] = [];
  await feed(source, flight, (tick) => {
    ticks.push(tick);
    if (ticks.length === 7) id = flight.save({ cause: 'by hand', isAutomatic: false, name: ' checkout\nis slow ' }).id;
    if (ticks.length === 7) expect(incidents.get(id)).toMatchObject({ state: 'recording', name: 'checkout is slow' });
  });
  await flight.close();
  source.close();
  const { fromMs, toMs, atMs, state } = incidents.get(id);
  expect(state).toBe('saved');
  expect(atMs).toBe(ticks[6]?.atMs);
  // It begins with a segment of two seconds.
  expect(fromMs).toBeLessThanOrEqual(atMs - 4000 + 1100);
  expect(fromMs).toBeGreaterThan(atMs - 4000 - 2100);
  expect(toMs).toBeLessThanOrEqual(atMs + 3000);
  expect(toMs).toBeGreaterThan(atMs + 1900);
  const file = incidents.recordingOf(id);
  const original = (await seenIn(RECORDED)).filter((tick) => tick.atMs >= fromMs && tick.atMs <= toMs);
  expect(await seenIn(file)).toEqual(original);
  const [kept, all] = [await closedIn(file, fromMs, toMs), await closedIn(RECORDED, fromMs, toMs)];
  expect(kept.counts).toEqual(all.counts);
  expect(kept.closed.size).toBeGreaterThan(0);
  // Some stand for others that ended alike.
  expect(kept.closed.size).toBeLessThan(all.closed.size);
  for (const one of kept.closed) expect(all.closed).toContain(one);
});

test('an incident that is being recorded when the clock is set back is made of what there is', async () => {
  const source = await open();
  const flight = recorder(source, { incidentMs: { before: 60_000, after: 60_000 } });
  const ticks: Tick[] = [];
  let id = '';
  const HOUR = 3_600_000;
  for (let tick = await source.next(REQUEST); tick !== undefined; tick = await source.next(REQUEST)) {
    ticks.push(tick);
    await flight.tick(ticks.length > 6 ? { ...tick, atMs: tick.atMs - HOUR } : tick);
    if (ticks.length === 4) id = flight.save({ cause: 'critical', isAutomatic: true }).id;
  }
  // What is worth an incident now has one of its own.
  const later = flight.save({ cause: 'critical', isAutomatic: true });
  expect(later.id).not.toBe(id);
  await flight.close();
  source.close();
  expect(incidents.get(id)).toMatchObject({ state: 'saved', fromMs: ticks[0]?.atMs, toMs: ticks[5]?.atMs });
  expect(incidents.get(later.id)).toMatchObject({ state: 'saved', fromMs: (ticks[6]?.atMs ?? 0) - HOUR });
});

test('the ring keeps no more than it may, by age and by size', async () => {
  for (const [options, most] of [
    [{ keepMs: 4500 }, 5500],
    [{ keepMs: 30_000, maxBytes: 50_000 }, 30_000],
  ] as const) {
    fs.rmSync(path.join(folder, 'recorder'), { recursive: true, force: true });
    const source = await open();
    const flight = recorder(source, options);
    let largest = 0;
    await feed(source, flight, ({ atMs }) => {
      expect(atMs - (flight.fromMs ?? atMs)).toBeLessThan(most);
      largest = Math.max(largest, flight.bytes);
    });
    const files = fs
      .readdirSync(path.join(folder, 'recorder'))
      .map((name) => fs.statSync(path.join(folder, 'recorder', name)).size);
    await flight.close();
    source.close();
    expect(files.length).toBeGreaterThan(1);
    if ('maxBytes' in options) {
      expect(largest).toBeLessThan(1.4 * options.maxBytes);
      expect(flight.fromMs).toBeGreaterThan(source.startedAtMs + 1000);
    }
  }
});

test('what nobody asked for joins the incident that is being recorded, and is deleted first', async () => {
  const source = await open();
  const flight = recorder(source, { maxIncidents: 2, incidentMs: { before: 2000, after: 1000 } });
  const ids: string[] = [];
  let count = 0;
  await feed(source, flight, () => {
    count++;
    if (count === 2) ids.push(flight.save({ cause: 'by hand', isAutomatic: false }).id);
    if (count === 4) ids.push(flight.save({ cause: 'critical', isAutomatic: true }).id);
    if (count === 4) expect(flight.save({ cause: 'critical again', isAutomatic: true }).id).toBe(ids[1]);
    if (count === 7) ids.push(flight.save({ cause: 'by hand', isAutomatic: false }).id);
  });
  await flight.close();
  source.close();
  expect(incidents.list().map(({ id }) => id)).toEqual([ids[2], ids[0]]);
  expect(fs.readdirSync(path.join(folder, 'incidents')).sort()).toEqual(
    [ids[0], ids[2]].flatMap((id) => [`${id}.json`, `${id}.slr`]).sort(),
  );
});

test('an incident that the command line asked for is taken at the next tick', async () => {
  const source = await open();
  const flight = recorder(source, { incidentMs: { before: 60_000, after: 1000 } });
  let id = '';
  await feed(source, flight, ({ atMs }) => {
    id ||= incidents.add(
      { name: 'n', cause: 'by hand', isAutomatic: false, atMs, fromMs: atMs, toMs: atMs },
      'wanted',
    ).id;
  });
  await flight.close();
  source.close();
  expect(incidents.get(id)).toMatchObject({ state: 'saved', name: 'n' });
});

test('what was being recorded when the process ended is made of what there is, by the next one', async () => {
  const [first, second] = [await open(), await open()];
  const flight = recorder(first, { incidentMs: { before: 60_000, after: 60_000 } });
  const ticks: Tick[] = [];
  const isOver = feed(first, flight, async (tick) => {
    ticks.push(tick);
    if (ticks.length === 3) flight.save({ cause: 'by hand', isAutomatic: false });
    // Killed: nothing is closed.
    if (ticks.length === 5) throw new Error('killed');
  });
  await expect(isOver).rejects.toThrow('killed');
  first.close();
  const [{ id } = { id: '' }] = incidents.list();
  expect(incidents.get(id).state).toBe('recording');
  for (const part of ['new', '0']) fs.writeFileSync(`${incidents.recordingOf(id)}.${part}`, 'a part');
  const next = recorder(second);
  await next.close();
  second.close();
  expect(incidents.get(id)).toMatchObject({ state: 'saved', fromMs: ticks[0]?.atMs, toMs: ticks[4]?.atMs });
  expect(fs.readdirSync(path.join(folder, 'incidents')).sort()).toEqual([`${id}.json`, `${id}.slr`]);
});

/** An end of a connection to a port of one server. */
function end(outcome: Outcome, peerPort = 5432, parts: Partial<ConnectionEvent> = {}): ConnectionEvent {
  const socket = { proto: 'tcp', family: 'inet', peerPort, localPort: 40_000, peerWord: () => 0x0a000001 };
  const fields = { kind: 'closed', role: 'client', processes: [], outcome, socket, atMs: 5000, ...parts };
  return fields as unknown as ConnectionEvent;
}
/** Records ends: what each one stands for. */
class Ends {
  readonly counts: number[] = [];
  event(): number {
    return this.counts.push(1) - 1;
  }
  alike(row: number): void {
    this.counts[row] = (this.counts[row] ?? 0) + 1;
  }
  get sum(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }
}

test('of hundreds of connections that end alike in a tick some are recorded, and stand for all of them', () => {
  const budget = new EventBudget();
  /** How many of them are recorded, and for how many these stand. */
  const taken = (netns: number, count: number, event: ConnectionEvent) => {
    const ends = new Ends();
    for (let index = 0; index < count; index++) budget.take(netns, event, ends);
    return [ends.counts.length, ends.sum];
  };
  expect(taken(1, 5, { ...end('closed'), kind: 'opened', outcome: undefined } as ConnectionEvent)).toEqual([0, 0]);
  expect(taken(1, 305, end('closed'))).toEqual([20, 305]);
  expect(taken(1, 30, end('reset'))).toEqual([20, 30]);
  expect(taken(1, 7, end('closed', 6379))).toEqual([7, 7]);
  expect(taken(1, 21, end('closed', 5432, { closedBy: 'peer' }))).toEqual([20, 21]);
  expect(taken(1, 3, end('closed', 5432, { openedAtMs: 4900 }))).toEqual([3, 3]);
  expect(taken(2, 90, end('closed'))).toEqual([20, 90]);
  const tick = { namespaces: [{ namespace: { netns: 1 }, lost: 3 }] } as unknown as Tick;
  expect(budget.withLost(tick)).toBe(tick);
  expect(taken(1, 50, end('closed'))).toEqual([20, 50]);
});

test('of more different ends than a tick may have, those that nothing recorded is like are lost events', () => {
  const budget = new EventBudget();
  const ends = new Ends();
  for (let port = 1; port <= 4010; port++) budget.take(1, end('refused', port), ends);
  for (let index = 0; index < 5; index++) budget.take(1, end('refused', 1), ends);
  expect([ends.counts.length, ends.counts[0]]).toEqual([4000, 6]);
  const namespaces = [1, 2].map((netns) => ({ namespace: { netns }, lost: 3 }));
  expect(budget.withLost({ namespaces } as unknown as Tick).namespaces.map(({ lost }) => lost)).toEqual([13, 3]);
});
