/** Every real program of the incidents starts, answers, and leaves nothing behind. */
import fs from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { testEngine } from '../../support/engine.ts';
import { createNetns, removeAllNetns } from '../../support/netns.ts';
import { ContainerPlace } from '../../support/software/container-place.ts';
import { startDnsmasq } from '../../support/software/dnsmasq.ts';
import { startHaproxy } from '../../support/software/haproxy.ts';
import { startMariadb } from '../../support/software/mariadb.ts';
import { startMemcached } from '../../support/software/memcached.ts';
import { startNginx } from '../../support/software/nginx.ts';
import { startPgbouncer } from '../../support/software/pgbouncer.ts';
import { startPhpFpm } from '../../support/software/php-fpm.ts';
import { startPostgres } from '../../support/software/postgres.ts';
import { missingProgram, type Place, programPath, type Running, stopSoftware } from '../../support/software/program.ts';
import { startGunicorn, startUvicorn } from '../../support/software/python-servers.ts';
import { startRedis } from '../../support/software/redis.ts';

afterEach(async () => {
  await stopSoftware();
  removeAllNetns();
});

const WSGI = `
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]
`;
const ASGI = `
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello"})
`;

/** What a web server inside answers. */
function get(place: Place, port: number): string {
  return place.run(
    'python3',
    '-c',
    `import urllib.request as u; print(u.urlopen("http://127.0.0.1:${port}/").read().decode())`,
  );
}

const PROGRAMS: Record<string, (place: Place) => Promise<[Running, answer: string, expected: string]>> = {
  async mariadb(place) {
    const server = await startMariadb(place, { maxConnections: 60, set: { wait_timeout: 5 } });
    return [server, server.query('select @@max_connections, @@wait_timeout').trim(), '60\t5'];
  },
  async postgres(place) {
    const server = await startPostgres(place, { maxConnections: 20, roles: ['app'] });
    const as = [programPath('psql'), '-h', '127.0.0.1', '-U', 'app', '-d', 'postgres', '-At', '-c'] as const;
    return [server, place.run(...as, 'show max_connections').trim(), '20'];
  },
  async pgbouncer(place) {
    await startPostgres(place);
    const server = await startPgbouncer(place, { server: '127.0.0.1:5432' });
    const as = [
      programPath('psql'),
      '-h',
      '127.0.0.1',
      '-p',
      '6432',
      '-U',
      'app',
      '-d',
      'postgres',
      '-At',
      '-c',
    ] as const;
    return [server, place.run(...as, 'select current_user').trim(), 'postgres'];
  },
  async redis(place) {
    const server = await startRedis(place, { set: { maxclients: 20 } });
    return [server, server.command('config', 'get', 'maxclients').trim(), 'maxclients\n20'];
  },
  async memcached(place) {
    const server = await startMemcached(place, { connections: 64 });
    const ask =
      'import socket; s = socket.create_connection(("127.0.0.1", 11211)); s.sendall(b"stats settings\\r\\n"); print(s.recv(65536).decode())';
    return [server, /maxconns \d+/.exec(place.run('python3', '-c', ask))?.[0] ?? '', 'maxconns 64'];
  },
  async haproxy(place) {
    await startGunicorn(place, { source: WSGI });
    const config = 'listen web\n  bind :80\n  server one 127.0.0.1:8000\n';
    return [await startHaproxy(place, { config, port: 80 }), get(place, 80).trim(), 'hello'];
  },
  async nginx(place) {
    await startUvicorn(place, { source: ASGI });
    const http = 'server { listen 80; location / { proxy_pass http://127.0.0.1:8000; } }';
    return [await startNginx(place, { http, port: 80 }), get(place, 80).trim(), 'hello'];
  },
  async 'php-fpm'(place) {
    const fpm = await startPhpFpm(place, { source: '<?php echo "hello";', listen: '127.0.0.1:9000' });
    const location = `include /etc/nginx/fastcgi_params; fastcgi_param SCRIPT_FILENAME ${fpm.folder}/index.php; fastcgi_pass 127.0.0.1:9000;`;
    await startNginx(place, { http: `server { listen 80; location / { ${location} } }`, port: 80 });
    return [fpm, get(place, 80).trim(), 'hello'];
  },
  async dnsmasq(place) {
    const server = await startDnsmasq(place, { address: '127.0.0.1', hosts: { 'db.test': '10.1.2.3' } });
    return [
      server,
      /10\.1\.2\.3/.exec(place.run('busybox', 'nslookup', '-type=a', 'db.test', '127.0.0.1'))?.[0] ?? '',
      '10.1.2.3',
    ];
  },
};

const missing = missingProgram('mariadbd', 'postgres', 'pgbouncer', 'redis-server', 'memcached', 'haproxy', 'nginx');

describe.skipIf(missing !== undefined)('programs of Debian', () => {
  test.each(Object.entries(PROGRAMS))('%s answers with its settings and leaves nothing', async (_, start) => {
    const [running, answer, expected] = await start(createNetns());
    expect(answer).toBe(expected);
    const { pid, folder } = running;
    expect(fs.existsSync(`/proc/${pid}`)).toBe(true);
    await running.stop();
    expect(fs.existsSync(`/proc/${pid}`)).toBe(false);
    expect(fs.existsSync(folder)).toBe(false);
  });
});

const engine = testEngine();
const absent = typeof engine === 'string' ? engine : missing;
if (typeof engine === 'string' || missing !== undefined)
  test.skip(`docker: programs of Debian in containers: ${absent}`, () => {});
else
  describe('docker: programs of Debian in containers', () => {
    afterEach(() => engine.removeAll());

    test.each(['mariadb', 'postgres', 'redis'])('%s answers with its settings', async (name) => {
      const place = new ContainerPlace(engine);
      const [running, answer, expected] = (await PROGRAMS[name]?.(place)) ?? [];
      expect(answer).toBe(expected);
      expect(running?.pid).toBe(place.pid);
    });
  });
