import { effect, signal } from '@preact/signals';
import { isLive, range } from './clock.ts';
import { sentFilter } from './filter.ts';
import { isFrozen } from './live.ts';
import { pause, TYPING_MS } from './pause.ts';
import { isChanging, momentOption, recordedAnswers, request } from './request.ts';
import { route } from './route.ts';

/** How many sockets of each row match the filter; undefined without one. */
export const matching = signal<ReadonlyMap<string, number> | undefined>(undefined);
/** Why the server did not take the filter. */
export const matchingFault = signal<string | undefined>(undefined);

const EVERY_MS = 3000;

/** The part of `ps --json` that is read here. */
interface PsAnswer {
  containers: readonly { name: string; sockets: { total: number } | null }[];
}

/** Counts matching sockets on the overview, anew every few seconds. */
export function followMatching(): void {
  let abort = new AbortController();
  effect(() => {
    const filter = sentFilter.value;
    const isOverview = route.value.page === 'overview';
    const endMs = recordedAnswers.value === undefined || isLive.value ? undefined : range.value.toMs;
    abort.abort();
    abort = new AbortController();
    matchingFault.value = undefined;
    if (filter === '' || !isOverview) matching.value = undefined;
    else void keepCounting(filter, endMs, abort.signal);
  });
}

async function keepCounting(filter: string, endMs: number | undefined, signal: AbortSignal): Promise<void> {
  await pause(TYPING_MS);
  while (!signal.aborted) {
    if (!isFrozen.peek() && document.visibilityState === 'visible') {
      try {
        const { containers } = await request<PsAnswer>('ps', { filter, ...momentOption(endMs) }, signal);
        matching.value = new Map(containers.map(({ name, sockets }) => [name, sockets?.total ?? 0]));
        matchingFault.value = undefined;
      } catch (error) {
        if (signal.aborted) return;
        matchingFault.value = error instanceof Error ? error.message : String(error);
      }
    }
    if (!isChanging()) return;
    await pause(EVERY_MS);
  }
}
