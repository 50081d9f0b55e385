import { signal } from '@preact/signals';
import type { HistoryGap } from '../../serve/protocol/history.ts';

/** Gaps in the time shown, for the ruler: those of the page that is shown. */
export const rulerGaps = signal<readonly HistoryGap[]>([]);
