import os from 'node:os';
import manifest from '../../../package.json' with { type: 'json' };
import { Failure } from '../../model/failure.ts';
import { pageFiles } from '../../packaged/page-files.ts';
import { Fleet } from '../../serve/hosts/fleet.ts';
import { createHostsApp } from '../../serve/http/app.ts';
import { listen } from '../../serve/http/listen.ts';
import { Streams } from '../../serve/http/streams.ts';
import { removeRunning } from '../../serve/kept/token.ts';
import { StoreClient } from '../../serve/store/store-client.ts';
import type { CommandContext } from '../context.ts';
import { errorLine } from '../errors.ts';
import { writeNote } from '../notes.ts';
import { metricsAccess } from './metrics-settings.ts';
import { accessOf, announce, tlsOf } from './page-server.ts';
import type { GivenOptions, ServeSettings } from './settings.ts';

/** Options of `serve` that are about this machine, which nothing looks at here. */
const OF_THIS_MACHINE = [
  ...['all', 'netns', 'interval', 'keep', 'historySize', 'recorder', 'allowActions', 'push', 'storeAs'],
  ...['metricsListen', 'metricsPeers', 'metricsHistograms'],
] as const satisfies readonly (keyof GivenOptions)[];

/** @throws {Failure} `usage` for options that have no meaning with `--hosts-only`, and where there is no store */
export function checkHostsOnly(given: GivenOptions, settings: ServeSettings): void {
  const [wrong] = OF_THIS_MACHINE.filter((name) => given[name] !== undefined && given[name] !== false);
  if (wrong !== undefined || given.targets.length > 0) {
    const what =
      wrong === undefined ? 'TARGET' : `--${wrong.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw new Failure('usage', `--hosts-only: watches nothing on this machine; leave ${what} out`);
  }
  if (settings.store === undefined)
    throw new Failure('usage', '--hosts-only: needs the store of the hosts; pass --store http://HOST:9090');
}

/**
 * `socklens serve --hosts-only`, until it is stopped: the page of the hosts of a store. It needs no privilege and reads
 * nothing of this machine.
 *
 * @param reread reads the settings again: at SIGHUP
 */
export async function serveHosts(
  context: CommandContext,
  settings: ServeSettings,
  reread: () => Promise<ServeSettings>,
): Promise<void> {
  const { store, listen: address, data } = settings;
  if (store === undefined) throw new Failure('fault', '--hosts-only without a store');
  const stop = context.stopSignal?.() ?? new AbortController().signal;
  const onError = (error: unknown) => context.err.write(`${errorLine(error)}\n`);
  const access = accessOf(settings);
  const discovery = { hosts: settings.hosts };
  const streams = new Streams();
  const app = createHostsApp({
    access,
    discovery,
    streams,
    onError,
    session: {
      ...{ protocol: 1, version: manifest.version, host: os.hostname(), actions: false, history: false },
      hosts: 'only',
    },
    files: pageFiles(),
    metricsAccess: metricsAccess(settings.metrics, address),
    fleet: new Fleet(new StoreClient(store.target()), discovery),
  });
  const server = await listen(app, { ...address, tls: tlsOf(settings) });
  const reload = async () => {
    const now = await reread();
    const next = accessOf(now);
    // Without a file, the token is that of the start.
    if (now.tokenFile !== undefined || now.noToken) access.token = next.token;
    access.hosts = next.hosts;
    discovery.hosts = now.hosts;
    writeNote(context, 'settings read again');
  };
  const quiet = context.onSignal?.('SIGHUP', () => void reload().catch(onError));
  try {
    announce(context, settings, access, server.port);
    await new Promise<void>((resolve) => {
      if (stop.aborted) resolve();
      else stop.addEventListener('abort', () => resolve(), { once: true });
    });
  } finally {
    quiet?.();
    streams.closeAll();
    await server.close();
    removeRunning(data, process.pid);
  }
}
