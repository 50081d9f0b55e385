import type { Fix } from '../../../model/finding.ts';
import type { Platform } from '../../../model/platform.ts';
import type { ProcessSample } from '../../../model/sample.ts';
import { limitFixes } from '../../platform/fixes.ts';

/** A soft limit that leaves room, and costs nothing: what nobody uses takes no memory. */
const USUAL = 16_384;

/** More than that makes programs slow which go through all descriptors. */
export const ABSURD_LIMIT = 10_000_000;

/** The limit of open files that a process should get: four times what it uses, a power of two. */
export function recommendedNofile(used: number): number {
  return Math.min(1_048_576, Math.max(USUAL, 2 ** Math.ceil(Math.log2(Math.max(1, used * 4)))));
}

/** How the limit of open files is raised: durably on this platform, and at once. */
export function nofileFixes(platform: Platform, target: string, process: ProcessSample): Fix[] {
  const soft = recommendedNofile(process.used);
  const { hardLimit } = process;
  const hard = hardLimit !== null && hardLimit <= ABSURD_LIMIT ? Math.max(soft, hardLimit) : soft;
  return [
    ...limitFixes(platform, 'nofile', soft, hard),
    {
      where: 'the running processes',
      text: 'takes effect at once, until they end; a program that read its limit at start does not notice',
      snippet: `socklens limits ${target} --set nofile=${soft}:${hard}`,
    },
  ];
}
