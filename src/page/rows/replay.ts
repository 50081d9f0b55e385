import { SERIES, stateSeries } from '../../model/report/series-names.ts';
import { STATE_DISPLAY_ORDER } from '../../model/socket/tcp-state.ts';
import type { HistoryAnswer, HistoryColumn } from '../../serve/protocol/history.ts';
import type { ContainerRow, ServedProblem } from '../../serve/protocol.ts';

/**
 * The rows of the overview as they were, from the history. What no history has is absent: it is not the number of now.
 *
 * @param rows those of now, for what seldom changes: image, project
 * @param problems those that held at some time of the history
 */
export function rowsAt(
  rows: readonly ContainerRow[],
  stored: HistoryAnswer,
  problems: readonly ServedProblem[],
  atMs: number,
): ContainerRow[] {
  const index = Math.min(Math.floor((atMs - stored.firstMs) / stored.stepMs), stored.points - 1);
  const known = new Map(rows.map((row) => [row.name, row]));
  return stored.containers.flatMap(({ container, columns }) => {
    const values = latestValues(columns, index);
    if (values.size === 0) return [];
    const now = known.get(container);
    const then = problems.filter(
      ({ containers, openedAtMs, resolvedAtMs }) =>
        containers.includes(container) && openedAtMs <= atMs && (resolvedAtMs ?? atMs) >= atMs,
    );
    return [rowOf(container, now, values, then)];
  });
}

/** Points at which a value may be older than the moment: those of the coarse tiers arrive late. */
const OLDER_POINTS = 2;

function latestValues(columns: readonly HistoryColumn[], index: number): Map<string, number> {
  const values = new Map<string, number>();
  for (const { name, mean } of columns) {
    for (let back = 0; back <= OLDER_POINTS; back++) {
      const value = mean[index - back] ?? null;
      if (value === null) continue;
      values.set(name, value);
      break;
    }
  }
  return values;
}

function rowOf(
  name: string,
  now: ContainerRow | undefined,
  values: ReadonlyMap<string, number>,
  problems: readonly ServedProblem[],
): ContainerRow {
  const whole = (series: string) => (values.has(series) ? Math.round(values.get(series) ?? 0) : undefined);
  const states = STATE_DISPLAY_ORDER.map((state) => [state, whole(stateSeries(state)) ?? 0] as const);
  const open = whole(SERIES.open);
  const used = whole(SERIES.descriptors);
  const rates = {
    openedPerSecond: values.get(SERIES.opened),
    failedPerSecond: values.get(SERIES.failed),
    closedPerSecond: values.get(SERIES.closed),
  };
  return {
    id: now?.id ?? name,
    name,
    runtime: now?.runtime ?? '',
    ...(now?.image !== undefined && { image: now.image }),
    ...(now?.project !== undefined && { project: now.project }),
    status: open === undefined ? 'not-read' : 'running',
    ...(open !== undefined && {
      sockets: {
        open,
        timeWait: whole(SERIES.timeWait) ?? 0,
        byState: Object.fromEntries(states.filter(([state, count]) => count > 0 && state !== 'TIME_WAIT')),
        udp: whole(SERIES.udp) ?? 0,
        raw: whole(SERIES.raw) ?? 0,
      },
    }),
    ...(used !== undefined && {
      descriptors: { pid: now?.descriptors?.pid ?? 0, used, limit: whole(SERIES.descriptorLimit) ?? null },
    }),
    ...Object.fromEntries(Object.entries(rates).filter(([, value]) => value !== undefined)),
    problems: Object.fromEntries(
      [...Map.groupBy(problems, ({ severity }) => severity)].map(([severity, found]) => [severity, found.length]),
    ),
  };
}
