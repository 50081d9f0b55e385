/**
 * OpenTelemetry's protocol: the requests that export metrics and logs, and what is answered.
 * https://github.com/open-telemetry/opentelemetry-proto, opentelemetry/proto/{collector,metrics,logs,common,resource}/v1
 */
import {
  bool,
  double,
  encoded,
  fixed64,
  int32,
  int64,
  list,
  message,
  nested,
  packedDouble,
  packedFixed64,
  text,
} from './message.ts';

const anyText = message({ stringValue: text(1) });
const anyInt = message({ intValue: int64(3) });
const keyText = message({ key: text(1), value: nested(2, anyText) });
const keyInt = message({ key: text(1), value: nested(2, anyInt) });

/** A value of an attribute: a text, or a whole number. */
export type AttributeValue = string | number;

/** Encodes attributes as fields of the message that has them. @param field number of that field there */
export function encodeAttributes(attributes: Readonly<Record<string, AttributeValue>>, field: number): Uint8Array {
  const texts = message({ entries: list(encodedMessage(field)) });
  return texts.encode({
    entries: Object.entries(attributes).map(([key, value]) =>
      typeof value === 'string'
        ? keyText.encode({ key, value: { stringValue: value } })
        : keyInt.encode({ key, value: { intValue: BigInt(value) } }),
    ),
  });
}

/** A message that is bytes already. */
function encodedMessage(field: number) {
  return nested<Uint8Array>(field, { decode: (bytes) => bytes, encode: (bytes) => bytes as Uint8Array });
}

/** Numbers of the field `attributes` in the messages that have it. */
export const ATTRIBUTES = { resource: 1, numberPoint: 7, histogramPoint: 9, logRecord: 6 } as const;

const resource = message({ attributes: encoded(ATTRIBUTES.resource) });
const scope = message({ name: text(1), version: text(2) });

const numberPoint = message({
  startTimeUnixNano: fixed64(2),
  timeUnixNano: fixed64(3),
  asDouble: double(4),
  attributes: encoded(ATTRIBUTES.numberPoint),
});

const histogramPoint = message({
  startTimeUnixNano: fixed64(2),
  timeUnixNano: fixed64(3),
  count: fixed64(4),
  sum: double(5),
  bucketCounts: packedFixed64(6),
  explicitBounds: packedDouble(7),
  attributes: encoded(ATTRIBUTES.histogramPoint),
});

/** Every value counts from the start of its series. */
export const CUMULATIVE = 2;

const metric = message({
  name: text(1),
  description: text(2),
  unit: text(3),
  gauge: nested(5, message({ dataPoints: list(nested(1, numberPoint)) })),
  sum: nested(
    7,
    message({ dataPoints: list(nested(1, numberPoint)), aggregationTemporality: int32(2), isMonotonic: bool(3) }),
  ),
  histogram: nested(9, message({ dataPoints: list(nested(1, histogramPoint)), aggregationTemporality: int32(2) })),
});

/** `ExportMetricsServiceRequest`. */
export const metricsRequest = message({
  resourceMetrics: list(
    nested(
      1,
      message({
        resource: nested(1, resource),
        scopeMetrics: list(nested(2, message({ scope: nested(1, scope), metrics: list(nested(2, metric)) }))),
      }),
    ),
  ),
});

const logRecord = message({
  timeUnixNano: fixed64(1),
  severityNumber: int32(2),
  severityText: text(3),
  body: nested(5, anyText),
  attributes: encoded(ATTRIBUTES.logRecord),
  observedTimeUnixNano: fixed64(11),
  eventName: text(12),
});

/** `ExportLogsServiceRequest`. */
export const logsRequest = message({
  resourceLogs: list(
    nested(
      1,
      message({
        resource: nested(1, resource),
        scopeLogs: list(nested(2, message({ scope: nested(1, scope), logRecords: list(nested(2, logRecord)) }))),
      }),
    ),
  ),
});

/** `ExportMetricsServiceResponse` and `ExportLogsServiceResponse`, which have the same fields. */
export const exportResponse = message({
  partialSuccess: nested(1, message({ rejected: int64(1), errorMessage: text(2) })),
});
