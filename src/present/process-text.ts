import type { SocketProcess } from '../model/socket-row.ts';

/** How many owners of one socket are written out; a pre-fork server can have hundreds. */
const MOST_NAMED = 3;

/** `PID/name`, several with commas; empty for none. Not yet safe for a terminal. */
export function processesText(processes: readonly SocketProcess[]): string {
  const named = processes.slice(0, MOST_NAMED).map(({ pid, name }) => `${pid}/${name}`);
  if (processes.length > MOST_NAMED) named.push(`+${processes.length - MOST_NAMED}`);
  return named.join(',');
}
