import { plural } from '../../../base/plural.ts';
import type { NetnsSeries, Series } from '../../../model/sample/series.ts';
import { type IdleCloses, idleClosesOf } from '../../clients/idle-closes.ts';
import { KEEP_ALIVE_SETTINGS, keepAliveFixes } from '../../fixes/keepalive-fixes.ts';
import { listeningProcess } from '../../listeners/listening-process.ts';
import { serverOf } from '../../peers/server-of.ts';
import { perNamespace } from '../../per-scope.ts';
import { filterOf } from '../../pools/pools.ts';
import { databaseAt } from '../../pools/servers.ts';
import { type Fault, rule } from '../../rule.ts';
import { endpointText } from '../../scopes.ts';
import { stackOf } from '../../stacks/stack-of.ts';

const settings = {
  resets: { default: 1, unit: 'count', text: 'requests that met the close' },
  closes: { default: 3, unit: 'count', text: 'connections in all that the server ended at that age' },
} as const;

/** A server that closes idle connections before its client does, so that some requests meet the close. */
export const keepaliveMismatch = rule({
  name: 'KEEPALIVE_MISMATCH',
  title: 'The server closes idle connections that its client still uses: requests are reset',
  settings,
  judge: perNamespace((netns, { series }, values) =>
    idleClosesOf(netns)
      .filter(({ closed, reset }) => reset >= values.resets && closed + reset >= values.closes)
      // A client that closes most of them itself does so first.
      .filter(({ closed, reset, closedHere }) => closedHere <= closed + reset)
      .map((closes) => ofEndpoint(series, netns, closes)),
  ),
});

function ofEndpoint(series: Series, netns: NetnsSeries, closes: IdleCloses): Fault {
  const { peer, port, holder, closed, reset, leastMs, mostMs, closedHere } = closes;
  const text = endpointText(series.names, { plain: peer }, port);
  const server = listeningProcess(series, netns, peer, port);
  const facts = stackOf(series, server);
  const setting = facts?.settings.find(({ name }) => KEEP_ALIVE_SETTINGS.includes(name));
  const client = { name: holder.process?.name, facts: stackOf(series, holder.process) };
  const seconds = (leastMs / 1000).toFixed(1);
  return {
    severity: 'warning',
    confidence: closed > 0 ? 'high' : 'medium',
    holder,
    summary: `${text} ends connections that were idle for ${seconds} s before its client does: ${plural(reset, 'request')} met the close and ${reset === 1 ? 'was' : 'were'} reset (${closed} ended in time)`,
    evidence: [
      { what: 'requests that were reset on a connection that had been idle', value: reset, source: EVENTS },
      { what: `idle connections that ${text} closed first`, value: closed, source: EVENTS },
      { what: 'idle for, at least', value: Math.round(leastMs), unit: 'ms', source: 'tcp_info at the end' },
      { what: 'idle for, at most', value: Math.round(mostMs), unit: 'ms', source: 'tcp_info at the end' },
      { what: 'idle connections that the client closed first', value: closedHere, source: EVENTS },
      ...(setting === undefined
        ? []
        : [
            {
              what: `${setting.name} of ${facts?.server ?? facts?.stack}`,
              value: setting.value,
              ...(setting.unit !== undefined && { unit: setting.unit }),
              source: setting.path ?? setting.proof,
            },
          ]),
    ],
    fixes: keepAliveFixes({ name: server?.name, facts }, client, databaseAt(series, netns, peer, port), leastMs),
    byHand: (target) => `socklens events ${target} '${filterOf({ peer, port })}' --closed --for 30s`,
    about: `peer ${text}`,
    ...serverOf(series, netns, peer, port),
  };
}

const EVENTS = 'connection events';
