import type { SocketProcess } from '../model/socket/socket-row.ts';

/** Owners of one socket that are listed; a pre-fork server can have hundreds. */
const MAX_NAMED = 3;

/** `PID/name`, several with commas; empty for none. Not yet safe for a terminal. */
export function processesText(processes: readonly SocketProcess[]): string {
  const named = processes.slice(0, MAX_NAMED).map(({ pid, name }) => `${pid}/${name}`);
  if (processes.length > MAX_NAMED) named.push(`+${processes.length - MAX_NAMED}`);
  return named.join(',');
}
