import { ownCommand } from '../../act/own-command.ts';
import { installService, uninstallService } from '../../act/system-service.ts';
import { SERVICE_TOKEN, UNIT, UNIT_FILE, unitText } from '../../serve/unit.ts';
import type { CommandContext } from '../context.ts';
import type { GivenOptions } from './settings.ts';

/** `serve --install`: a systemd unit that starts this program with these options. */
export function install({ out }: CommandContext, given: GivenOptions, config: string | undefined): void {
  const options = [...asTyped(given, config), ...given.targets];
  const text = unitText(ownCommand(), options, given.allowActions);
  const runs = installService(UNIT_FILE, UNIT, text);
  const link = 'sudo socklens serve --link prints the link to its page.';
  out.write(
    runs
      ? `${UNIT} is installed and runs. ${link}\n`
      : `${UNIT_FILE} is written; systemd does not run here. On a machine where it does: systemctl enable --now ${UNIT}\n`,
  );
}

/** `serve --uninstall`; what was kept stays. */
export function uninstall({ out }: CommandContext): void {
  const was = uninstallService(UNIT_FILE, UNIT);
  out.write(was ? `${UNIT} is removed. What it kept stays.\n` : `${UNIT} was not installed.\n`);
}

/** The options of the command line, as they are typed; those of the file are read by the service itself. */
function asTyped(given: GivenOptions, config: string | undefined): string[] {
  const ms = (value: number | undefined) => (value === undefined ? undefined : `${value}ms`);
  const values: Readonly<Record<string, string | undefined>> = {
    listen: given.listen,
    interval: ms(given.interval),
    data: given.data,
    keep: ms(given.keep),
    'history-size': given.historySize === undefined ? undefined : `${given.historySize}B`,
    recorder: given.recorder === 0 ? 'off' : ms(given.recorder),
    'token-file': given.tokenFile ?? (given.noToken ? undefined : SERVICE_TOKEN),
    'tls-cert': given.tlsCert,
    'tls-key': given.tlsKey,
    'metrics-listen': given.metricsListen,
    'metrics-token-file': given.metricsTokenFile,
    push: given.push,
    'push-interval': ms(given.pushInterval),
    'push-token-file': given.pushTokenFile,
    'push-as': given.pushAs,
    store: given.store,
    'store-token-file': given.storeTokenFile,
    'store-as': given.storeAs,
    config,
  };
  return [
    ...Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`])),
    ...given.allowHost.map((host) => `--allow-host=${host}`),
    ...(given.all ? ['--all'] : []),
    ...(given.netns ? ['--netns'] : []),
    ...(given.noToken ? ['--no-token'] : []),
    ...(given.allowActions ? ['--allow-actions'] : []),
    ...(given.metricsOpen ? ['--metrics-open'] : []),
    ...(given.metricsPeers ? ['--metrics-peers'] : []),
    ...(given.metricsHistograms ? ['--metrics-histograms'] : []),
  ];
}
