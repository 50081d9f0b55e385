import fs from 'node:fs';
import { launch, listens, ownFolder, type Place, programPath, type Running } from './program.ts';

/** Settings of HAProxy. */
export interface HaproxyOptions {
  /** The configuration after `global` and `defaults`: frontends, backends, with their binds. */
  config: string;
  /** Lines of `global`. */
  global?: string;
  /** Lines of `defaults`; default HTTP with timeouts of 5 s for connecting and 30 s for the rest. */
  defaults?: string;
  /** A port that listens when it is ready. */
  port: number;
  nofile?: number;
}

const DEFAULTS = `
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s`;

/** Starts `haproxy` in the foreground. */
export function startHaproxy(place: Place, options: HaproxyOptions): Promise<Running> {
  const folder = ownFolder('haproxy');
  const file = `${folder}/haproxy.cfg`;
  const { config, global = '', defaults = DEFAULTS, port } = options;
  fs.writeFileSync(file, `global\n  ${global.trim()}\ndefaults\n  ${defaults.trim()}\n${config}\n`);
  return launch(place, {
    folder,
    nofile: options.nofile,
    endSignal: 'SIGTERM',
    command: [programPath('haproxy'), '-db', '-f', file],
    answers: () => listens(place, port),
  });
}
