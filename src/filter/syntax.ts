import type { Tree } from './tree.ts';

/** A part of the filter's text: the first character and how many. */
export interface Span {
  at: number;
  length: number;
}

export type Comparison = '=' | '!=' | '>' | '>=' | '<' | '<=';

/** Which end of a connection: `src` and `sport` are the local one, `dst` and `dport` the peer's. */
export type Side = 'local' | 'peer';

/** A port as written: a number, or a service's name that is yet to be looked up. */
export type PortText = number | { service: string; span: Span };

/** Ports from the first to the last one, both included. */
export interface PortsText {
  first: PortText;
  last: PortText;
}

/** What can be measured on a socket. Times in microseconds, queues in bytes (LISTEN: connections). */
export type Measure = 'idle' | 'age' | 'receive-queue' | 'send-queue' | 'rtt' | 'retrans';

/** The running timer of a socket, as `SocketTimer` names it. */
export type TimerKind = 'off' | 'on' | 'keepalive' | 'timewait' | 'probe' | 'delack';

/** A condition as it was written; what has to be looked up is still a name. */
export type SyntaxAtom =
  /** Bit mask, see `stateMask`. */
  | { kind: 'states'; mask: number }
  /**
   * `src` and `dst`. Without a host any; `asPeer` for `peer`, whose names are never asked of DNS;
   * `family` when a prefix (`inet6:`) demands one.
   */
  | {
      kind: 'host';
      side: Side;
      host?: { text: string; span: Span };
      port?: PortText;
      family?: 'inet' | 'inet6';
      asPeer: boolean;
    }
  | { kind: 'ports'; side: Side; op: Comparison; ports: readonly PortsText[] }
  | { kind: 'device'; name: string; span: Span }
  | { kind: 'mark'; mark: number; mask: number }
  | { kind: 'cgroup'; path: string; span: Span }
  /** The kernel chose the local port. */
  | { kind: 'autobound' }
  | { kind: 'container'; name: string; span: Span }
  /** By PID, or by name with `*` and `?`. */
  | { kind: 'process'; process: number | string }
  | { kind: 'uid'; op: Comparison; user: number | { name: string; span: Span } }
  | { kind: 'role'; role: 'client' | 'server' }
  | { kind: 'measure'; measure: Measure; op: Comparison; value: number }
  | { kind: 'timer'; timer: TimerKind }
  | { kind: 'keepalive'; on: boolean }
  /** Closed by its process, not yet by the peer. */
  | { kind: 'orphan' }
  /** In a listener's accept queue. */
  | { kind: 'unaccepted' }
  /** UNIX sockets by name with `*` and `?`; `@` for the abstract namespace. */
  | { kind: 'path'; glob: string };

export type SyntaxTree = Tree<SyntaxAtom>;

/** A filter as it was read. */
export interface Filter {
  /** As it was typed. */
  text: string;
  /** Undefined for one that says nothing: everything matches. */
  tree: SyntaxTree | undefined;
  /** Families that a prefix restricts the whole query to, as ss does; only when read as ss reads. */
  families?: readonly ('inet' | 'inet6')[];
  /** What a person should know about how the text was read; empty for nothing. */
  notes: readonly string[];
}
