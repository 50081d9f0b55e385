import type { FleetAlert, FleetHost } from '../protocol/hosts.ts';
import type { StoreLabels } from '../store/store-answer.ts';
import { type Asking, hostId } from './fleet-store.ts';

/** Alerts that are told. */
const MOST = 500;

/** Alerts about socklens itself that name no host. */
const OWN = /^Socklens/;

/** An alert as it was read. */
interface RawAlert {
  labels: StoreLabels;
  state: 'firing' | 'pending';
  summary?: string;
  sinceMs?: number;
}

/**
 * The alerts about hosts: those of the rules of Prometheus, or of vmalert behind its address; else the series that vmalert
 * and Prometheus write about them, https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules.
 *
 * @throws {StoreError}
 */
export async function readAlerts(asking: Asking): Promise<readonly RawAlert[]> {
  const ofRules = await asking.get('alerts', {}).catch(() => undefined);
  const alerts = alertsOf(ofRules);
  return alerts.length > 0 ? alerts : ofSeries(asking);
}

/**
 * Those of {@link readAlerts} that are about a host of the list, the worst first.
 *
 * @param hosts rows without the number of their alerts
 */
export function alertsAbout(alerts: readonly RawAlert[], hosts: readonly Omit<FleetHost, 'alerts'>[]): FleetAlert[] {
  const known = Map.groupBy(hosts, ({ instance }) => instance);
  const about = alerts.flatMap(({ labels, state, summary, sinceMs }): FleetAlert[] => {
    const { alertname: name = '', instance, severity, container } = labels;
    const candidates = instance === undefined ? [] : (known.get(instance) ?? []);
    // A rule may have left the job out.
    const host = labels.job === undefined ? candidates[0] : candidates.find(({ id }) => id === hostId(labels));
    if (host === undefined && !OWN.test(name)) return [];
    return [
      {
        name,
        state,
        ...(severity !== undefined && { severity }),
        ...(host !== undefined && { host: host.id }),
        ...(instance !== undefined && { instance }),
        ...(container !== undefined && { container }),
        ...(summary !== undefined && { summary }),
        ...(sinceMs !== undefined && { sinceMs }),
      },
    ];
  });
  return about.sort((a, b) => rank(b) - rank(a) || (b.sinceMs ?? 0) - (a.sinceMs ?? 0)).slice(0, MOST);
}

function rank({ state, severity }: FleetAlert): number {
  const severities = ['info', 'warning', 'critical'];
  return (state === 'firing' ? 10 : 0) + severities.indexOf(severity ?? '');
}

/** The member `alerts` of an answer; what has another shape is left out. */
function alertsOf(data: unknown): RawAlert[] {
  const list = (data as { alerts?: unknown } | undefined)?.alerts;
  if (!Array.isArray(list)) return [];
  return list.flatMap((one: unknown): RawAlert[] => {
    const { labels, annotations, state, activeAt } = (one ?? {}) as Readonly<Record<string, unknown>>;
    if (!isTexts(labels) || (state !== 'firing' && state !== 'pending')) return [];
    const summary = isTexts(annotations) ? annotations.summary : undefined;
    const sinceMs = typeof activeAt === 'string' ? Date.parse(activeAt) : Number.NaN;
    return [{ labels, state, ...(summary !== undefined && { summary }), ...(sinceMs > 0 && { sinceMs }) }];
  });
}

function isTexts(value: unknown): value is StoreLabels {
  return typeof value === 'object' && value !== null && Object.values(value).every((one) => typeof one === 'string');
}

async function ofSeries(asking: Asking): Promise<RawAlert[]> {
  const [alerts, since] = await Promise.all([
    asking.query('ALERTS{alertstate=~"firing|pending"}'),
    asking.query('ALERTS_FOR_STATE'),
  ]);
  const seconds = new Map(since.map(({ labels, value }) => [keyOf(labels), value]));
  return alerts.map(({ labels: { alertstate, ...labels } }) => {
    const at = seconds.get(keyOf(labels));
    const state = alertstate === 'firing' ? 'firing' : 'pending';
    return { labels, state, ...(at !== undefined && { sinceMs: at * 1000 }) };
  });
}

/** Identifies an alert by its labels but the name of the series. */
function keyOf(labels: StoreLabels): string {
  return JSON.stringify(
    Object.entries(labels)
      .filter(([name]) => name !== '__name__')
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
