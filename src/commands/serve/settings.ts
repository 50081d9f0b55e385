import type { Config, ServeConfig } from '../../collect/config/config-file.ts';
import { chosenRules } from '../../doctor/chosen-rules.ts';
import { Failure } from '../../model/failure.ts';
import type { Receiver } from '../../serve/alerts/receiver.ts';
import { checkedHosts } from '../../serve/hosts/discovery.ts';
import { type ListenAddress, parseListen } from '../../serve/listen-address.ts';
import type { OtlpSettings } from '../../serve/otlp/exporter.ts';
import type { ServiceOptions } from '../../serve/service.ts';
import { folderOf } from '../data-folder.ts';
import { doctorSettings } from '../doctor-settings.ts';
import { parseInterval } from '../options.ts';
import { type GivenMetrics, type MetricsSettings, metricsSettings } from './metrics-settings.ts';
import { otlpSettings } from './otlp-settings.ts';
import { type GivenPush, type PushSettings, pushSettings } from './push-settings.ts';
import { receiverNamed, receiversOf } from './receivers.ts';
import { parseHistorySize, parseKeep, parseRecorder } from './sizes.ts';
import { type GivenStore, type StoreSettings, storeSettings } from './store-settings.ts';

/** Options as typed; undefined for one that was not given. */
export interface GivenOptions extends GivenMetrics, GivenPush, GivenStore {
  targets: readonly string[];
  listen: string | undefined;
  all: boolean;
  netns: boolean;
  interval: number | undefined;
  data: string | undefined;
  keep: number | undefined;
  historySize: number | undefined;
  recorder: number | undefined;
  tokenFile: string | undefined;
  noToken: boolean;
  allowHost: readonly string[];
  tlsCert: string | undefined;
  tlsKey: string | undefined;
  allowActions: boolean;
  hostsOnly: boolean;
}

/** The settings in force. */
export interface ServeSettings {
  targets: readonly string[];
  listen: ListenAddress;
  all: boolean;
  wholeNetns: boolean;
  intervalMs: number;
  /** Whether the page has the hosts of the store and nothing else. */
  hostsOnly: boolean;
  data: string;
  keepMs: number;
  historyBytes: number;
  /** How much the flight recorder has, milliseconds; 0 for none. */
  recorderMs: number;
  tokenFile: string | undefined;
  noToken: boolean;
  allowHosts: readonly string[];
  tls: { cert: string; key: string } | undefined;
  allowActions: boolean;
  metrics: MetricsSettings;
  /** The hosts of the file that engines are told to scrape. */
  hosts: readonly string[];
  /** Undefined where nothing is pushed. */
  push: PushSettings | undefined;
  /** Undefined where the past is that of this host alone. */
  store: StoreSettings | undefined;
  rules: ServiceOptions['rules'];
  externalAddresses: ServiceOptions['externalAddresses'];
  /** Where browsers of others find the page, without a slash at its end; undefined for where it listens. */
  externalUrl: string | undefined;
  /** Receivers of alerts; reads their secrets. @throws {Failure} */
  receivers(): Receiver[];
  /** As {@link receivers}, one of them. @throws {Failure} */
  receiver(name: string): Receiver;
  /** Where metrics and problems are exported by OpenTelemetry's protocol, with its secrets. @throws {Failure} */
  otlp(): OtlpSettings | undefined;
}

const DEFAULTS = {
  listen: '127.0.0.1:7077',
  intervalMs: 1000,
  keepMs: 30 * 86_400_000,
  historyBytes: 500_000_000,
  recorderMs: 30 * 60_000,
};

/**
 * Settings in force: the command line before the file, the file before the defaults.
 *
 * @throws {Failure} `usage`
 */
export function serveSettings(given: GivenOptions, config: Config): ServeSettings {
  const { serve = {}, file } = config;
  const inFile = <Key extends keyof ServeConfig, T>(
    key: Key,
    parse: (value: NonNullable<ServeConfig[Key]>) => T,
  ): T | undefined => {
    const value = serve[key];
    if (value === undefined) return undefined;
    try {
      return parse(value);
    } catch (error) {
      if (error instanceof Failure) throw new Failure('usage', `${file}: serve.${key}: ${error.message}`);
      throw error;
    }
  };
  const listen =
    (given.listen === undefined ? undefined : parseListen(given.listen, '--listen')) ??
    inFile('listen', (text) => parseListen(text, 'listen')) ??
    parseListen(DEFAULTS.listen, '--listen');
  const noToken = given.noToken || (serve['no-token'] ?? false);
  if (noToken && !listen.isLoopback)
    throw new Failure('usage', '--no-token: only on a loopback address, which no other machine reaches');
  const [cert, key] = [given.tlsCert ?? serve['tls-cert'], given.tlsKey ?? serve['tls-key']];
  if ((cert === undefined) !== (key === undefined))
    throw new Failure('usage', 'a certificate needs its key: pass --tls-cert and --tls-key');
  const isHostsOnly = given.hostsOnly || (serve['hosts-only'] ?? false);
  return {
    targets: given.targets.length > 0 ? given.targets : (serve.targets ?? []),
    listen,
    all: given.all || (serve.all ?? false),
    wholeNetns: given.netns,
    intervalMs: given.interval ?? inFile('interval', parseInterval) ?? DEFAULTS.intervalMs,
    hostsOnly: isHostsOnly,
    data: given.data ?? serve.data ?? folderOf(isHostsOnly),
    keepMs: given.keep ?? inFile('keep', parseKeep) ?? DEFAULTS.keepMs,
    historyBytes: given.historySize ?? inFile('history-size', parseHistorySize) ?? DEFAULTS.historyBytes,
    recorderMs: given.recorder ?? inFile('recorder', parseRecorder) ?? DEFAULTS.recorderMs,
    tokenFile: given.tokenFile ?? serve['token-file'],
    noToken,
    allowHosts: [...given.allowHost, ...(serve['allow-host'] ?? [])],
    tls: cert === undefined || key === undefined ? undefined : { cert, key },
    allowActions: given.allowActions || (serve['allow-actions'] ?? false),
    metrics: metricsSettings(given, serve),
    hosts: inFile('hosts', checkedHosts) ?? [],
    push: pushSettings(given, serve),
    store: storeSettings(given, config, process.env),
    rules: {
      configFile: config.file,
      rules: chosenRules({ rules: [], skip: config.doctor?.skip ?? [] }),
      ...doctorSettings({ set: [], pools: [], serverLimits: [], replicas: [] }, config),
    },
    externalAddresses: config.privacy?.external_addresses ?? 'keep',
    externalUrl: inFile('external-url', externalUrlOf),
    receivers: () => receiversOf(config, process.env),
    receiver: (name) => receiverNamed(config, name, process.env),
    otlp: () => otlpSettings(config, process.env),
  };
}

/** @throws {Failure} `usage` for what is no address of a page */
function externalUrlOf(text: string): string {
  const url = URL.parse(text);
  const isPage = url !== null && ['http:', 'https:'].includes(url.protocol) && url.search === '' && url.hash === '';
  if (!isPage || url.username !== '')
    throw new Failure('usage', `"${text}" is no address such as https://db-host:7077`);
  return text.replace(/\/+$/, '');
}
