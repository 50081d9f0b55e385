/** What recipes work on, and what they promise. */
import type { TestNetns } from '../netns.ts';
import { SOCK } from './constants.ts';
import { familyOf } from './sockaddr.ts';
import type { Workshop } from './workshop.ts';

/** One socket that must be there. */
export interface Expected {
  /** What it shows, for a test's messages. */
  what: string;
  /** As `ss` spells it: `ESTAB`, `SYN-SENT` … */
  state: string;
  family: 'inet' | 'inet6';
  localPort: number;
  peerPort: number;
  /** From fstat(2); 0 where no descriptor refers to the socket. */
  inode: number;
}

/** Where recipes work. */
export interface Ground {
  netns: TestNetns;
  workshop: Workshop;
}

/** Where recipes make their sockets unless told otherwise. */
export const V4 = '127.0.0.1';

/** Drops TCP packets that match on their way in. */
export function drop(netns: TestNetns, host: string, ...match: string[]): void {
  // -w: the lock is the whole machine's, and other tests use it too.
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

/** A port that nothing is bound to. */
export async function freePort(workshop: Workshop, host: string): Promise<number> {
  const fd = await workshop.socket(familyOf(host), SOCK.STREAM);
  await workshop.bind(fd, { host, port: 0 });
  const port = await workshop.port(fd);
  await workshop.close(fd);
  return port;
}
