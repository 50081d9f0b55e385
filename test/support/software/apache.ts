import fs from 'node:fs';
import { launch, listens, ownFolder, type Place, programPath, type Running, serviceUser } from './program.ts';

/** Settings of Apache. */
export interface ApacheOptions {
  /** Its multi-processing module. */
  mpm: 'prefork' | 'event';
  /** Further modules: `['proxy', 'proxy_http']`. */
  modules?: readonly string[];
  /** Lines of its configuration. */
  config?: string;
  /** A port that listens when it is ready. */
  port: number;
  nofile?: number;
}

const MODULES = '/usr/lib/apache2/modules';

/** Starts `apache2` in the foreground, with a page that says `hello`. */
export function startApache(place: Place, options: ApacheOptions): Promise<Running> {
  const folder = ownFolder('apache');
  const { mpm, modules = [], config = '', port } = options;
  fs.mkdirSync(`${folder}/pages`, { mode: 0o755 });
  fs.writeFileSync(`${folder}/pages/index.html`, 'hello\n');
  const file = `${folder}/apache.conf`;
  const lines = [
    `ServerRoot ${folder}`,
    'ServerName web.test',
    `PidFile ${folder}/pid`,
    `DefaultRuntimeDir ${folder}`,
    'Mutex posixsem',
    'ErrorLog /dev/stderr',
    ...[`mpm_${mpm}`, 'authz_core', 'dir', ...modules].map(
      (name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`,
    ),
    ...(serviceUser() === undefined ? [] : ['User nobody', 'Group nogroup']),
    `Listen ${port}`,
    `DocumentRoot ${folder}/pages`,
    'DirectoryIndex index.html',
    config,
  ];
  fs.writeFileSync(file, `${lines.join('\n')}\n`);
  return launch(place, {
    folder,
    nofile: options.nofile,
    // At its end it signals its whole process group, which would be that of the caller.
    command: ['setsid', programPath('apache2'), '-d', folder, '-f', file, '-DFOREGROUND'],
    answers: () => listens(place, port),
  });
}
