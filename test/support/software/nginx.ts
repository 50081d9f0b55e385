import fs from 'node:fs';
import { launch, listens, ownFolder, type Place, programPath, type Running, serviceUser } from './program.ts';

/** Settings of nginx. */
export interface NginxOptions {
  /** Inside `http { }`: upstreams and servers. */
  http?: string;
  /** Outside of every block, such as `stream { }`. */
  main?: string;
  /** Inside `events { }`: `worker_connections 64;`. */
  events?: string;
  /** Default 1. */
  workers?: number;
  /** A port that listens when it is ready. */
  port: number;
  nofile?: number;
}

/** Starts `nginx` in the foreground. Its log of errors is part of `log()`; there is no log of requests. */
export function startNginx(place: Place, options: NginxOptions): Promise<Running> {
  const folder = ownFolder('nginx');
  const file = `${folder}/nginx.conf`;
  const { http = '', main = '', events = '', workers = 1, port } = options;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `  ${name}_temp_path ${folder}/${name};`,
  );
  const lines = [
    'daemon off;',
    'error_log stderr;',
    `pid ${folder}/nginx.pid;`,
    `worker_processes ${workers};`,
    serviceUser() === undefined ? 'user root;' : 'user nobody nogroup;',
    main,
    `events { ${events} }`,
    'http {',
    '  access_log off;',
    ...temporary,
    http,
    '}',
  ];
  fs.writeFileSync(file, `${lines.join('\n')}\n`);
  return launch(place, {
    folder,
    nofile: options.nofile,
    command: [programPath('nginx'), '-p', folder, '-e', 'stderr', '-c', file],
    answers: () => listens(place, port),
  });
}
