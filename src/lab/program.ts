import fs from 'node:fs';
import type { ProgramSettings } from '../model/report/lab-settings.ts';

/**
 * Makes this process a program of the lab: named as told, a line of JSON on stdout for each report,
 * a line of JSON on stdin for each order, and its end when stdin closes, which also a killed parent's does.
 *
 * @param onOrder is given each line of stdin, read
 * @returns the settings that it was started with
 */
export function beProgram<T extends ProgramSettings>(onOrder: (order: unknown) => void = () => {}): T {
  const settings = JSON.parse(process.argv[2] ?? '{}') as T;
  process.title = settings.title;
  // Ctrl-C reaches all processes of a terminal at once; the parent decides when this one ends.
  process.on('SIGINT', () => {});
  const end = () => {
    if (settings.name !== undefined) fs.rmSync(settings.name, { force: true });
    process.exit(0);
  };
  let rest = '';
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onOrder(JSON.parse(line));
  });
  process.stdin.on('close', end);
  process.stdout.on('error', end);
  return settings;
}

/** Tells the parent something. */
export function report(what: object): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}
