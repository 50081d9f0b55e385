/** What `serve` answers about the hosts of a store. Types only, as in `protocol.ts`. */
import type { Severity } from '../../model/finding/finding.ts';
import type { ProblemNumbers } from '../protocol.ts';

/** How a host stands: `silent` sent nothing for {@link HostsAnswer.silentAfterMs}, of an `unknown` one nothing is stored. */
export type FleetHostStatus = 'live' | 'silent' | 'unknown';

/** A host whose metrics are in the store, or that is configured. Numbers are those of the last two minutes, absent where there are none. */
export interface FleetHost {
  /** Identifies the row while it exists. */
  id: string;
  /** Label `instance` of its series; of an unknown one as configured. */
  instance: string;
  /** Label `job`; absent where it has none. */
  job?: string;
  /** As the host calls itself; absent for an unknown one. */
  host?: string;
  /** Where its page is, http or https; absent where it does not say. */
  url?: string;
  status: FleetHostStatus;
  /** When it was last stored; of a silent one alone. */
  lastSeenMs?: number;
  containers?: number;
  /** TCP sockets but those in TIME_WAIT. */
  open?: number;
  timeWait?: number;
  closeWait?: number;
  problems: ProblemNumbers;
  /** Open files of its fullest process, as a fraction of its limit. */
  fullestDescriptors?: number;
  /** Used part of the connection tracker. */
  conntrack?: number;
  /** Age of its oldest numbers, seconds. */
  oldestSeconds?: number;
  /** Network namespaces of which something is not known. */
  gaps?: number;
  /** Alerts that fire about it. */
  alerts: number;
  /** What is odd about it, as sentences: two serves have its name. */
  notes: readonly string[];
}

/** An alert of the rules of Prometheus or vmalert. */
export interface FleetAlert {
  name: string;
  /** Label `severity`; absent where it has none. */
  severity?: string;
  state: 'firing' | 'pending';
  /** {@link FleetHost.id}; absent for none. */
  host?: string;
  instance?: string;
  container?: string;
  /** Annotation `summary`; absent where only the series of alerts are stored. */
  summary?: string;
  sinceMs?: number;
}

/** `GET /api/v1/hosts`: the hosts of a store. */
export interface HostsAnswer {
  atMs: number;
  /** Host and port of the store. */
  store: string;
  silentAfterMs: number;
  /** A silent host stays for so long. */
  keptForMs: number;
  /** The worst first. */
  hosts: readonly FleetHost[];
  /** Those that fire before those that are pending. */
  alerts: readonly FleetAlert[];
  /** What the answer lacks, as sentences; mostly empty. */
  warnings: readonly string[];
}

/** A container of a host of a store; a pod's by its own labels. Numbers are absent where the store has none. */
export interface FleetContainer {
  /** {@link FleetHost.id}. */
  host: string;
  instance: string;
  /** Label `container`. */
  name: string;
  namespace?: string;
  pod?: string;
  runtime?: string;
  image?: string;
  /** Problems that hold, the worst first. */
  problems: readonly { rule: string; severity: Severity }[];
  open?: number;
  timeWait?: number;
  closeWait?: number;
  /** Of the fullest process; the limit is absent for an unlimited one. */
  descriptors?: { used: number; limit?: number };
}

/** `GET /api/v1/hosts/containers`: containers of all hosts that are in trouble; with `host=ID` all of one host. */
export interface FleetContainersAnswer {
  atMs: number;
  /** The worst first. */
  containers: readonly FleetContainer[];
  /** Whether there are more than the answer has; absent for no. */
  isCut?: boolean;
  warnings: readonly string[];
}

/** A peer that containers of several hosts connect to, by the name that they know it by. */
export interface FleetPeer {
  peer: string;
  /** Absent where the series has none. */
  port?: number;
  connections: number;
  hosts: number;
  containers: number;
}

/** `GET /api/v1/hosts/peers?name=TEXT`: peers with a name, those with most connections first. */
export interface FleetPeersAnswer {
  atMs: number;
  peers: readonly FleetPeer[];
  isCut?: boolean;
  warnings: readonly string[];
}
