/** What it costs to read the sockets of a namespace, in milliseconds of CPU time. */
export class ReadCosts {
  /** Of the last background snapshot, or its part of a pass; 0 before the first. */
  lastMs = 0;
  /** Of the last dump; undefined before the first. */
  dumpMs: number | undefined;
  /** Of asking for its sockets one by one, where a pass has found them; undefined before the first time. */
  askMs: number | undefined;

  /** Notes what the last snapshot cost. @param wasAsked whether its sockets were asked for one by one, not dumped */
  note(ms: number, wasAsked: boolean): void {
    this.lastMs = ms;
    if (wasAsked) this.askMs = ms;
    else this.dumpMs = ms;
  }
}

/** The mean dump of some namespaces; undefined where none was dumped. */
export function meanDumpMs(costs: readonly ReadCosts[]): number | undefined {
  return meanOf(costs.flatMap(({ dumpMs }) => dumpMs ?? []));
}

/** The mean of asking for the sockets of some namespaces; 0 where none was asked for. */
export function meanAskMs(costs: readonly ReadCosts[]): number {
  return meanOf(costs.flatMap(({ askMs }) => askMs ?? [])) ?? 0;
}

function meanOf(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}
