import { describe, expect, test } from 'vitest';
import type { Config } from '../../../src/collect/config/config-file.ts';
import { otlpSettings } from '../../../src/commands/serve/otlp-settings.ts';

const of = (env: Record<string, string>, otlp?: Config['otlp']) =>
  otlpSettings({ file: 'socklens.toml', ...(otlp !== undefined && { otlp }) }, env);

describe('OTEL_* variables', () => {
  test('say where, with which headers, how often and as whom', () => {
    expect(of({})).toBeUndefined();
    const target = { headers: {}, isGzipped: true, timeoutMs: 10_000 };
    expect(of({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' })).toEqual({
      metrics: { url: 'http://collector:4318/v1/metrics', ...target },
      logs: { url: 'http://collector:4318/v1/logs', ...target },
      intervalMs: 60_000,
      attributes: {},
    });
    expect(
      of({
        OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'https://m.example/own',
        OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'api-key=a%3Db, x = y',
        OTEL_EXPORTER_OTLP_METRICS_COMPRESSION: 'none',
        OTEL_EXPORTER_OTLP_TIMEOUT: '500',
        OTEL_METRIC_EXPORT_INTERVAL: '15000',
        OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=pr%C3%BCfung,team=a',
        OTEL_SERVICE_NAME: 'sockets',
      }),
    ).toEqual({
      metrics: {
        url: 'https://m.example/own',
        headers: { 'api-key': 'a=b', x: 'y' },
        isGzipped: false,
        timeoutMs: 500,
      },
      logs: undefined,
      intervalMs: 15_000,
      attributes: { 'deployment.environment.name': 'prüfung', team: 'a', 'service.name': 'sockets' },
    });
  });

  test('switch signals and everything off', () => {
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' };
    expect(of({ ...endpoint, OTEL_SDK_DISABLED: 'true' })).toBeUndefined();
    expect(of({ ...endpoint, OTEL_METRICS_EXPORTER: 'none' })).toMatchObject({ metrics: undefined, logs: {} });
    expect(of(endpoint, { logs: false })).toMatchObject({ metrics: {}, logs: undefined });
  });

  test.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' }, 'none of http:// or https://'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'only http/protobuf'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_EXPORTER_OTLP_HEADERS: 'no-pair' }, 'write NAME=VALUE'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_EXPORTER_OTLP_HEADERS: 'a=b%0ac' }, 'no header that can be sent'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_METRIC_EXPORT_INTERVAL: '1m' }, 'no number of milliseconds'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://u:secret-word@c' }, 'has a user'],
  ])('%j are refused', (env, text) => {
    expect(() => of(env as unknown as Record<string, string>)).toThrow(text);
    expect(() => of(env as unknown as Record<string, string>)).not.toThrow('secret-word');
  });
});

test('the configuration goes before the environment, and its headers are of a file or a variable', () => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://other', OTEL_SDK_DISABLED: 'true', KEY: 'api-key=1' };
  expect(
    of(env, { endpoint: 'http://own:4318', 'headers-env': 'KEY', interval: '10s', compression: 'none' }),
  ).toMatchObject({
    metrics: { url: 'http://own:4318/v1/metrics', headers: { 'api-key': '1' }, isGzipped: false },
    intervalMs: 10_000,
  });
  expect(() => of({}, { endpoint: 'http://own', 'headers-env': 'NONE' })).toThrow('the environment has no NONE');
  expect(() => of({}, { endpoint: 'http://own', interval: '10ms' })).toThrow('not from 1s to 1h');
});
