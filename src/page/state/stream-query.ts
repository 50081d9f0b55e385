import { computed, effect } from '@preact/signals';
import { charted } from './charted.ts';
import { isLive } from './clock.ts';
import { sentFilter } from './filter.ts';
import { TYPING_MS } from './pause.ts';
import { route } from './route.ts';

/** What the page wants of the stream beside the rows, as its parameters; undefined while a recording is shown. */
export const streamQuery = computed((): string | undefined => {
  const { page, recording } = route.value;
  if (recording !== undefined) return undefined;
  if (charted.value !== '') return String(new URLSearchParams({ container: charted.value }));
  // Another time is stored; the stream has only what happens now.
  if (page === 'events' && isLive.value) return String(new URLSearchParams({ events: '1', filter: sentFilter.value }));
  return '';
});

/** Has the stream opened for what the page wants; of a filter that is being typed, once it stays. */
export function followStreamQuery(connect: (query: string | undefined) => void): void {
  let latest: string | undefined = '';
  let timer: ReturnType<typeof setTimeout> | undefined;
  effect(() => {
    const query = streamQuery.value;
    const isTyped = [latest, query].every((one) => one?.startsWith('events='));
    latest = query;
    clearTimeout(timer);
    if (isTyped) timer = setTimeout(() => connect(query), TYPING_MS);
    else connect(query);
  });
}
