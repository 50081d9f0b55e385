import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { LAUNCHER } from '../test/support/cli.ts';
import { until } from '../test/support/netns.ts';
import { environment } from './command.ts';
import type { Result } from './comparison.ts';
import { type Crowds, makeCrowds } from './crowds.ts';
import { withProgram } from './receiver.ts';

/** Two populations, and what `serve` may cost of them: fractions of a core, MiB. */
const POPULATIONS = {
  usual: { count: 100, busy: 10, changesPerSecond: 200, connections: 25, share: 3, page: 6, mebibytes: 200 },
  large: { count: 1000, busy: 0, changesPerSecond: 0, connections: 10, share: 6, page: undefined, mebibytes: 400 },
} as const;

/** The first snapshots, and V8 compiling the program, seconds; then what is measured. */
const WARM_UP_S = 45;
const MEASURED_S = 60;
/** The memory is to stay as it is for so long, seconds. */
const SLOPE_S = 900;

/** Clock ticks of /proc/PID/stat a second. */
const TICKS_PER_SECOND = 100;

/** CPU time and memory of `socklens serve` of a usual machine, with nobody looking and with a page open. */
export function serveOfUsual(): Promise<Result[]> {
  return costOf('usual');
}

/** The same of a large machine. */
export function serveOfLarge(): Promise<Result[]> {
  return costOf('large');
}

/** What the memory of a usual machine's `serve` gains. */
export function driftOfServe(): Promise<Result[]> {
  return costOf('usual', true);
}

async function costOf(name: keyof typeof POPULATIONS, isLong = false): Promise<Result[]> {
  const { count, busy, changesPerSecond, connections, share, page, mebibytes } = POPULATIONS[name];
  const where = `serve, ${count} namespaces with ${connections * 2} sockets each, ${busy} of them with ${changesPerSecond} connections a second`;
  const results: Result[] = [];
  const skipped = await withProgram('crowd', where, async (program) => {
    const crowds = await makeCrowds(program, count, busy, changesPerSecond, connections);
    const run = await start(crowds);
    try {
      await seconds(WARM_UP_S);
      const cpu = await cpuShare(run.pid);
      const doctor = await run.doctorShare();
      results.push({
        title: `${where}: CPU, nobody looks`,
        value: cpu,
        unit: '% of a core',
        bar: share,
        remarks: [`judging: ${(doctor * 100).toFixed(2)} % of a core`],
      });
      if (page !== undefined) {
        const close = await run.open(crowds.names.at(-1) ?? '');
        results.push({
          title: `${where}: CPU, a page is open`,
          value: await cpuShare(run.pid),
          unit: '% of a core',
          bar: page,
          remarks: [],
        });
        close();
      }
      const before = residentMebibytes(run.pid);
      if (isLong) {
        await seconds(SLOPE_S);
        results.push({
          title: `${where}: memory gained in ${SLOPE_S / 60} minutes`,
          value: residentMebibytes(run.pid) - before,
          unit: 'MiB',
          bar: 1,
          remarks: [],
        });
      }
      results.push({
        title: `${where}: resident memory`,
        value: residentMebibytes(run.pid),
        unit: 'MiB',
        bar: mebibytes,
        remarks: [],
      });
    } finally {
      await run.stop();
      crowds.remove();
    }
    return { title: where, why: 'measured' };
  });
  return results.length > 0 ? results : [skipped];
}

/** Starts `serve` for the namespaces, and waits for its first sample. */
export async function start({ names }: Crowds) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-bench-'));
  const config = path.join(folder, 'socklens.toml');
  fs.writeFileSync(config, `[serve]\ntargets = ${JSON.stringify(names.map((name) => `netns:${name}`))}\n`);
  const args = ['serve', '--listen', '127.0.0.1:0', '--data', folder, '--config', config];
  const child = spawn(LAUNCHER, args, { env: environment(), stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (piece: Buffer) => (output += piece));
  const link = await until('the link', () => /http\S+/.exec(output)?.[0], 120_000);
  const { origin, hash } = new URL(link);
  const headers = { authorization: `Bearer ${hash.replace('#token=', '')}`, 'accept-encoding': 'gzip' };
  await until('the first sample', async () => (await fetch(`${origin}/readyz`)).ok, 120_000);
  return {
    pid: child.pid ?? 0,
    origin,
    async doctorShare(): Promise<number> {
      const answer = (await (await fetch(`${origin}/api/v1/overview`, { headers })).json()) as {
        serve: { doctorShare: number };
      };
      return answer.serve.doctorShare;
    },
    /** Opens the stream of a page of one row, and reads it. @returns what closes it */
    async open(name: string): Promise<() => void> {
      const ended = new AbortController();
      const address = `${origin}/api/v1/stream?container=netns:${name}`;
      const { body } = await fetch(address, { headers, signal: ended.signal });
      void body?.pipeTo(new WritableStream()).catch(() => undefined);
      return () => ended.abort();
    },
    async stop(): Promise<void> {
      child.kill('SIGTERM');
      await until('the end', () => child.exitCode !== null || child.signalCode !== null, 120_000);
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Per cent of a core over {@link MEASURED_S}. */
async function cpuShare(pid: number): Promise<number> {
  const [before, begin] = [cpuSeconds(pid), performance.now()];
  await seconds(MEASURED_S);
  return ((cpuSeconds(pid) - before) / (performance.now() - begin)) * 100_000;
}

/** User and system time of a process, proc_pid_stat(5). */
export function cpuSeconds(pid: number): number {
  const fields = fs
    .readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function residentMebibytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

function seconds(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, count * 1000));
}
