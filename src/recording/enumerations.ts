import type { Source } from '../model/sample/coverage.ts';
import { CONNECTION_OUTCOMES, type Outcome } from '../model/socket/connection-event.ts';
import type { Family, Proto } from '../model/socket/socket-view.ts';

/** The values of enumerated fields in a recording. An unknown value in a file is read as the first one. */
export const PROTOS = [
  ...(['tcp', 'udp', 'udplite', 'raw', 'sctp', 'mptcp', 'unix', 'icmp', 'packet', 'netlink', 'vsock'] as const),
] as const satisfies readonly Proto[];
export const FAMILIES = ['inet', 'inet6', 'unix', 'packet', 'netlink', 'vsock'] as const satisfies readonly Family[];
export const SOURCES = ['sock_diag', 'procfs', 'bpf_iter'] as const satisfies readonly Source[];
/** In the order of the first version, in which the first is read for an unknown value. */
export const OUTCOMES = [...CONNECTION_OUTCOMES, 'unconnected'] as const satisfies readonly Outcome[];
