import os from 'node:os';
import path from 'node:path';
import { option } from './option.ts';
import { proposeFiles } from './proposals.ts';

/** Where `serve` keeps everything by default: the system's folder for root, else the user's. */
export function defaultFolder(): string {
  if (process.geteuid?.() === 0) return '/var/lib/socklens';
  const { XDG_STATE_HOME } = process.env;
  const isAbsolute = XDG_STATE_HOME !== undefined && path.isAbsolute(XDG_STATE_HOME);
  return path.join(isAbsolute ? XDG_STATE_HOME : path.join(os.homedir(), '.local', 'state'), 'socklens');
}

/** Where `serve` keeps everything by default. @param isHostsOnly whether it watches nothing: beside one that does */
export function folderOf(isHostsOnly: boolean | undefined): string {
  return isHostsOnly === true ? path.join(defaultFolder(), 'hosts') : defaultFolder();
}

/** The option `--data`. */
export const dataFolder = option.text('FOLDER', 'Where serve keeps everything; default /var/lib/socklens', {
  propose: proposeFiles,
});
