import type { Column, Holder } from '../model/socket/socket-columns.ts';
import { valueAt } from '../model/socket/socket-columns.ts';
import { CellsWriter, type Columns, numbersOf, textsOf } from './cells.ts';

/**
 * The columns of the processes that hold each row: `pid` and `process` are the first. Rows with several have their
 * number in `holders`; `holderPids` and `holderProcesses` are the holders of all these rows, one row's after the
 * other's.
 */
export class HoldersWriter {
  readonly #pid = new CellsWriter();
  readonly #process = new CellsWriter();
  readonly #several = new CellsWriter();
  readonly #pids: number[] = [];
  readonly #names: string[] = [];

  /** @param holders undefined for none */
  add(holders: readonly Holder[] = NO_HOLDERS): void {
    const [first] = holders;
    this.#pid.add(first?.pid);
    this.#process.add(first?.name);
    this.#several.add(holders.length > 1 ? holders.length : undefined);
    if (holders.length < 2) return;
    for (const { pid, name } of holders) {
      this.#pids.push(pid);
      this.#names.push(name);
    }
  }

  columns(): Columns {
    const columns: Columns = {};
    for (const [name, { column }] of [
      ['pid', this.#pid],
      ['process', this.#process],
      ['holders', this.#several],
    ] as const)
      if (column !== undefined) columns[name] = column;
    if (this.#pids.length === 0) return columns;
    return { ...columns, holderPids: this.#pids, holderProcesses: this.#names };
  }
}

const NO_HOLDERS: readonly Holder[] = [];

/** The columns of {@link HoldersWriter} for rows that are there already. */
export function holderColumns(holders: Column<readonly Holder[]>, rows: number): Columns {
  const writer = new HoldersWriter();
  for (let row = 0; row < rows; row++) writer.add(valueAt(holders, row));
  return writer.columns();
}

/** The opposite of {@link HoldersWriter}: rows with the same holders share a list. Undefined where no row has any. */
export function holdersFrom(columns: Columns, rows: number): Column<readonly Holder[]> {
  const pids = numbersOf(columns.pid);
  if (pids === undefined) return undefined;
  const names = textsOf(columns.process);
  const counts = numbersOf(columns.holders);
  const known = new Map<string, readonly Holder[]>();
  const shared = (holders: readonly Holder[]) => {
    const key = holders.map(({ pid, name }) => `${pid}/${name}`).join('\n');
    const before = known.get(key);
    if (before !== undefined) return before;
    known.set(key, holders);
    return holders;
  };
  let next = 0;
  // Columns of one value for all rows stay so.
  const isOne = pids.length === 1 && (names === undefined || names.length === 1) && counts === undefined;
  return Array.from({ length: isOne ? 1 : rows }, (_, row) => {
    const pid = valueAt(pids, row);
    if (pid === undefined) return null;
    const count = valueAt(counts, row) ?? 0;
    if (count < 2) return shared([{ pid, name: valueAt(names, row) ?? '' }]);
    const holders: Holder[] = [];
    for (const end = next + count; next < end && next < (columns.holderPids?.length ?? 0); next++) {
      const holderPid = columns.holderPids?.[next];
      const name = columns.holderProcesses?.[next];
      if (typeof holderPid === 'number') holders.push({ pid: holderPid, name: typeof name === 'string' ? name : '' });
    }
    return shared(holders);
  });
}
