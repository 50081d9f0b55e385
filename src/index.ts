/**
 * The library: the same engine as the command line, with types.
 *
 *     import { localMachine, openSnapshot, listSockets, overview, rowsOf } from 'socklens';
 *
 * See `docs/library.md` for an example that runs in the tests.
 */
export { localMachine } from './collect/local-machine.ts';
export type { Machine } from './collect/machine.ts';
export { parseFilter } from './filter/parse.ts';
export type { Filter } from './filter/syntax.ts';
export { Failure, type FailureKind } from './model/failure.ts';
export type { CheckedRule, Diagnosis } from './model/finding/diagnosis.ts';
export type { Confidence, Evidence, Finding, FindingScope, Fix, Severity } from './model/finding/finding.ts';
export type { Problem, ProblemPlace, Symptom } from './model/finding/problem.ts';
export type { Target } from './model/netns/target.ts';
export { GROUP_KEYS, type Group, type GroupKey } from './model/report/group.ts';
export type { BusiestPeer, DescriptorUse, Overview, OverviewRow } from './model/report/overview.ts';
export type { GroupReport, ReportHeader, SocketReport } from './model/report/report.ts';
export type { SocketCounts } from './model/report/socket-counts.ts';
export type { Coverage, OwnersOrigin, Source } from './model/sample/coverage.ts';
export { everySocket, type SocketQuery } from './model/socket/socket-query.ts';
export type {
  Endpoint,
  InetSocketRow,
  SocketProcess,
  SocketRow,
  SocketTimer,
  UnixSocketRow,
} from './model/socket/socket-row.ts';
export type { Family, Proto, SocketSource, SocketView } from './model/socket/socket-view.ts';
export type { TcpInfo } from './model/socket/tcp-info.ts';
export { ALL_STATES, stateMask, stateName, TCP_STATE, type TcpStateName } from './model/socket/tcp-state.ts';
export { countGroups, type GroupsOptions } from './queries/count-groups.ts';
export { listSockets, rowsOf, type Sockets, type SocketsOptions } from './queries/list-sockets.ts';
export { overview } from './queries/overview.ts';
export { openSnapshot, type SnapshotOptions } from './sources/open-snapshot.ts';
export type { NetnsSnapshot, Snapshot } from './sources/snapshot.ts';
