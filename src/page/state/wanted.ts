/** A text of the filter field, split as the command line splits it: names first, then a filter. */
export interface Wanted {
  /** Names or globs of containers; the overview shows rows that match one. */
  names: readonly string[];
  /** In the filter language; empty for none. */
  filter: string;
  /** What is wrong with it, with a caret below the wrong part; absent for nothing. */
  fault?: { message: string; details: readonly string[] };
}
