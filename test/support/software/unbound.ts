import fs from 'node:fs';
import { launch, ownFolder, type Place, programPath, type Running } from './program.ts';

/** Settings of unbound as a forwarder. */
export interface UnboundOptions {
  /** Address that it listens on, port 53. */
  address: string;
  /** The name server that it asks. */
  forward: string;
}

/** Starts `unbound` in the foreground, without root keys. */
export function startUnbound(place: Place, { address, forward }: UnboundOptions): Promise<Running> {
  const folder = ownFolder('unbound');
  const lines = [
    'server:',
    `  interface: ${address}`,
    '  access-control: 0.0.0.0/0 allow',
    '  module-config: "iterator"',
    '  username: ""',
    '  chroot: ""',
    `  directory: "${folder}"`,
    '  pidfile: ""',
    '  use-syslog: no',
    '  do-daemonize: no',
    '  do-not-query-localhost: no',
    'forward-zone:',
    '  name: "."',
    `  forward-addr: ${forward}`,
  ];
  fs.writeFileSync(`${folder}/unbound.conf`, `${lines.join('\n')}\n`);
  return launch(place, {
    folder,
    command: [programPath('unbound'), '-d', '-c', `${folder}/unbound.conf`],
    answers: () => place.run('ss', '-Hlun', 'sport', '=', ':53').trim() !== '',
  });
}
