/** Makes an incident live and records it, as a user would: `socklens record TARGET -o FILE`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { LAUNCHER } from '../../support/cli.ts';
import type { TestEngine } from '../../support/engine.ts';
import { type Healthy, RECORDED_MS } from './incident.ts';
import { Stage } from './stage.ts';

/** The folder of Node and its packages, which the processes of scenes run. */
const CHECKOUT = path.resolve(import.meta.dirname, '../../..');

/**
 * Starts a scene, runs something while it goes on, and ends it.
 *
 * @param engine for scenes in containers
 */
export async function onStage<T>(
  { scene }: Pick<Healthy, 'scene'>,
  engine: TestEngine | undefined,
  during: (stage: Stage) => Promise<T>,
): Promise<T> {
  const stage = new Stage(engine);
  try {
    await scene(stage);
    return await during(stage);
  } finally {
    await stage.end();
  }
}

/** Makes a recording of a scene, with the names that the scene gave instead of those of this run. */
export async function record(incident: Healthy, file: string, engine?: TestEngine): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-incident-'));
  try {
    const names = await onStage(incident, engine, async (stage) => {
      const seconds = `${Math.round((incident.forMs ?? RECORDED_MS) / 1000)}s`;
      await run(['record', stage.target, '-o', `${folder}/made.slr`, '--for', seconds], engine);
      return new Map([...stage.names, [CHECKOUT, '/srv/app']]);
    });
    let text = ofThisRunOnly(gunzipSync(fs.readFileSync(`${folder}/made.slr`)).toString(), engine !== undefined);
    for (const [name, wanted] of names) text = text.replaceAll(name, wanted);
    text = text.replaceAll(new RegExp(`(?<![\\w-])${os.hostname()}(?![\\w-])`, 'g'), 'machine');
    fs.writeFileSync(file, gzipSync(text, { level: 9 }));
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/** Takes out what belongs to the machine on which it was recorded: its first process, and the Engines of others. */
function ofThisRunOnly(text: string, hasEngine: boolean): string {
  const first = fs.readFileSync('/proc/1/comm', 'utf8').trim();
  const changed = (key: string, value: unknown) => {
    if (key === 'notes') return (value as string[]).filter((note) => !note.includes(first));
    if (key !== 'runtimeProcesses') return value;
    const kept = (value as { pid: number }[]).filter(({ pid }) => pid === 1 || hasEngine);
    return kept.map((each) => (each.pid === 1 ? { ...each, name: 'systemd' } : each));
  };
  const touched = (line: string) => line.includes('"runtimeProcesses"') || line.includes(first);
  return text
    .split('\n')
    .map((line) => (touched(line) ? JSON.stringify(JSON.parse(line, changed)) : line))
    .join('\n');
}

/** Runs socklens. @returns its stdout @throws for a status of 2 or more */
export async function run(args: readonly string[], engine: TestEngine | undefined): Promise<string> {
  const endpoint = engine?.endpoint ?? 'unix:///nonexistent';
  const [program = LAUNCHER, ...words] = [...(engine?.asMachine ?? []), LAUNCHER, ...args];
  const child = spawn(program, words, {
    env: { ...process.env, DOCKER_HOST: endpoint },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    stdout += piece;
  });
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    stderr += piece;
  });
  const [status] = await once(child, 'close');
  if (status !== 0 && status !== 1) throw new Error(`socklens ${args.join(' ')}: status ${status}: ${stderr}`);
  return stdout;
}
