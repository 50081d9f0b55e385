import { Failure } from '../../model/failure.ts';
import { command } from '../command.ts';
import { dataFolder, folderOf } from '../data-folder.ts';
import { option } from '../option.ts';
import { all, interval, netns, OPTIONAL_TARGETS, TARGET_HELP } from '../options.ts';
import { proposeFiles } from '../proposals.ts';
import { parseHistorySize, parseKeep, parsePushInterval, parseRecorder } from './sizes.ts';

export const serveCommand = command({
  task: 'watch',
  brief: 'Keep watching: a page, a history, and problems as they come',
  details: `${TARGET_HELP} Without one, every container is watched.
Prints the link to its page, which contains the token. --install makes it a service of systemd, whose settings are in /etc/socklens/socklens.toml (docs/serve.md).`,
  options: {
    listen: option.text('ADDRESS:PORT', 'Where to listen; default 127.0.0.1:7077, which only this machine reaches'),
    all,
    netns,
    interval,
    data: dataFolder,
    keep: option.value('TIME', 'How long the history is kept; default 30d', parseKeep),
    historySize: option.value('SIZE', 'How large the history may be; default 500MB', parseHistorySize),
    recorder: option.value('TIME', 'How much the flight recorder has; default 30m, off for none', parseRecorder),
    tokenFile: option.text('FILE', 'Read the token from this file, made where it is missing; it is not printed', {
      propose: proposeFiles,
    }),
    noToken: option.boolean('Answer everybody on this machine; on a loopback address only'),
    allowHost: option.texts('NAME', 'A name by which browsers reach it, as of a proxy; repeatable'),
    tlsCert: option.text('FILE', 'Certificate chain for HTTPS, PEM', { propose: proposeFiles }),
    tlsKey: option.text('FILE', 'Its private key, PEM', { propose: proposeFiles }),
    allowActions: option.boolean('Let who has the token close sockets and set limits'),
    metricsListen: option.text('ADDRESS:PORT', 'A further listener that has /metrics and /sd alone'),
    metricsTokenFile: option.text('FILE', 'Token for /metrics, made where it is missing', { propose: proposeFiles }),
    metricsOpen: option.boolean('Let everybody who reaches it read /metrics'),
    metricsPeers: option.boolean('Label peers without a name by their addresses, however many'),
    metricsHistograms: option.boolean('Histograms of lifetimes and round-trip times'),
    push: option.text('URL', 'Send metrics there by remote write: http://HOST:8428/api/v1/write'),
    pushInterval: option.value('TIME', 'How often; default 15s', parsePushInterval),
    pushTokenFile: option.text('FILE', 'Bearer token for it', { propose: proposeFiles }),
    pushAs: option.text('NAME', 'Label instance of what is sent; default the name of the host'),
    store: option.text('URL', 'Read the past from a Prometheus or VictoriaMetrics: http://HOST:9090'),
    storeTokenFile: option.text('FILE', 'Bearer token for it', { propose: proposeFiles }),
    storeAs: option.text('NAME', 'Label instance of this host there; default the one with its name'),
    hostsOnly: option.boolean('Serve the page of all hosts of that store, and watch nothing here; no privilege needed'),
    config: option.text('FILE', 'Read this file instead of /etc/socklens/socklens.toml', { propose: proposeFiles }),
    link: option.boolean('Print the link of the serve that runs, and exit'),
    testAlert: option.text('RECEIVER', 'Send this receiver of the configuration a test alert, and exit'),
    ssh: option.text('[USER@]HOST', 'With --link: how to open it from another machine'),
    install: option.boolean('Install and start a systemd unit with these options'),
    uninstall: option.boolean('Stop and remove it'),
  },
  operands: OPTIONAL_TARGETS,
  examples: [
    ['serve', 'a page about every container on http://127.0.0.1:7077'],
    ['serve --install', 'the same as a service'],
    ['serve --link --ssh admin@db-host', 'how to open it from another machine'],
    ['serve --hosts-only --store http://prometheus:9090', 'a page of all hosts that send their metrics there'],
  ],
  load: async () => {
    const [{ serve }, { serveSettings }, { readServiceConfig }, { targetsOnly }, { install, uninstall }] =
      await Promise.all([
        import('./serve.ts'),
        import('./settings.ts'),
        import('../doctor-settings.ts'),
        import('../operands.ts'),
        import('./install.ts'),
      ]);
    const { printLink } = await import('./link.ts');
    return async ({ flow }, { link, ssh, config, testAlert, ...options }, words) => {
      if (ssh !== undefined && !link) throw new Failure('usage', 'serve: --ssh needs --link');
      if (options.uninstall) {
        uninstall(flow);
        return;
      }
      if (link) {
        const { serve: inFile } = await readServiceConfig(config);
        await printLink(
          flow,
          options.data ?? inFile?.data ?? folderOf(options.hostsOnly || inFile?.['hosts-only']),
          ssh,
        );
        return;
      }
      const targets = words.length === 0 ? [] : targetsOnly('serve', words, 'all').split(',');
      const given = { ...options, targets };
      const settings = async () => serveSettings(given, await readServiceConfig(config));
      const checked = await settings();
      if (testAlert !== undefined) {
        const [{ sendTestAlert }, { pageUrlOf }] = await Promise.all([
          import('./test-alert.ts'),
          import('./page-server.ts'),
        ]);
        await sendTestAlert(flow, checked.receiver(testAlert), checked.externalUrl ?? pageUrlOf(checked));
        return;
      }
      if (checked.hostsOnly) {
        const { checkHostsOnly, serveHosts } = await import('./hosts-only.ts');
        checkHostsOnly(given, checked);
        if (options.install)
          throw new Failure('usage', '--install: needs no root with --hosts-only; deploy/systemd has a unit for it');
        await serveHosts(flow, checked, settings);
      } else if (options.install) install(flow, given, config);
      else await serve(flow, checked, settings);
    };
  },
});
