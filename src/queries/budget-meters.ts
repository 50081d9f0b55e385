import { pushTo } from '../base/lists.ts';
import { type Budget, filterOf } from '../guard/budget.ts';
import { countSubflows } from '../guard/state-counts.ts';
import type { BudgetPoint } from '../guard/target-value.ts';
import type { WatchedNetns } from '../model/netns/netns.ts';
import type { SocketCounts } from '../model/report/socket-counts.ts';
import type { ConnectionEvent } from '../model/socket/connection-event.ts';
import type { SocketView } from '../model/socket/socket-view.ts';
import type { SampleSource, Tick } from '../sources/sample-source.ts';
import { BudgetMeter, type Metered } from './budget-meter.ts';
import { testsOverTime } from './filter-tests.ts';

/** Name for the sum over all targets. */
const TOGETHER = 'all targets';

/** Measures the budgets in every namespace at every tick. */
export class GuardMeters {
  /** Measured values, by the index of the budget. */
  readonly points: BudgetPoint[][];
  /** Counts by state over time, by target. */
  readonly states = new Map<string, { atMs: number; counts: SocketCounts }[]>();
  readonly #source: SampleSource;
  readonly #budgets: readonly Budget[];
  readonly #meters = new Map<number, BudgetMeter[]>();
  readonly #beforeMs = new Map<number, number>();

  constructor(source: SampleSource, budgets: readonly Budget[]) {
    this.#source = source;
    this.#budgets = budgets;
    this.points = budgets.map(() => []);
  }

  /** Called when the command starts. */
  begin(): void {
    for (const meters of this.#meters.values()) for (const meter of meters) meter.begin();
  }

  /** Takes an event in. */
  event({ netns }: WatchedNetns, event: ConnectionEvent): void {
    for (const meter of this.#meters.get(netns) ?? []) meter.event(event);
  }

  /** Takes in that one side of a connection closed, milliseconds since the epoch. */
  halfClosed({ netns }: WatchedNetns, socket: SocketView, atMs: number): void {
    for (const meter of this.#meters.get(netns) ?? []) meter.halfClosed(socket, atMs);
  }

  /** Measures a tick. @throws {Failure} `usage` for an unknown name in a budget */
  async add(tick: Tick): Promise<void> {
    const tickPoints: (Metered & BudgetPoint)[][] = this.#budgets.map(() => []);
    for (const netnsTick of tick.namespaces) {
      const { namespace, snapshot } = netnsTick;
      const meters = this.#meters.get(namespace.netns) ?? (await this.#make(namespace));
      if (snapshot !== undefined)
        pushTo(this.states, namespace.name, { atMs: tick.atMs, counts: countSubflows(snapshot.sockets) });
      const beforeMs = this.#beforeMs.get(namespace.netns);
      this.#beforeMs.set(namespace.netns, tick.atMs);
      const input = {
        tick: netnsTick,
        ...(snapshot !== undefined && { snapshot }),
        atMs: tick.atMs,
        beforeMs,
        names: tick.names,
      };
      meters.forEach((meter, index) => {
        const metered = meter.measure(input);
        if (metered !== undefined) tickPoints[index]?.push({ ...metered, target: namespace.name });
      });
    }
    tickPoints.forEach((points, index) => {
      const total = this.#budgets[index]?.scope === 'total' && points.length > 0;
      this.points[index]?.push(...(total ? [together(points)] : points));
    });
    const present = new Set(tick.namespaces.map(({ namespace }) => namespace.netns));
    for (const netns of this.#meters.keys()) if (!present.has(netns)) this.#meters.delete(netns);
  }

  async #make(namespace: WatchedNetns): Promise<BudgetMeter[]> {
    const meters: BudgetMeter[] = [];
    for (const budget of this.#budgets) {
      const filter = filterOf(budget)?.filter;
      const bound = filter === undefined ? undefined : await this.#source.bind(namespace, filter);
      const tests = bound === undefined ? undefined : testsOverTime(bound, this.#source);
      meters.push(new BudgetMeter(budget, tests, this.#source));
    }
    this.#meters.set(namespace.netns, meters);
    return meters;
  }
}

/**
 * The sum over all targets, with the largest holders of the target that has most. Peaks of several targets between two
 * samples are of different moments: their sum is none.
 */
function together(points: readonly (Metered & BudgetPoint)[]): BudgetPoint {
  const [most] = [...points].sort((a, b) => b.value - a.value);
  const isOne = points.length === 1;
  return {
    atMs: most?.atMs ?? 0,
    target: TOGETHER,
    value: points.reduce((sum, { value, counted }) => sum + (isOne ? value : (counted ?? value)), 0),
    ...(most?.peak !== undefined && { peak: isOne ? most.peak : 'sampled' }),
    ...(most?.who !== undefined && { who: most.who }),
  };
}
