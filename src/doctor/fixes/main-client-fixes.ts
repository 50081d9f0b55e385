import type { Fix } from '../../model/finding/finding.ts';
import type { Series } from '../../model/sample/series.ts';
import { type Client, type MainClient, mainClient } from '../listeners/held-by.ts';
import { databaseOfProgram } from '../pools/servers.ts';
import { stackOf } from '../stacks/stack-of.ts';
import { capFixes } from './pool-fixes.ts';

/**
 * Who holds most of the connections of a program, and how its pool is capped; undefined where no single process does. There
 * are no fixes for clients of a server that is no known database.
 *
 * @param program command name of the server
 */
export function capOfMain(
  series: Series,
  program: string | undefined,
  clients: readonly Client[],
): { owner: MainClient; fixes: readonly Fix[] } | undefined {
  const owner = mainClient(clients);
  if (owner === undefined) return undefined;
  const database = databaseOfProgram(program);
  const stack = stackOf(series, owner.process);
  return { owner, fixes: database === undefined ? [] : capFixes({ stack, database }, undefined) };
}
