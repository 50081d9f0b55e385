import { computed, signal } from '@preact/signals';
import type { ContainerRow } from '../../serve/protocol.ts';
import { byTrouble, troubleOf } from '../rows/order.ts';
import { overview } from './live.ts';
import { route } from './route.ts';

/** A host with at most so many containers has the charts of one of them on its overview. */
const FEW = 3;

/** The row of the overview that its reader chose; undefined for none. */
export const chosenRow = signal<string | undefined>(undefined);

let latest = '';

/** Name of the row whose charts the page shows; empty for none. */
export const charted = computed((): string => {
  const { page, name } = route.value;
  if (page === 'container') return name;
  if (page !== 'overview') return '';
  const few = fewOf(overview.value?.rows ?? []);
  if (few.some((row) => row.name === chosenRow.value)) return chosenRow.value ?? '';
  const [worst] = [...few].sort(byTrouble);
  const before = few.find((row) => row.name === latest);
  // Charts that change their container because of a number would be unreadable.
  const isKept = before !== undefined && worst !== undefined && troubleOf(before) >= troubleOf(worst);
  const shown = isKept ? before : worst;
  // Before its sockets were read, nothing is known of its trouble.
  latest = shown?.sockets === undefined ? '' : shown.name;
  return shown?.name ?? '';
});

/** The containers of a host that has few of them, else its namespaces; none of a host that has more. */
function fewOf(rows: readonly ContainerRow[]): readonly ContainerRow[] {
  const containers = rows.filter(isContainer);
  const subjects = (containers.length > 0 ? containers : rows).filter(({ status }) => status !== 'stopped');
  return subjects.length > FEW ? [] : subjects;
}

/** Whether a row is a container: no host, no named namespace, and not what belongs to nobody. */
export function isContainer({ runtime }: ContainerRow): boolean {
  return runtime !== 'host' && runtime !== 'netns' && runtime !== '-';
}
