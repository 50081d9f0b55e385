import { effect, signal } from '@preact/signals';
import type { SessionAnswer } from '../../serve/protocol.ts';
import type { PageName } from './address.ts';
import { connection } from './connection.ts';
import { askServer } from './request.ts';
import { route, show } from './route.ts';

/** What the server has; undefined before it said so. */
export const session = signal<SessionAnswer | undefined>(undefined);

/** Whether there is anything to see on a view: that of many hosts needs a store, the others a machine or a recording. */
export function isOffered(page: PageName): boolean {
  const hosts = session.value?.hosts ?? 'none';
  if (route.value.recording !== undefined) return page !== 'hosts';
  return page === 'hosts' ? hosts !== 'none' : hosts !== 'only';
}

/** Asks what the server has, again after each time that it was away: it may be another one. */
export function followSession(): void {
  effect(() => {
    if (connection.value.state !== 'open') return;
    askServer<SessionAnswer>('session').then(
      (answer) => {
        session.value = answer;
      },
      () => {
        // The notice beneath the bar says that it does not answer.
      },
    );
  });
  effect(() => {
    const { page, recording } = route.value;
    // Links to a machine's views lead to the hosts, where the server has nothing else.
    if (session.value?.hosts === 'only' && page !== 'hosts' && recording === undefined)
      show({ page: 'hosts', name: '', filter: '', options: {} }, false);
  });
}
