import type { Evidence, Fix } from '../../../model/finding/finding.ts';
import type { NetnsSeries } from '../../../model/sample/series.ts';
import { type Churn, churnsOf } from '../../clients/churn.ts';
import { eventsLost } from '../../clients/closed-connections.ts';
import { closingServer, SERVER_CLOSES } from '../../fixes/reuse-fixes.ts';
import { reuseFixesTo } from '../../fixes/reuse-to.ts';
import { listeningProcess } from '../../listeners/listening-process.ts';
import { serverOf } from '../../peers/server-of.ts';
import { perNamespace } from '../../per-scope.ts';
import { filterOf } from '../../pools/pools.ts';
import { type Fault, type RuleInput, rule, type SettingValues } from '../../rule.ts';
import { endpointText } from '../../scopes.ts';
import { stackOf } from '../../stacks/stack-of.ts';
import { duration } from '../../texts.ts';

const settings = {
  windowMs: { default: 60_000, unit: 'ms', text: 'how long it must last' },
  parts: { default: 6, unit: 'count', text: 'parts of that time that must each show it' },
  briefMs: {
    default: 10_000,
    unit: 'ms',
    text: 'as long must events show it where neither they nor TIME_WAIT tell about all of that time',
  },
  freshMs: {
    default: 15_000,
    unit: 'ms',
    text: 'as long must it have gone on, up to the end, where TIME_WAIT entries tell that it began within that time',
  },
  warning: { default: 10, unit: 'per-second', text: 'connections opened to one endpoint' },
  critical: { default: 100, unit: 'per-second', text: 'connections opened to one endpoint' },
  perEstablished: { default: 1, unit: 'per-second', text: 'opened for each one that is established' },
} as const;

type Values = SettingValues<typeof settings>;

/** Tools that open connections because that is what they measure; the kernel cuts names after 15 characters. */
const LOAD_GENERATORS =
  /^(ab|wrk2?|hey|k6|vegeta|siege|bombardier|oha|h2load|fortio|httperf|sysbench|pgbench|mysqlslap|redis-benchmark|memtier_benchma|locust)$/;

/** Connections that are opened for each request instead of being reused. */
export const connChurn = rule({
  name: 'CONN_CHURN',
  title: 'Connections to one endpoint are opened and closed all the time',
  settings,
  needsMs: ({ windowMs, briefMs }) => Math.min(windowMs, briefMs),
  judge: perNamespace(ofNamespace),
});

function ofNamespace(netns: NetnsSeries, { series }: RuleInput, values: Values): Fault[] {
  return churnsOf(series, netns, values)
    .filter((churn) => isTooMuch(churn, values))
    .map((churn) => {
      const { peer, port } = churn;
      const text = endpointText(series.names, { plain: peer }, port);
      const server = listeningProcess(series, netns, peer, port);
      const closing = closingServer(server?.name, stackOf(series, server));
      const reuse = reuseFixesTo(series, netns, churn, churn.holder.process);
      const fault = ofChurn(churn, { text, closing, reuse, lost: eventsLost(netns) }, values);
      return { ...fault, ...serverOf(series, netns, peer, port) };
    });
}

function isTooMuch({ slowest, established, holder }: Churn, values: Values): boolean {
  const name = holder.process?.name;
  if (name !== undefined && LOAD_GENERATORS.test(name)) return false;
  return slowest > values.warning && slowest > values.perEstablished * established;
}

interface About {
  /** The endpoint as a person knows it. */
  text: string;
  /** The server that closes after each answer; undefined for another one, and where it is not known. */
  closing: ReturnType<typeof closingServer>;
  /** How its client keeps connections. */
  reuse: ReturnType<typeof reuseFixesTo>;
  lost: number;
}

function ofChurn(churn: Churn, { text, closing, reuse, lost }: About, values: Values): Fault {
  const { windowMs, mean, slowest, established, shortLived, holder, endedBy, source, whole } = churn;
  const evidence: Evidence[] = [
    { what: `opened to ${text}, over ${duration(windowMs)}`, value: mean, unit: 'per second', source },
    { what: 'in the slowest part of that time', value: Math.round(slowest * 10) / 10, unit: 'per second', source },
    { what: 'established, mean of the snapshots', value: established, source: 'sock_diag' },
  ];
  if (shortLived !== undefined) {
    evidence.push({
      what: 'of the closed ones, open for less than a second',
      value: shortLived,
      source: 'destroy events',
    });
  }
  if (endedBy !== undefined) evidence.push({ what: 'ended first by', value: `the ${endedBy}`, source: ENDED_BY });
  if (lost > 0) {
    evidence.push({ what: 'times that events were lost (the rate is a lower bound)', value: lost, source: 'netlink' });
  }
  return {
    severity: closing !== undefined ? 'info' : whole && slowest > values.critical ? 'critical' : 'warning',
    confidence: whole ? 'high' : 'medium',
    holder,
    summary: `${mean} connections a second are opened to ${text}, with ${established} established: ${
      closing === undefined ? 'connections are not reused' : `${closing.name} ends each after its answer`
    }`,
    evidence,
    fixes: fixesFor(churn, closing?.fix, reuse),
    byHand: (target) => `socklens events ${target} '${filterOf(churn)}' --for 10s`,
    about: `peer ${text}`,
  };
}

const ENDED_BY = 'TIME_WAIT entries of either side, events';

function fixesFor({ endedBy }: Churn, closing: Fix | undefined, reuse: About['reuse']): Fix[] {
  if (closing !== undefined) return [closing];
  const { fixes, isKnown } = reuse;
  if (endedBy !== 'server') return fixes;
  // A client may have asked for it: what is known of its program goes first.
  return isKnown ? [...fixes, SERVER_CLOSES] : [SERVER_CLOSES, ...fixes];
}
