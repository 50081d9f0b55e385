/** PHP-FPM behind nginx. */
import { startNginx } from '../../../support/software/nginx.ts';
import { startPhpFpm } from '../../../support/software/php-fpm.ts';
import { startRedis } from '../../../support/software/redis.ts';
import { HTTP_CLIENT, SILENT } from '../clients.ts';
import type { Incident } from '../incident.ts';

/** The block of nginx that passes to FPM. */
const fastcgi = (folder: string, pass: string) => `server { listen 80; location / {
  include /etc/nginx/fastcgi_params; fastcgi_param SCRIPT_FILENAME ${folder}/index.php; fastcgi_pass ${pass};
  fastcgi_read_timeout 300s; } }`;

export const PHP: readonly Incident[] = [
  {
    name: 'php-fpm-unix-backlog',
    report: 'https://github.com/richarvey/nginx-php-fpm/issues/143',
    story: 'All children are busy with slow pages and the backlog of the UNIX socket is full: nginx gets EAGAIN.',
    async scene(stage) {
      const [web, clients] = stage.network('web', 'clients');
      const set = { 'pm.max_children': 4, 'listen.backlog': 20 };
      const fpm = await startPhpFpm(web, { source: '<?php sleep(5); echo "hello";', set });
      const nginx = await startNginx(web, { http: fastcgi(fpm.folder, `unix:${fpm.folder}/fpm.sock`), port: 80 });
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '80', '60', '0.2', '/', 'close'] });
      await stage.reached('EAGAIN', () => nginx.log().includes('Resource temporarily unavailable'));
    },
    expected: {
      rules: ['UNIX_BACKLOG', 'ACCEPT_STUCK'],
      place: /fpm/,
      says: [/max_children|backlog/],
      beside: ['UNIX_BACKLOG', 'ACCEPT_STUCK', 'CONN_CHURN'],
    },
  },
  {
    name: 'php-fpm-waits-for-api',
    report: 'https://github.com/mail-in-a-box/mailinabox/issues/515',
    story: 'Every child waits for a service that accepts and never answers; requests pile up in the queue of FPM.',
    async scene(stage) {
      const [web, api, clients] = stage.network('web', 'api', 'clients');
      await stage.python(api, SILENT, { args: ['8080'] });
      const source =
        '<?php $c = stream_socket_client("tcp://10.20.0.2:8080"); fwrite($c, "GET / HTTP/1.0\\r\\n\\r\\n"); echo fgets($c);';
      const fpm = await startPhpFpm(web, { source, listen: '127.0.0.1:9000', set: { 'pm.max_children': 6 } });
      await startNginx(web, { http: fastcgi(fpm.folder, '127.0.0.1:9000'), port: 80 });
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '80', '40', '0.2'] });
      await stage.reached('a queue', () => stage.queued(web, 9000) >= 30);
    },
    expected: {
      rules: ['ACCEPT_STUCK'],
      place: /9000|fpm/,
      says: [/8080|10\.20\.0\.2|timeout/i],
      never: [/somaxconn|raise.*backlog/i],
      beside: ['LISTEN_OVERFLOW'],
    },
  },
  {
    name: 'php-redis-connection-per-request',
    report: 'https://github.com/marein/php-gaming-website/issues/105',
    story: 'Each page connects to Redis and closes at its end: the ports of the web server fill with TIME_WAIT.',
    async scene(stage) {
      const [web, cache, clients] = stage.network('web', 'cache', 'clients');
      stage.hide(clients);
      await startRedis(cache);
      const source =
        '<?php $c = stream_socket_client("tcp://10.20.0.2:6379"); fwrite($c, "PING\\r\\n"); echo fgets($c); fclose($c);';
      const fpm = await startPhpFpm(web, { source, set: { 'pm.max_children': 8, 'listen.backlog': 511 } });
      await startNginx(web, { http: fastcgi(fpm.folder, `unix:${fpm.folder}/fpm.sock`), port: 80 });
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '80', '3', '0.015'] });
      await stage.reached('TIME_WAIT', () => stage.count(web, 'state', 'time-wait', 'dport', '=', ':6379') >= 2000);
    },
    expected: {
      rules: ['TIME_WAIT_PILEUP', 'CONN_CHURN'],
      place: /6379|redis/,
      says: [/persistent|pconnect|pool|reuse/i],
      never: [/tcp_tw_recycle/],
      beside: ['TIME_WAIT_PILEUP', 'CONN_CHURN', 'EPHEMERAL_EXHAUSTION'],
    },
  },
];
