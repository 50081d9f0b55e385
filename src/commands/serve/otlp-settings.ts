import { durationError, parseMilliseconds } from '../../base/duration.ts';
import type { Config } from '../../collect/config/config-file.ts';
import { Failure } from '../../model/failure.ts';
import type { OtlpSettings, OtlpTarget } from '../../serve/otlp/exporter.ts';
import { headersOf, pairsOf, secretHeaders } from './headers.ts';

/** Defaults of OpenTelemetry's SDKs, milliseconds. */
const DEFAULTS = { intervalMs: 60_000, timeoutMs: 10_000 };

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What is exported by OpenTelemetry's protocol: the section `[otlp]` before the environment's variables, which are those of
 * every SDK: https://opentelemetry.io/docs/specs/otel/protocol/exporter
 *
 * @returns undefined where no collector is configured
 * @throws {Failure} `usage`, without a secret in its text
 */
export function otlpSettings(
  { otlp = {}, file }: Pick<Config, 'otlp' | 'file'>,
  env: Environment,
): OtlpSettings | undefined {
  const where = (key: string) => `${file}: otlp.${key}`;
  const headers = secretHeaders({ file: otlp['headers-file'], variable: otlp['headers-env'] }, env, where);
  const target = (signal: 'metrics' | 'logs'): OtlpTarget | undefined => {
    const wanted = otlp[signal] ?? env[`OTEL_${signal.toUpperCase()}_EXPORTER`] !== 'none';
    const isOff = otlp.endpoint === undefined && env.OTEL_SDK_DISABLED?.toLowerCase() === 'true';
    const url = wanted && !isOff ? urlOf(otlp.endpoint, signal, env, where) : undefined;
    if (url === undefined) return undefined;
    const variable = (name: string) =>
      env[`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_${name}`] || env[`OTEL_EXPORTER_OTLP_${name}`];
    const protocol = variable('PROTOCOL');
    if (otlp.endpoint === undefined && protocol && protocol !== 'http/protobuf')
      throw new Failure('usage', `OTEL_EXPORTER_OTLP_PROTOCOL: ${protocol} is not spoken, only http/protobuf`);
    return {
      url,
      headers: headers ?? headersOf(variable('HEADERS') ?? '', 'OTEL_EXPORTER_OTLP_HEADERS'),
      isGzipped: (otlp.compression ?? variable('COMPRESSION') ?? 'gzip') === 'gzip',
      timeoutMs: millisecondsOf(variable('TIMEOUT'), 'OTEL_EXPORTER_OTLP_TIMEOUT') ?? DEFAULTS.timeoutMs,
    };
  };
  const [metrics, logs] = [target('metrics'), target('logs')];
  if (metrics === undefined && logs === undefined) return undefined;
  const name = env.OTEL_SERVICE_NAME;
  return {
    ...{ metrics, logs },
    intervalMs:
      intervalOf(otlp.interval, where('interval')) ??
      millisecondsOf(env.OTEL_METRIC_EXPORT_INTERVAL, 'OTEL_METRIC_EXPORT_INTERVAL') ??
      DEFAULTS.intervalMs,
    attributes: {
      ...pairsOf(env.OTEL_RESOURCE_ATTRIBUTES ?? '', 'OTEL_RESOURCE_ATTRIBUTES'),
      ...(name && { 'service.name': name }),
    },
  };
}

/** Where a signal goes: a signal's own variable is its whole address, the common one lacks its path. */
function urlOf(
  configured: string | undefined,
  signal: 'metrics' | 'logs',
  env: Environment,
  where: (key: string) => string,
): string | undefined {
  const own = `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_ENDPOINT`;
  if (configured === undefined && env[own]) return checkedUrl(env[own], own);
  const common = configured ?? env.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (!common) return undefined;
  const text = checkedUrl(common, configured === undefined ? 'OTEL_EXPORTER_OTLP_ENDPOINT' : where('endpoint'));
  return `${text.replace(/\/+$/, '')}/v1/${signal}`;
}

function checkedUrl(text: string, where: string): string {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw new Failure('usage', `${where}: is none of http:// or https://, such as http://collector:4318`);
  if (url.username !== '' || url.password !== '')
    throw new Failure('usage', `${where}: has a user; use a header instead`);
  return text;
}

function millisecondsOf(text: string | undefined, where: string): number | undefined {
  if (!text) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Failure('usage', `${where}: "${text}" is no number of milliseconds`);
  return Number(text);
}

function intervalOf(text: string | undefined, where: string): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseMilliseconds(text);
  if (ms === undefined) throw new Failure('usage', `${where}: ${durationError(text)}`);
  if (ms < 1000 || ms > 3_600_000) throw new Failure('usage', `${where}: ${text} is not from 1s to 1h`);
  return ms;
}
