import type { Column, Holder } from '../model/socket/socket-columns.ts';
import { packColumn, valueAt } from '../model/socket/socket-columns.ts';
import { type Cell, type Columns, numbersOf, textsOf } from './cells.ts';

/**
 * The columns of the processes that hold each row: `pid` and `process` are the first. Rows with several have their
 * number in `holders`; `holderPids` and `holderProcesses` are the holders of all these rows, one row's after the
 * other's.
 */
export function holderColumns(holders: Column<readonly Holder[]>, rows: number): Columns {
  const pid: Cell[] = [];
  const process: Cell[] = [];
  const several: Cell[] = [];
  const pids: number[] = [];
  const names: string[] = [];
  for (let row = 0; row < rows; row++) {
    const those = valueAt(holders, row) ?? [];
    pid.push(those[0]?.pid ?? null);
    process.push(those[0]?.name ?? null);
    several.push(those.length > 1 ? those.length : null);
    if (those.length < 2) continue;
    pids.push(...those.map((holder) => holder.pid));
    names.push(...those.map(({ name }) => name));
  }
  const columns: Columns = {};
  for (const [name, cells] of Object.entries({ pid, process, holders: several })) {
    const column = packColumn(cells);
    if (column !== undefined) columns[name] = column;
  }
  return pids.length === 0 ? columns : { ...columns, holderPids: pids, holderProcesses: names };
}

/** The opposite of {@link holderColumns}: rows with the same holders share a list. Undefined where no row has any. */
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
