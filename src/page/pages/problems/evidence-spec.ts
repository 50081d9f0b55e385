import { laneSeries, queueSeries, SERIES, stateSeries } from '../../../model/report/series-names.ts';
import type { ServedProblem } from '../../../serve/protocol.ts';
import { highestOf } from '../../charts/derived.ts';
import { STACKED_STATES } from '../../charts/paint.ts';
import type { StripSpec } from '../../charts/strip-spec.ts';
import type { Timeline } from '../../charts/timeline.ts';
import { shown } from '../../text/shown.ts';

const HEIGHT = 78;

/** States that rules begin with that are about the sockets in them. */
const RULE_STATES = ['CLOSE_WAIT', 'SYN_SENT', 'SYN_RECV'];

/** What a problem is about, as the chart of one container: connections to its peer, a state, descriptors; else its open sockets. */
export function evidenceSpec({ rule, about = '' }: ServedProblem, container: string, timeline: Timeline): StripSpec {
  const spec = (unit: string, layers: StripSpec['layers'], more: Partial<StripSpec> = {}): StripSpec => ({
    ...{ title: shown(container), unit, height: HEIGHT, kind: 'stack', layers, ceilings: [] },
    ...more,
  });
  const { peer, port } = subjectOf(about);
  if (/NOFILE|FD_|DESCRIPTOR/.test(rule)) {
    const limit = timeline.series.get(SERIES.descriptorLimit)?.max.findLast((value) => value !== null) ?? undefined;
    const ceilings = limit === undefined ? [] : [{ value: limit, kind: 'set' as const, what: 'nofile, soft' }];
    return spec(
      'descriptors of the fullest process',
      [{ name: SERIES.descriptors, label: 'Open files', paint: 'ink' }],
      {
        ceilings,
      },
    );
  }
  const state = STACKED_STATES.find((one) => RULE_STATES.includes(one.state) && rule.startsWith(`${one.state}_`));
  if (state !== undefined) {
    const name = stateSeries(state.state);
    return spec(`in ${state.state}`, [{ name, label: state.state, paint: state.paint }]);
  }
  if (rule.startsWith('TIME_WAIT') || rule.startsWith('EPHEMERAL'))
    return spec('in TIME_WAIT', [{ name: SERIES.timeWait, label: 'TIME_WAIT', paint: 'time-wait' }]);
  const lane = peer && laneSeries({ direction: 'out', ...peer });
  if (lane !== undefined && timeline.series.has(lane))
    return spec(`connections to ${shown(about.slice('peer '.length))}`, [
      { name: lane, label: 'Connections', paint: 'established' },
    ]);
  if (port !== undefined && timeline.series.has(queueSeries(port)))
    return spec(`accept queue of port ${port}`, [{ name: queueSeries(port), label: 'Waiting', paint: 'syn-recv' }]);
  // Zeros of all states are known where one is.
  const layers = STACKED_STATES.filter(({ state: one }) => highestOf(timeline.series.get(stateSeries(one))) > 0).map(
    (one) => ({
      ...{ name: stateSeries(one.state), label: one.state, paint: one.paint },
    }),
  );
  return spec('open sockets by state', layers, { hasTotal: true });
}

/** `peer 172.17.0.2:3306`, `port 8080`. */
function subjectOf(about: string): { peer?: { address: string; port: number }; port?: number } {
  const [, address, peerPort] = /^peer \[?([\da-f.:]+?)\]?:(\d+)$/i.exec(about) ?? [];
  if (address !== undefined) return { peer: { address, port: Number(peerPort) } };
  const [, port] = /^port (\d+)$/.exec(about) ?? [];
  return port === undefined ? {} : { port: Number(port) };
}
