import { computed, effect, signal } from '@preact/signals';
import { route } from './route.ts';
import type { Wanted } from './wanted.ts';

const NOTHING: Wanted = { names: [], filter: '' };

/** What the filter field says; of a faulty text the fault. */
export const wanted = signal<Wanted>(NOTHING);

/** The filter that the server is asked with: empty while the text is faulty. */
export const sentFilter = computed(() => (wanted.value.fault === undefined ? wanted.value.filter : ''));

/** The language is loaded when the first filter is typed. */
const loadLanguage = () => import('./filter-language.ts');

/** Reads the filter whenever the address has another one. */
export function followFilter(): void {
  effect(() => {
    const { filter, page } = route.value;
    if (filter.trim() === '') wanted.value = NOTHING;
    else {
      void loadLanguage().then(({ readWanted }) => {
        if (route.peek().filter === filter) wanted.value = readWanted(filter, page !== 'container');
      });
    }
  });
}
