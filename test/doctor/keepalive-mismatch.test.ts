/** A proxy that keeps connections to Node, 20 ms away, for longer than Node does, or for a shorter time. */
import { afterEach, expect } from 'vitest';
import { diagnose, prove } from '../support/doctor.ts';
import { startNginx } from '../support/software/nginx.ts';
import { NODE_SERVER } from './incidents/scenes/haproxy.ts';
import { IDLE_BURSTS, keepaliveUpstream, NGINX } from './incidents/scenes/nginx.ts';
import { Stage } from './incidents/stage.ts';

let stage = new Stage();
afterEach(async () => {
  await stage.end();
  stage = new Stage();
});

const examined = async () => (await diagnose(stage.target, { rules: ['KEEPALIVE_MISMATCH'], for: '15s' })).findings;

prove({
  rule: 'KEEPALIVE_MISMATCH',
  how: 'namespaces: nginx with kept connections to Node, whose keepAliveTimeout is a second; bursts about as far apart',
  lookAlike: 'idle connections that Node closes long before the next burst, beside a proxy that closes them first',
  async fault() {
    await NGINX.find(({ name }) => name === 'nginx-upstream-keepalive-shorter')?.scene(stage);
    return examined();
  },
  async healthy() {
    const [proxy, clients] = stage.network('proxy', 'clients');
    const app = stage.netns('app');
    await stage.slowLink(proxy, app, 20);
    await stage.node(app, NODE_SERVER, { args: ['3000', '5', '1000'] });
    await stage.node(app, NODE_SERVER, { args: ['3001', '5', '60000'] });
    const first = keepaliveUpstream('10.21.0.2');
    const second = first
      .replace(':3000; keepalive 32;', ':3001; keepalive 32; keepalive_timeout 1s;')
      .replace('listen 80', 'listen 81')
      .replaceAll('app', 'other');
    await startNginx(proxy, { http: first + second, port: 80 });
    await stage.python(clients, IDLE_BURSTS, { args: ['10.20.0.1', '80', '24', '3', '0.05'] });
    await stage.python(clients, IDLE_BURSTS, { args: ['10.20.0.1', '81', '24', '1.5', '0.05'] });
    const ended = (port: number) => stage.count(app, 'state', 'time-wait', 'sport', '=', `:${port}`) > 0;
    await stage.reached('idle connections that the server closed', () => ended(3000));
    return examined();
  },
  check: (finding) => {
    expect(finding).toMatchObject({ severity: 'warning', scope: { kind: 'process' }, about: 'peer 10.21.0.2:3000' });
    // Node adds a second to the one that was set.
    expect(finding.summary).toMatch(/idle for (1\.[89]|2\.\d) s/);
    expect(finding.fixes[0]).toMatchObject({ where: 'Node.js', text: expect.stringContaining('keepAliveTimeout') });
  },
  timeoutMs: 120_000,
});
