import { byName } from '../../base/by-name.ts';
import type { Fix } from '../../model/finding/finding.ts';
import { type Client, type MainClient, mainClient, mainClientText, nameOfHolder } from '../listeners/held-by.ts';
import { sameIn } from '../snapshots/same-socket.ts';
import { establishedIn, type Pool } from './pools.ts';
import type { SharedEndpoint } from './shared-endpoints.ts';

/** The clients of a server by their pools, those with most connections first. */
export function pooledClients({ pools }: SharedEndpoint): Client[] {
  return pools.map(clientOf).sort((a, b) => b.count - a.count || byName(a.name, b.name));
}

/** The pool that has most connections of a server, and its owner; undefined where no single process has them. */
export function mainPool(endpoint: SharedEndpoint): { pool: Pool; owner: MainClient } | undefined {
  const owner = mainClient(pooledClients(endpoint));
  const pool = endpoint.pools.find(({ member }) => owner !== undefined && member.process?.pid === owner.process.pid);
  return pool === undefined || owner === undefined ? undefined : { pool, owner };
}

/** How a pool is made smaller, with who fills the server: the first of the fixes says it. */
export function namingOwner([first, ...others]: readonly Fix[], owner: MainClient | undefined): Fix[] {
  if (first === undefined) return [];
  if (owner === undefined) return [first, ...others];
  return [{ ...first, text: `${mainClientText(owner)}: ${first.text}` }, ...others];
}

/** What is refused is gone in the next snapshot: those count that two of them have. */
function clientOf({ netns, member, snapshots }: Pool): Client {
  const last = snapshots.at(-1);
  const before = snapshots.at(-2) ?? last;
  const stay =
    last === undefined || before === undefined
      ? []
      : establishedIn(last).filter((socket) => sameIn(before, socket) !== undefined);
  return { name: nameOfHolder(netns, member), process: member.process, count: stay.length };
}
