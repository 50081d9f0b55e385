import { ATTRIBUTES, encodeAttributes, logsRequest } from '../../protobuf/otlp.ts';
import type { Alert } from '../alerts/alert.ts';
import { nanoseconds } from './metrics-export.ts';
import type { OtlpResource } from './resource.ts';

/** A problem that opened or was resolved. */
export interface ProblemLog {
  alert: Alert;
  /** When it opened, or was resolved; milliseconds since the epoch. */
  atMs: number;
  isResolved: boolean;
}

/** Severity numbers of OpenTelemetry: ERROR, WARN and INFO. */
const SEVERITY_NUMBERS = { critical: 17, warning: 13, info: 9 } as const;

/** The request that exports problems as log records. There is no convention for either: names are ours. */
export function logsOf(
  { resource, scope }: OtlpResource,
  problems: readonly ProblemLog[],
  observedMs: number,
): Uint8Array {
  const logRecords = problems.map(({ alert, atMs, isResolved }) => ({
    timeUnixNano: nanoseconds(atMs),
    observedTimeUnixNano: nanoseconds(observedMs),
    severityNumber: isResolved ? SEVERITY_NUMBERS.info : SEVERITY_NUMBERS[alert.severity],
    severityText: isResolved ? 'info' : alert.severity,
    body: { stringValue: `${isResolved ? 'Resolved: ' : ''}${alert.title}: ${alert.where}` },
    attributes: encodeAttributes(attributesOf(alert, isResolved), ATTRIBUTES.logRecord),
    eventName: isResolved ? 'socklens.problem.resolved' : 'socklens.problem.opened',
  }));
  return logsRequest.encode({ resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords }] }] });
}

function attributesOf(
  { id, labels, severity, where, cause, fix, numbers, link, incidentLink }: Alert,
  isResolved: boolean,
) {
  const { alertname = '', container, service, about } = labels;
  return {
    'socklens.problem.id': id,
    'socklens.rule': alertname,
    'socklens.severity': severity,
    'socklens.where': where,
    ...(container !== undefined && { 'container.name': container }),
    ...(service !== undefined && { 'socklens.service': service }),
    ...(about !== undefined && { 'socklens.about': about }),
    ...(!isResolved && cause !== '' && { 'socklens.cause': cause }),
    ...(!isResolved && fix !== undefined && { 'socklens.fix': fix }),
    ...(!isResolved && numbers.length > 0 && { 'socklens.numbers': numbers.join('\n') }),
    'url.full': link,
    ...(incidentLink !== undefined && { 'socklens.incident.url': incidentLink }),
  };
}
