import type { Fix } from '../../model/finding/finding.ts';
import type { WatchedNetns } from '../../model/netns/netns.ts';
import type { ProcessSample } from '../../model/sample/sample.ts';
import type { NetnsSeries, Series } from '../../model/sample/series.ts';
import { limitFixes } from '../../platform/fixes.ts';
import { platformOfProcess } from '../fixes/platforms.ts';
import { holderScope } from '../scopes.ts';
import { ownNofile } from './own-nofile.ts';
import { processHolder } from './process-tracks.ts';

/** A soft limit with headroom; unused descriptors take no memory. */
const USUAL = 16_384;

/** A hard limit above it slows down programs that iterate over all descriptors. */
export const ABSURD_LIMIT = 10_000_000;

/** The limit of open files that a process should get: four times what it uses, a power of two. */
export function recommendedNofile(used: number): number {
  return Math.min(1_048_576, Math.max(USUAL, 2 ** Math.ceil(Math.log2(Math.max(1, used * 4)))));
}

/**
 * How the limit of open files of a process is raised: by the program's own setting where it has one; else durably on its
 * platform, and at once.
 */
export function nofileFixes(series: Series, { namespace }: NetnsSeries, process: ProcessSample): Fix[] {
  const soft = recommendedNofile(process.used);
  const { hardLimit } = process;
  const hard = hardLimit !== null && hardLimit <= ABSURD_LIMIT ? Math.max(soft, hardLimit) : soft;
  const now = nofileNow(
    namespace,
    process,
    `${soft}:${hard}`,
    '; a program that read its limit at start does not notice',
  );
  const own = ownNofile(process);
  if (own !== undefined) return [own.fix(soft), ...(own.takesMore ? [now] : [])];
  return [...declaredNofileFixes(series, { namespace }, process, soft, hard), now];
}

/** How a limit of open files is declared where a process is started; `Infinity` for unlimited. */
export function declaredNofileFixes(
  series: Series,
  { namespace }: Pick<NetnsSeries, 'namespace'>,
  process: ProcessSample,
  soft: number,
  hard: number,
): Fix[] {
  return limitFixes(platformOfProcess(series, namespace, process), 'nofile', soft, hard);
}

/**
 * How the limit of the running processes is changed at once.
 *
 * @param pair `SOFT:HARD`
 */
export function nofileNow(namespace: WatchedNetns, process: ProcessSample, pair: string, but = ''): Fix {
  const { target } = holderScope(namespace, processHolder(process));
  return {
    where: 'the running processes',
    text: `takes effect at once, until they end${but}`,
    snippet: `socklens limits ${target} --set nofile=${pair}`,
  };
}
