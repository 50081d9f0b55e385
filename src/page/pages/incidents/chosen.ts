import { signal } from '@preact/signals';

/** Ids of the incidents that are chosen for a comparison: two at most. */
export const chosen = signal<readonly string[]>([]);
