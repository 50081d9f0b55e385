import { signal } from '@preact/signals';

/** Whether each chart has its numbers as a table beneath it. */
export const areTablesShown = signal(false);

export function switchTables(): void {
  areTablesShown.value = !areTablesShown.value;
}
