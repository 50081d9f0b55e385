import fs from 'node:fs';
import type { ProgramSettings } from '../model/report/lab-settings.ts';

/**
 * Sets this process up as a program of the lab. Reports are lines of JSON on stdout, orders are lines of JSON on stdin.
 * It exits when stdin is closed, which also happens when the parent is killed.
 *
 * @param onOrder called with each parsed order
 * @returns the settings in its last argument
 */
export function beProgram<T extends ProgramSettings>(onOrder: (order: unknown) => void = () => {}): T {
  const settings = JSON.parse(process.argv.at(-1) ?? '{}') as T;
  process.title = settings.title;
  // Ctrl-C sends SIGINT to all processes of the terminal; the parent decides when this one exits.
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

/** Sends a report to the parent. */
export function report(what: object): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}
