import type { StoredNetnsTick } from '../../model/sample/recorded.ts';
import { type SocketColumns, valueAt } from '../../model/socket/socket-columns.ts';
import type { WantedProcess } from '../../model/stack/stack-facts.ts';

/** Which processes a recording should say the programs of: those that hold TCP sockets, each once. */
export class StackHolders {
  readonly #asked = new Set<string>();

  /** Processes of a tick that were not returned before, those with most sockets first. */
  next(namespaces: readonly StoredNetnsTick<SocketColumns>[]): WantedProcess[] {
    const starts = new Map<number, number>();
    const counts = new Map<number, number>();
    for (const { snapshot, processes } of namespaces) {
      for (const { pid, startTicks } of processes ?? []) starts.set(pid, startTicks);
      if (snapshot !== undefined) count(snapshot.sockets, counts);
    }
    return [...counts]
      .sort(([, a], [, b]) => b - a)
      .flatMap(([pid]) => {
        const process = { pid, startTicks: starts.get(pid) };
        const key = `${pid} ${process.startTicks}`;
        if (this.#asked.has(key)) return [];
        this.#asked.add(key);
        return [process];
      });
  }
}

function count({ cookie, proto, holders }: SocketColumns, counts: Map<number, number>): void {
  for (let row = 0; row < cookie.length; row++) {
    if (valueAt(proto, row) !== 'tcp') continue;
    for (const { pid } of valueAt(holders, row) ?? []) counts.set(pid, (counts.get(pid) ?? 0) + 1);
  }
}
