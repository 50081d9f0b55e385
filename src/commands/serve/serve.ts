import os from 'node:os';
import manifest from '../../../package.json' with { type: 'json' };
import { formatEndpoint } from '../../base/endpoint-text.ts';
import { Failure } from '../../model/failure.ts';
import { pageFiles } from '../../packaged/page-files.ts';
import { Alerts } from '../../serve/alerts/alerts.ts';
import type { Discovery } from '../../serve/hosts/discovery.ts';
import { Fleet } from '../../serve/hosts/fleet.ts';
import type { AccessOptions } from '../../serve/http/access.ts';
import { type ListenOptions, listen } from '../../serve/http/listen.ts';
import { createMetricsApp } from '../../serve/http/metrics-routes.ts';
import { instanceId } from '../../serve/kept/instance-id.ts';
import { openStore } from '../../serve/kept/open-store.ts';
import { removeRunning } from '../../serve/kept/token.ts';
import { Service } from '../../serve/service.ts';
import { StoreClient } from '../../serve/store/store-client.ts';
import { FLIGHT_RECORDER_DEFAULTS, FlightRecorder } from '../../sources/incidents/flight-recorder.ts';
import { IncidentFolder } from '../../sources/incidents/incident-folder.ts';
import { openSource } from '../../sources/open-source.ts';
import type { CommandContext } from '../context.ts';
import { errorLine } from '../errors.ts';
import { writeNote } from '../notes.ts';
import { metricsAccess } from './metrics-settings.ts';
import { accessOf, announce, pageUrlOf, tlsOf } from './page-server.ts';
import { startPushing } from './push-settings.ts';
import type { ServeSettings } from './settings.ts';

/** CPU budget for background namespaces, as a fraction of one core. */
const BACKGROUND_SHARE = 0.01;

/** Of the kernel's buffer of connection events, a few seconds of ten thousand a second: all of it is resident, twice. */
const EVENT_BUFFER_BYTES = 8 * 2 ** 20;

/** Sockets of a namespace in which nothing moves are read again so often, milliseconds: rules see three snapshots a window. */
const QUIET_MS = 20_000;
/** Of one in which connections are opened and closed, so often at most: events tell of those. */
const LEAST_AGE_MS = 2500;

/**
 * `socklens serve`, until it is stopped.
 *
 * @param reread reads the settings again: at SIGHUP
 */
export async function serve(
  context: CommandContext,
  settings: ServeSettings,
  reread: () => Promise<ServeSettings>,
): Promise<void> {
  const { runVerb } = context;
  if (runVerb === undefined) throw new Failure('usage', 'serve cannot run within another command');
  const { listen: address, data } = settings;
  const stop = context.stopSignal?.() ?? new AbortController().signal;
  const onError = (error: unknown) => context.err.write(`${errorLine(error)}\n`);
  const access = accessOf(settings);
  const discovery = { hosts: settings.hosts };
  const tls = tlsOf(settings);
  const receivers = settings.receivers();
  const otlp = settings.otlp();
  const past = settings.store && { target: settings.store.target(), instance: settings.store.instance };
  const store = openStore(data, { keepMs: settings.keepMs, maxBytes: settings.historyBytes });
  try {
    const source = await openSource(context.machine, {
      target: settings.targets.length === 0 ? undefined : settings.targets.join(','),
      overview: { all: settings.all },
      wholeNetns: settings.wholeNetns,
      intervalMs: settings.intervalMs,
      forMs: undefined,
      events: true,
      numeric: false,
      host: true,
      backgroundShare: BACKGROUND_SHARE,
      quietMs: QUIET_MS,
      leastAgeMs: LEAST_AGE_MS,
      eventBufferBytes: EVENT_BUFFER_BYTES,
      chargesEverything: false,
    });
    const recorder =
      settings.recorderMs === 0
        ? undefined
        : new FlightRecorder(source, new IncidentFolder(data), {
            folder: data,
            target: settings.targets.length === 0 ? 'all' : settings.targets.join(','),
            options: { ...FLIGHT_RECORDER_DEFAULTS, keepMs: settings.recorderMs },
          });
    const { externalAddresses } = settings;
    const alerts = new Alerts({ data, host: os.hostname(), externalAddresses, receivers });
    try {
      const service = new Service({
        source,
        recorder,
        history: { store, keepMs: settings.keepMs },
        store: past,
        alerts,
        otlp,
        rules: settings.rules,
        externalAddresses,
        access,
        discovery,
        fleet: past && new Fleet(new StoreClient(past.target), discovery),
        actions: settings.allowActions,
        metrics: { ...settings.metrics, access: metricsAccess(settings.metrics, address), id: instanceId(data) },
        files: pageFiles(),
        runVerb,
        version: manifest.version,
        onError,
      });
      const server = await listen(service.app, { ...address, tls });
      const metricsServer = await listenForMetrics(service, discovery, settings, tls).catch(async (error) => {
        await server.close();
        throw error;
      });
      service.url = settings.externalUrl ?? pageUrlOf(settings, server.port);
      alerts.pageUrl = service.url;
      const pushing = settings.push && startPushing(settings.push, data, service.metrics);
      if (pushing !== undefined) service.troubles.push(pushing.trouble);
      const quiet = [
        context.onSignal?.('SIGHUP', () => {
          reload(context, { service, alerts, access, discovery }, settings, reread).catch(onError);
        }),
        context.onSignal?.('SIGUSR2', () => service.saveIncident('SIGUSR2', false)),
      ];
      try {
        announce(context, settings, access, server.port);
        if (metricsServer !== undefined) writeNote(context, `metrics: ${metricsServer.url}`);
        await service.run(stop);
      } finally {
        for (const end of quiet) end?.();
        service.streams.closeAll();
        // Who does not answer delays the end only once.
        await Promise.all([
          ...[service.close(), alerts.close(), pushing?.close()],
          ...[metricsServer?.close(), server.close()],
        ]);
        removeRunning(data, process.pid);
      }
    } finally {
      await alerts.close();
      await recorder?.close();
      source.close();
    }
  } finally {
    store.close();
  }
}

/** Opens the listener that has metrics alone; undefined for none. */
async function listenForMetrics(
  service: Service,
  discovery: Discovery,
  settings: ServeSettings,
  tls: ListenOptions['tls'],
) {
  const { listen: address } = settings.metrics;
  if (address === undefined) return undefined;
  const app = createMetricsApp({ metrics: service.metrics, discovery }, metricsAccess(settings.metrics, address));
  const server = await listen(app, { ...address, tls, option: '--metrics-listen' });
  const scheme = tls === undefined ? 'http' : 'https';
  return { ...server, url: `${scheme}://${formatEndpoint(address.address, server.port)}/metrics` };
}

/** Reads the settings again, and uses those that need no restart. A mistake in them changes nothing. */
async function reload(
  context: CommandContext,
  {
    service,
    alerts,
    access,
    discovery,
  }: { service: Service; alerts: Alerts; access: AccessOptions; discovery: Discovery },
  before: ServeSettings,
  reread: () => Promise<ServeSettings>,
): Promise<void> {
  const now = await reread();
  const receivers = now.receivers();
  const otlp = now.otlp();
  const { token, hosts } = accessOf(now);
  // Without a file, the token is that of the start.
  if (now.tokenFile !== undefined || now.noToken) access.token = token;
  access.hosts = hosts;
  discovery.hosts = now.hosts;
  const { rules, externalAddresses } = now;
  service.reconfigure({ rules, externalAddresses, otlp });
  alerts.configure(receivers);
  const FIXED = [
    'targets',
    'listen',
    'all',
    'intervalMs',
    'data',
    'keepMs',
    'historyBytes',
    'recorderMs',
    'tls',
    'externalUrl',
    'metrics',
    'push',
    'store',
  ] as const;
  const changed = FIXED.filter((key) => JSON.stringify(now[key]) !== JSON.stringify(before[key]));
  const rest = changed.length === 0 ? '' : `; after a restart: ${changed.join(', ')}`;
  writeNote(context, `settings read again${rest}`);
}
