import type { Evidence, Fix } from '../../model/finding/finding.ts';
import type { ProcessSample } from '../../model/sample/sample.ts';
import type { NetnsSeries, Series } from '../../model/sample/series.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import type { StackFacts } from '../../model/stack/stack-facts.ts';
import { roleOf } from '../clients/clients.ts';
import { isAsked, quietMs } from '../listeners/requests.ts';
import { lastDump, tcpIn } from '../snapshots/snapshots.ts';
import { stackOf } from '../stacks/stack-of.ts';

/** So long without a byte in either direction. */
const QUIET_MS = 5000;

/** Of the open files so many are such connections. */
const SHARE = 0.5;

/** How a server limits the time in which a client sends its request, by its stack. */
const REQUEST_TIMEOUTS: Readonly<Partial<Record<NonNullable<StackFacts['stack']>, string>>> = {
  Go: '&http.Server{ReadHeaderTimeout: 10 * time.Second, ReadTimeout: N * time.Second, IdleTimeout: 2 * time.Minute}',
  'Node.js': 'server.headersTimeout = 10_000; server.requestTimeout = 60_000;   // milliseconds',
  Java: 'server.tomcat.connection-timeout=10s   # Spring Boot; idleTimeout of Jetty',
  Python: '--timeout-keep-alive N   # uvicorn; and a proxy that buffers requests before it',
  nginx: 'client_header_timeout 10s; client_body_timeout 10s;',
  HAProxy: 'timeout http-request 10s',
};

/** Connections of clients that began to speak and never had an answer. */
export interface UnfinishedRequests {
  evidence: readonly Evidence[];
  /** To be tried before a higher limit. */
  fixes: readonly Fix[];
}

/**
 * What fills the descriptors of a server where most of them are connections whose client sent something, had no answer
 * yet, and has been quiet: requests that are never finished, and that the server waits for without an end.
 */
export function unfinishedRequests(series: Series, netns: NetnsSeries, process: ProcessSample): UnfinishedRequests {
  const dump = lastDump(netns);
  const found =
    dump === undefined
      ? []
      : tcpIn(dump, TCP_STATE.ESTABLISHED).filter(
          (socket) =>
            socket.holders.some(({ pid }) => pid === process.pid) &&
            socket.tcpInfoNumber('bytesSent') === 0 &&
            isAsked(socket) &&
            quietMs(socket) >= QUIET_MS &&
            roleOf(netns, socket) === 'server',
        );
  if (found.length < process.used * SHARE) return { evidence: [], fixes: [] };
  const facts = stackOf(series, process);
  const snippet = facts?.stack === undefined ? undefined : REQUEST_TIMEOUTS[facts.stack];
  return {
    evidence: [
      {
        what: 'of them clients that sent something, had no answer yet, and have been quiet for 5 s',
        value: found.length,
        source: 'sock_diag, tcp_info',
      },
    ],
    fixes: [
      {
        where: 'the application',
        text: 'clients that do not finish their request hold most of its descriptors: give reading a request a timeout, so that they are closed; a higher limit is only for clients that it means to hold (long polls)',
        ...(snippet !== undefined && { snippet }),
      },
    ],
  };
}
