import { launch, ownFolder, type Place, programPath, type Running } from './program.ts';

/** Settings of dnsmasq as a name server. */
export interface DnsmasqOptions {
  /** Address that it listens on. */
  address: string;
  /** Default 53. */
  port?: number;
  /** Names it answers itself: `{ 'db.test': '10.0.0.2' }`. */
  hosts?: Readonly<Record<string, string>>;
  /** Servers it forwards other names to: `['10.0.0.9']`; none by default. */
  servers?: readonly string[];
  /** Further arguments. */
  args?: readonly string[];
}

/** Starts `dnsmasq` in the foreground, without any file of this machine. */
export function startDnsmasq(place: Place, options: DnsmasqOptions): Promise<Running> {
  const { address, port = 53, hosts = {}, servers = [], args = [] } = options;
  return launch(place, {
    folder: ownFolder('dnsmasq'),
    command: [
      ...[
        programPath('dnsmasq'),
        '--keep-in-foreground',
        '--conf-file=/dev/null',
        '--no-hosts',
        '--no-resolv',
        '--log-facility=-',
      ],
      ...['--user=root', '--pid-file', `--listen-address=${address}`, '--bind-interfaces', `--port=${port}`],
      ...Object.entries(hosts).map(([name, answer]) => `--host-record=${name},${answer}`),
      ...servers.map((server) => `--server=${server}`),
      ...args,
    ],
    answers: () => place.run('ss', '-Hlun', 'sport', '=', `:${port}`).trim() !== '',
  });
}
