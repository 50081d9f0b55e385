import fs from 'node:fs';
import { launch, listens, ownFolder, type Place, programPath, type Running, serviceUser } from './program.ts';

/** Settings of a PHP-FPM pool. */
export interface PhpFpmOptions {
  /** The script `index.php`, below the folder of the result. */
  source: string;
  /** `HOST:PORT`, or undefined for a UNIX socket `fpm.sock` in the folder. */
  listen?: string;
  /** Settings of the pool: `pm.max_children`; default static with 5. */
  set?: Readonly<Record<string, string | number>>;
  nofile?: number;
}

/** Starts PHP-FPM in the foreground. */
export function startPhpFpm(place: Place, options: PhpFpmOptions): Promise<Running> {
  const folder = ownFolder('php-fpm');
  const { listen = `${folder}/fpm.sock`, set = {} } = options;
  fs.writeFileSync(`${folder}/index.php`, options.source);
  const settings = { listen, pm: 'static', 'pm.max_children': 5, catch_workers_output: 'yes', ...set };
  const isRoot = serviceUser() === undefined;
  const user = isRoot ? {} : { user: 'nobody', group: 'nogroup', 'listen.owner': 'nobody', 'listen.group': 'nogroup' };
  const lines = [
    '[global]',
    'error_log = /dev/stderr',
    'daemonize = no',
    `pid = ${folder}/pid`,
    '[www]',
    ...Object.entries({ ...user, ...settings }).map(([name, value]) => `${name} = ${value}`),
  ];
  fs.writeFileSync(`${folder}/fpm.conf`, `${lines.join('\n')}\n`);
  return launch(place, {
    folder,
    nofile: options.nofile,
    endSignal: 'SIGTERM',
    command: [
      phpFpm(),
      '--nodaemonize',
      '--fpm-config',
      `${folder}/fpm.conf`,
      ...(isRoot ? ['--allow-to-run-as-root'] : []),
    ],
    answers: () =>
      listen.startsWith('/')
        ? fs.existsSync(listen)
        : listens(place, Number(listen.slice(listen.lastIndexOf(':') + 1))),
  });
}

/** `php-fpmX.Y`: Debian has the version in its name. */
function phpFpm(): string {
  const found = fs.readdirSync('/usr/sbin').find((name) => /^php-fpm[\d.]+$/.test(name));
  return found === undefined ? programPath('php-fpm') : `/usr/sbin/${found}`;
}
