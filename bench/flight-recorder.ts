import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { localMachine } from '../src/collect/local-machine.ts';
import { everySocket } from '../src/model/socket/socket-query.ts';
import { FLIGHT_RECORDER_DEFAULTS, FlightRecorder } from '../src/sources/incidents/flight-recorder.ts';
import { IncidentFolder } from '../src/sources/incidents/incident-folder.ts';
import { openSource } from '../src/sources/open-source.ts';
import { allTo, type TickRequest } from '../src/sources/sample-source.ts';
import type { Measure, Result } from './comparison.ts';
import { makeCrowds } from './crowds.ts';
import { withProgram } from './receiver.ts';

/** Each connection has both ends inside: a hundred a second are two hundred that close. */
const CROWDS = { namespaces: 100, connections: 25, changing: 10, rate: 100 };
const SECONDS = 40;
const { keepMs } = FLIGHT_RECORDER_DEFAULTS;
/** Parts of a full ring, each with all sockets at its beginning. */
const SEGMENTS = 15;
const TITLE = `the flight recorder of ${CROWDS.namespaces} namespaces of ${2 * CROWDS.connections} sockets, ${CROWDS.changing} in which ${2 * CROWDS.rate} close each second`;

/** Size of a full ring of the last minutes, and what it costs to write it. */
export async function flightRecorder(): Promise<Result> {
  return withProgram('crowd', TITLE, async (program) => {
    const { namespaces, changing, rate, connections } = CROWDS;
    const { names, remove } = await makeCrowds(program, namespaces, changing, rate, connections);
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-bench-'));
    try {
      return await measure(names.map((name) => `netns:${name}`).join(','), folder);
    } finally {
      remove();
      fs.rmSync(folder, { recursive: true });
    }
  });
}

async function measure(target: string, folder: string): Promise<Measure> {
  const forMs = SECONDS * 1000;
  const source = await openSource(localMachine({ DOCKER_HOST: 'unix:///nonexistent' }), {
    ...{ target, forMs, intervalMs: 1000, events: true, numeric: true },
  });
  const options = { folder, target: 'all', options: FLIGHT_RECORDER_DEFAULTS };
  const recorder = new FlightRecorder(source, new IncidentFolder(folder), options);
  let cpuMs = 0;
  const request: TickRequest = {
    isForeground: () => false,
    foldsEvents: true,
    query: () => ({ ...everySocket(), tcpInfo: true }),
    processes: 'kinds',
    allCounters: true,
    events: allTo((namespace, event) => recorder.event(namespace, event)),
  };
  const sizes: { atMs: number; bytes: number }[] = [];
  for (let tick = await source.next(request); tick !== undefined; tick = await source.next(request)) {
    const before = process.cpuUsage();
    await recorder.tick(tick);
    const { user, system } = process.cpuUsage(before);
    cpuMs += (user + system) / 1000;
    sizes.push({ atMs: tick.atMs, bytes: recorder.bytes });
  }
  source.close();
  await recorder.close();
  const [first, last] = [sizes[0], sizes.at(-1)];
  if (first === undefined || last === undefined) throw new Error('nothing was recorded');
  const perMs = (last.bytes - first.bytes) / (last.atMs - first.atMs);
  return {
    title: `${TITLE}: the last ${keepMs / 60_000} minutes`,
    value: (SEGMENTS * first.bytes + perMs * keepMs) / 1e6,
    unit: 'MB',
    bar: 20,
    remarks: [
      `extrapolated from ${SECONDS} s: ${Math.round(first.bytes / 1000)} kB of sockets at the beginning of each of ${SEGMENTS} parts, then ${Math.round(perMs * 1000)} bytes a second`,
      `${(cpuMs / sizes.length).toFixed(1)} ms of CPU for each tick`,
    ],
  };
}
