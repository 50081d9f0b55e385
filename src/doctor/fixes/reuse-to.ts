import type { NetnsSeries, Series } from '../../model/sample/series.ts';
import type { Holder } from '../../model/socket/socket-columns.ts';
import { databaseAt } from '../pools/servers.ts';
import { stackOf } from '../stacks/stack-of.ts';
import { reuseFixes } from './reuse-fixes.ts';

/** How a process reuses its connections to an endpoint, see {@link reuseFixes}; undefined for a process that is not known. */
export function reuseFixesTo(
  series: Series,
  netns: NetnsSeries,
  { peer, port }: { peer: string; port: number },
  process: Holder | undefined,
): ReturnType<typeof reuseFixes> {
  const toDatabase = databaseAt(series, netns, peer, port) !== undefined;
  return reuseFixes(process?.name, stackOf(series, process), toDatabase);
}
