/** Programs that set their own limit of open files: what a finding advises. */
import { afterEach, expect, test } from 'vitest';
import { diagnose } from '../support/doctor.ts';
import { createNetns, removeAllNetns, until } from '../support/netns.ts';
import { startMemcached } from '../support/software/memcached.ts';
import { startNginx } from '../support/software/nginx.ts';
import { stopSoftware } from '../support/software/program.ts';
import { startPython } from '../support/software/python-program.ts';

afterEach(async () => {
  await stopSoftware();
  removeAllNetns();
});

/** Holds so many connections to a port. */
function holder(port: number, count: number): string {
  return `
import socket, time
held = [socket.create_connection(("127.0.0.1", ${port})) for _ in range(${count})]
print("held", flush=True)
time.sleep(1000)
`;
}

test('NOFILE_NEAR_LIMIT: memcached near its -c is told to change -c', { timeout: 240_000 }, async () => {
  const netns = createNetns();
  await startMemcached(netns, { connections: 100 });
  await startPython(netns, holder(11211, 80));
  const { findings } = await diagnose(`netns:${netns.name}`);
  const near = findings.find(({ rule, scope }) => rule === 'NOFILE_NEAR_LIMIT' && scope.name.includes('memcached'));
  expect(near?.fixes[0]?.snippet).toMatch(/^memcached -c \d+$/);
  expect(JSON.stringify(near?.fixes)).not.toContain('--ulimit');
  expect(JSON.stringify(near?.fixes)).not.toContain('--set nofile');
});

test('NOFILE_NEAR_LIMIT: nginx near its limit is told to set worker_rlimit_nofile', { timeout: 240_000 }, async () => {
  const netns = createNetns();
  await startNginx(netns, {
    port: 80,
    events: 'worker_connections 200;',
    main: 'worker_rlimit_nofile 90;',
    http: 'server { listen 80; keepalive_timeout 600s; client_header_timeout 600s; }',
  });
  await startPython(netns, holder(80, 75));
  await until(
    'the worker to accept',
    () => netns.run('ss', '-Htnp', 'state', 'established', 'sport', '=', ':80').split('nginx').length > 75,
  );
  const { findings } = await diagnose(`netns:${netns.name}`);
  const near = findings.find(({ rule, scope }) => rule === 'NOFILE_NEAR_LIMIT' && scope.name.includes('nginx'));
  expect(near?.fixes[0]).toMatchObject({
    where: 'nginx.conf',
    snippet: expect.stringContaining('worker_rlimit_nofile'),
  });
});
