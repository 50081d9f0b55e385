import type { EdgeTick, History, HistoryValues } from '../../history/history.ts';
import type { PageFile } from '../../packaged/page-files.ts';
import type { FlightRecorder } from '../../sources/incidents/flight-recorder.ts';
import type { Alerts } from '../alerts/alerts.ts';
import type { VerbRunner } from '../api/verb-runner.ts';
import type { Collector } from '../collector/collector.ts';
import type { ConnectionEvents } from '../events/connection-events.ts';
import type { Discovery } from '../hosts/discovery.ts';
import type { Fleet } from '../hosts/fleet.ts';
import type { DoctorAnswers } from '../kept/stored-problems.ts';
import type { SessionAnswer } from '../protocol.ts';
import type { AccessOptions } from './access.ts';
import type { EngineParts, MetricsAccess } from './metrics-routes.ts';
import type { Streams } from './streams.ts';

/** What every server of the page has. */
export interface PageParts {
  access: AccessOptions;
  session: SessionAnswer;
  /** By path without the slash at its beginning; the document's is empty. */
  files: ReadonlyMap<string, PageFile>;
  /** Who may read what engines ask for. */
  metricsAccess: MetricsAccess;
  streams: Streams;
  /** Called with errors that are none of the user's. */
  onError(error: unknown): void;
}

/** What the page of many hosts is served with: no machine is watched. */
export interface HostsAppParts extends PageParts {
  discovery: Discovery;
  fleet: Fleet;
}

/** What `serve` serves of this machine. */
export interface AppParts extends PageParts, EngineParts {
  collector: Collector;
  events: ConnectionEvents;
  doctor: DoctorAnswers;
  /** Undefined where nothing is kept. */
  history: History | undefined;
  /** What has the values over time; undefined where it is {@link history}. */
  storedValues: HistoryValues | undefined;
  /** Who talks to whom, as it was found last; undefined before the first time. */
  latestEdges(): EdgeTick | undefined;
  /** Undefined where the last minutes are not recorded. */
  recorder: FlightRecorder | undefined;
  /** Undefined where alerts cannot be sent. */
  alerts: Pick<Alerts, 'answer'> | undefined;
  runner: VerbRunner;
  /** Whether sockets may be closed and limits set. */
  actions: boolean;
  /** The hosts of a store; undefined where none is read. */
  fleet: Fleet | undefined;
}
