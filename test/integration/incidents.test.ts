/** Incidents of a flight recorder that samples this machine, as the command line has them. */
import { execFile, execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { localMachine } from '../../src/collect/local-machine.ts';
import { everySocket } from '../../src/model/socket/socket-query.ts';
import { FLIGHT_RECORDER_DEFAULTS, FlightRecorder } from '../../src/sources/incidents/flight-recorder.ts';
import { IncidentFolder } from '../../src/sources/incidents/incident-folder.ts';
import { openSource } from '../../src/sources/open-source.ts';
import { allTo } from '../../src/sources/sample-source.ts';
import { LAUNCHER } from '../support/cli.ts';
import { createNetns, type TestNetns, until } from '../support/netns.ts';
import { type ManySockets, manySockets } from '../support/recipes/many-sockets.ts';
import { temporaryFolder } from '../support/recording-run.ts';

const CONNECTIONS = 40;
const INTERVAL_MS = 200;

let folder: string;
let netns: TestNetns;
let sockets: ManySockets;
let recorder: FlightRecorder;
let stopRecording: () => Promise<void>;

beforeAll(async () => {
  folder = temporaryFolder();
  netns = createNetns();
  sockets = await manySockets(netns, CONNECTIONS, 5);
  stopRecording = await record();
});
afterAll(async () => {
  await stopRecording();
  await sockets.stop();
  netns.remove();
  fs.rmSync(folder, { recursive: true });
});

/** Records the namespace, as `serve` does in the background. */
async function record(): Promise<() => Promise<void>> {
  const stop = new AbortController();
  const options = {
    target: `netns:${netns.name}`,
    intervalMs: INTERVAL_MS,
    forMs: undefined,
    events: true,
    numeric: true,
  };
  const source = await openSource(localMachine({ DOCKER_HOST: 'unix:///nonexistent' }), options);
  recorder = new FlightRecorder(source, new IncidentFolder(folder), {
    folder,
    target: options.target,
    options: { ...FLIGHT_RECORDER_DEFAULTS, keepMs: 15_000, incidentMs: { before: 60_000, after: 4000 } },
  });
  const request = {
    isForeground: () => false,
    foldsEvents: true,
    query: () => ({ ...everySocket(), tcpInfo: true }),
    processes: 'kinds' as const,
    allCounters: true,
    events: allTo((namespace, event) => recorder.event(namespace, event)),
  };
  const isOver = (async () => {
    for (
      let tick = await source.next(request, stop.signal);
      tick !== undefined;
      tick = await source.next(request, stop.signal)
    ) {
      await recorder.tick(tick);
    }
  })();
  return async () => {
    stop.abort();
    await isOver;
    await recorder.close();
    source.close();
  };
}

async function socklens(...args: string[]) {
  const run = promisify(execFile)(LAUNCHER, args, { encoding: 'utf8' });
  const { stdout, stderr } = await run.catch((error: { stdout: string; stderr: string }) => error);
  return { stdout, stderr, status: run.child.exitCode };
}
const incident = (...args: string[]) => socklens('incident', ...args, '--data', folder);

test('save, list, rename, export, read and delete an incident', async () => {
  const saved = await incident('save', 'checkout is slow');
  expect(saved).toMatchObject({
    status: 0,
    stderr: expect.stringMatching(/recording until \d\d:\d\d:\d\d; then: socklens doctor --from \d+/),
  });
  const id = saved.stdout.trim();
  await until('the incident', () => new IncidentFolder(folder).get(id).state === 'saved');
  const { stdout } = await incident('list', '--json');
  const file = path.join(folder, 'incidents', `${id}.slr`);
  const [listed] = JSON.parse(stdout).incidents;
  expect(listed).toMatchObject({
    id,
    name: 'checkout is slow',
    cause: 'by hand',
    state: 'saved',
    file,
    bytes: fs.statSync(file).size,
  });
  // It has the time after its moment, up to the last tick in it.
  expect(listed.toMs - listed.atMs).toBeLessThanOrEqual(4000);
  expect(listed.toMs - listed.atMs).toBeGreaterThan(0);
  expect((await incident('list')).stdout).toMatch(new RegExp(`^ID +MOMENT.*\n${id} .*checkout is slow`));

  // What `ss` counts there.
  const ss = await promisify(execFile)('ip', ['netns', 'exec', netns.name, 'ss', '-Htan', 'state', 'established'], {
    encoding: 'utf8',
  });
  const established = ss.stdout.trim().split('\n').length;
  expect(established).toBe(2 * CONNECTIONS);
  const grouped = await socklens('ls', '--from', file, '--by', 'state', '--json');
  const { groups } = JSON.parse(grouped.stdout);
  expect(groups.find(({ key }: { key: { state: string } }) => key.state === 'ESTABLISHED')?.count).toBe(established);
  expect((await socklens('doctor', '--from', file)).status).toBe(0);

  expect((await incident('rename', id, 'the sale')).status).toBe(0);
  expect((await incident('list')).stdout).toContain('the sale');
  const copy = path.join(folder, 'copy.slr');
  expect((await incident('export', id, '-o', copy)).status).toBe(0);
  expect(fs.readFileSync(copy)).toEqual(fs.readFileSync(file));
  expect(await incident('export', id, '-o', copy)).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('already exists'),
  });
  expect((await incident('delete', id)).status).toBe(0);
  expect(fs.readdirSync(path.join(folder, 'incidents'))).toEqual([]);
  expect(await incident('delete', id)).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('no such incident'),
  });
});

test('an id that is a path is no incident', async () => {
  for (const id of ['../recorder/1', '/etc/passwd', '20261130-120005/../x', '']) {
    expect(await incident('delete', id)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('no such incident'),
    });
  }
});

test('without a serve on the folder, saving says so and leaves nothing', async () => {
  const other = temporaryFolder();
  const run = await socklens('incident', 'save', '--data', other);
  expect(run).toMatchObject({ status: 74, stderr: expect.stringContaining(`no running socklens serve uses ${other}`) });
  expect(fs.readdirSync(path.join(other, 'incidents'))).toEqual([]);
  fs.rmSync(other, { recursive: true });
});

test('on a full disk the recorder goes on, says what is not kept, and records again when there is room', () => {
  const disk = temporaryFolder();
  const program = path.resolve(import.meta.dirname, '../support/full-recorder-main.ts');
  const recording = path.resolve(import.meta.dirname, '../doctor/incidents/recordings/postgres-pool-times-workers.slr');
  const script = 'mount -t tmpfs -o size=1m tmpfs "$1" && exec "$2" "$3" "$1" "$4"';
  const args = ['--mount', 'sh', '-c', script, 'sh', disk, process.execPath, program, recording];
  const { notKept, incident: saved } = JSON.parse(execFileSync('unshare', args, { encoding: 'utf8' }));
  fs.rmSync(disk, { recursive: true });
  expect(notKept.slice(0, 2)).toEqual([[], []]);
  expect(notKept[4]).toEqual([expect.stringMatching(/^the last minutes are not recorded: .*(ENOSPC|cannot)/)]);
  expect(notKept.at(-1)).toEqual([]);
  expect(saved).toMatchObject({ state: 'saved', cause: 'by hand' });
});
