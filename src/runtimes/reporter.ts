import fs from 'node:fs';
import path from 'node:path';

/** How many symbolic links are followed, as the kernel does. */
const MOST_LINKS = 40;

/**
 * The ordinary user whose word an answer at a UNIX socket is: the one who owns the socket, or any folder or link on the
 * way to it, and so can put another socket there.
 *
 * @returns undefined for a path that root and the reader alone can change, and for one that cannot be looked up
 */
export function reporterOf(socket: string): number | undefined {
  // In a user namespace the machine's root has no uid of its own: the root folder shows the one that stands for it.
  const trusted = new Set([0, process.geteuid?.() ?? 0, fs.statSync('/').uid]);
  const rest = socket.split('/').filter(Boolean);
  let at = '/';
  for (let links = 0; rest.length > 0 && links <= MOST_LINKS; ) {
    const next = path.join(at, rest.shift() ?? '');
    let stat: fs.Stats;
    try {
      stat = fs.lstatSync(next);
      if (!trusted.has(stat.uid)) return stat.uid;
      if (!stat.isSymbolicLink()) {
        at = next;
        continue;
      }
      const target = fs.readlinkSync(next);
      links++;
      if (target.startsWith('/')) at = '/';
      rest.unshift(...target.split('/').filter(Boolean));
    } catch {
      return undefined;
    }
  }
  return undefined;
}
