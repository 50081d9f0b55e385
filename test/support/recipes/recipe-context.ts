/** Types and helpers that all recipes share. */
import { createNetns, type TestNetns } from '../netns.ts';
import { SOCK } from './constants.ts';
import { familyOf } from './sockaddr.ts';
import { Workshop } from './workshop.ts';

/** A socket that a recipe made. */
export interface Expected {
  /** Description for a test's messages. */
  what: string;
  /** Name that `ss` prints: `ESTAB`, `SYN-SENT` … */
  state: string;
  family: 'inet' | 'inet6';
  localPort: number;
  peerPort: number;
  /** From fstat(2); 0 where no descriptor refers to the socket. */
  inode: number;
}

/** A namespace and the process inside it that holds a recipe's sockets. */
export interface RecipeContext {
  netns: TestNetns;
  workshop: Workshop;
}

/** Default address of recipes. */
export const V4 = '127.0.0.1';

/** Makes the namespace drop matching incoming TCP packets. @param match arguments of iptables(8) */
export function drop(netns: TestNetns, host: string, ...match: string[]): void {
  // -w: all namespaces share one lock, which other tests use too.
  netns.run(
    host.includes(':') ? 'ip6tables' : 'iptables',
    '-w',
    '20',
    '-A',
    'INPUT',
    '-p',
    'tcp',
    ...match,
    '-j',
    'DROP',
  );
}

/** Runs a function with a new namespace and a process inside it; both are removed afterwards. */
export async function withRecipeContext<T>(run: (context: RecipeContext) => Promise<T>): Promise<T> {
  const netns = createNetns();
  try {
    const workshop = await Workshop.start(netns);
    try {
      return await run({ netns, workshop });
    } finally {
      await workshop.stop();
    }
  } finally {
    netns.remove();
  }
}

/** A port that no socket is bound to. */
export async function freePort(workshop: Workshop, host: string): Promise<number> {
  const fd = await workshop.socket(familyOf(host), SOCK.STREAM);
  await workshop.bind(fd, { host, port: 0 });
  const port = await workshop.port(fd);
  await workshop.close(fd);
  return port;
}
