import { batch, signal } from '@preact/signals';
import type { EventBatch } from '../../serve/protocol/connections.ts';
import type { ContainerAnswer } from '../../serve/protocol/container.ts';
import type { StreamEvents } from '../../serve/protocol/stream.ts';
import type { Notice, OverviewAnswer, ProblemsAnswer } from '../../serve/protocol.ts';

/** The latest tick; undefined before the first. */
export const overview = signal<OverviewAnswer | undefined>(undefined);
/** The latest of the container that the page shows; undefined on the overview and before its first. */
export const container = signal<ContainerAnswer | undefined>(undefined);
/** Problems that hold, and those that held within the time shown. */
export const problems = signal<ProblemsAnswer | undefined>(undefined);
/** What concerns the whole page, by the server. */
export const notices = signal<readonly Notice[]>([]);
/** The latest batch of events; each is set once, frozen or not: batches are no states, of which the latest would do. */
export const eventBatch = signal<EventBatch | undefined>(undefined);
/** Whether the numbers stand still because their reader wants to read them. */
export const isFrozen = signal(false);

let held: Partial<StreamEvents> = {};

/** Takes an event of the stream; while the page is frozen the latest of each kind waits. */
export function receive<Name extends keyof StreamEvents>(name: Name, answer: StreamEvents[Name]): void {
  if (name === 'notice') {
    notices.value = answer as Notice[];
    return;
  }
  if (name === 'events') {
    eventBatch.value = answer as EventBatch;
    return;
  }
  if (isFrozen.peek()) held = { ...held, [name]: answer };
  else apply({ [name]: answer });
}

/** Freezes the numbers, or lets them go on with the latest ones. */
export function freeze(wanted: boolean): void {
  batch(() => {
    isFrozen.value = wanted;
    if (!wanted) apply(held);
    held = {};
  });
}

/** Forgets all: another source answers from now on. */
export function forget(): void {
  held = {};
  batch(() => {
    isFrozen.value = false;
    overview.value = undefined;
    container.value = undefined;
    problems.value = undefined;
    notices.value = [];
  });
}

function apply(answers: Partial<StreamEvents>): void {
  batch(() => {
    if (answers.tick !== undefined) overview.value = answers.tick;
    if (answers.container !== undefined) container.value = answers.container;
    if (answers.problems !== undefined) problems.value = answers.problems;
  });
}

/** The server's clock: that of the latest tick; the browser's before the first. */
export function nowMs(): number {
  // A container that stopped has no ticks any more.
  return Math.max(container.value?.atMs ?? 0, overview.value?.atMs ?? 0) || Date.now();
}
