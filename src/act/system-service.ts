import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { errnoOf, reasonOf } from '../base/errno.ts';
import { Failure } from '../model/failure.ts';

/** Whether systemd is what runs services here, sd_booted(3). */
const BOOTED = '/run/systemd/system';

/**
 * Writes a unit, and starts it now and at each start of the machine.
 *
 * @param file of the unit; replaced where it is there
 * @returns false where systemd does not run here, so that only the file was written
 * @throws {Failure} `not-permitted` without root, `unsupported` where systemd refuses the unit
 */
export function installService(file: string, name: string, text: string): boolean {
  change(file, () => fs.writeFileSync(file, text, { mode: 0o644 }));
  if (!fs.existsSync(BOOTED)) return false;
  systemctl('daemon-reload');
  systemctl('enable', name);
  systemctl('restart', name);
  return true;
}

/** Stops a service, and deletes its unit. @returns false where there was none */
export function uninstallService(file: string, name: string): boolean {
  if (!fs.existsSync(file)) return false;
  if (fs.existsSync(BOOTED)) systemctl('disable', '--now', name);
  change(file, () => fs.unlinkSync(file));
  if (fs.existsSync(BOOTED)) systemctl('daemon-reload');
  return true;
}

function change(file: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    const code = errnoOf(error);
    const isDenied = code === 'EACCES' || code === 'EPERM';
    const hint = isDenied ? '; run with sudo' : '';
    throw new Failure(isDenied ? 'not-permitted' : 'io', `${file}: cannot be changed: ${reasonOf(error)}${hint}`, {
      cause: error,
    });
  }
}

function systemctl(...args: string[]): void {
  const { status, stderr, error } = spawnSync('systemctl', args, { encoding: 'utf8' });
  if (status === 0) return;
  const why = error?.message ?? stderr.trim().split('\n')[0] ?? `status ${status}`;
  throw new Failure('unsupported', `systemctl ${args.join(' ')}: ${why}`);
}
