import { effect, signal } from '@preact/signals';
import type { ContainerAnswer } from '../../serve/protocol/container.ts';
import { isLive, range } from './clock.ts';
import { sentFilter } from './filter.ts';
import { isFrozen } from './live.ts';
import { pause, TYPING_MS } from './pause.ts';
import { isChanging, momentOption, RequestError, recordedAnswers, request } from './request.ts';
import { route } from './route.ts';

/** The present sockets of the container of the page that match the filter, and its limits; undefined before the first answer. */
export const present = signal<ContainerAnswer | undefined>(undefined);
/** Why there is no answer. */
export const presentFault = signal<{ message: string; details: readonly string[]; status: number } | undefined>(
  undefined,
);

const EVERY_MS = 3000;
/** Limits rarely change, and reading them takes as long as all sockets. */
const LIMITS_EVERY_MS = 60_000;
let limitsReadAt = Number.NEGATIVE_INFINITY;
/** Left over connections would hide the others. */
const WITHOUT_FILTER = 'exclude time-wait';

/** Reads the sockets of the container of the page, anew every few seconds. */
export function followSockets(): void {
  let abort = new AbortController();
  let shownName = '';
  effect(() => {
    const filter = sentFilter.value;
    const { page, name } = route.value;
    const endMs = recordedAnswers.value === undefined || isLive.value ? undefined : range.value.toMs;
    abort.abort();
    abort = new AbortController();
    const isOther = name !== shownName;
    if (isOther) {
      present.value = undefined;
      presentFault.value = undefined;
    }
    shownName = name;
    if (page === 'container') void keepReading({ name, filter, endMs }, isOther ? 0 : TYPING_MS, abort.signal);
  });
}

async function keepReading(
  { name, filter, endMs }: { name: string; filter: string; endMs: number | undefined },
  pauseMs: number,
  signal: AbortSignal,
): Promise<void> {
  await pause(pauseMs);
  while (!signal.aborted) {
    if (!isFrozen.peek() && document.visibilityState === 'visible') {
      try {
        const before = present.peek();
        const known = performance.now() - limitsReadAt < LIMITS_EVERY_MS ? before?.limits : undefined;
        const answer = await request<ContainerAnswer>(
          'container',
          {
            name,
            filter: filter === '' ? WITHOUT_FILTER : filter,
            limits: known === undefined ? undefined : 0,
            ...momentOption(endMs),
          },
          signal,
        );
        if (answer.limits !== undefined) limitsReadAt = performance.now();
        present.value = known === undefined ? answer : { ...answer, limits: known };
        presentFault.value = undefined;
      } catch (error) {
        if (signal.aborted) return;
        const { message, details, status } =
          error instanceof RequestError ? error : { message: String(error), details: [], status: 0 };
        presentFault.value = { message, details, status };
      }
    }
    if (!isChanging()) return;
    await pause(EVERY_MS);
  }
}
