/** nginx in front of an application that hangs, and of one that answers late. */
import { afterEach, expect } from 'vitest';
import { diagnose, prove } from '../support/doctor.ts';
import { startNginx } from '../support/software/nginx.ts';
import { HTTP_CLIENT } from './incidents/clients.ts';
import { ASKS_ALL_THE_TIME, SILENT_UPSTREAM, SLOW_REPORTS, UNANSWERED } from './incidents/scenes/unanswered.ts';
import { Stage } from './incidents/stage.ts';

let stage = new Stage();
afterEach(async () => {
  await stage.end();
  stage = new Stage();
});

const examined = async () => (await diagnose(stage.target, { rules: ['REQUESTS_UNANSWERED'], for: '10s' })).findings;

prove({
  rule: 'REQUESTS_UNANSWERED',
  how: 'namespaces: nginx in front of a server that reads every request and answers none, a request each half second',
  lookAlike: 'nginx in front of one that takes two to four seconds; event streams that were silent for longer',
  async fault() {
    await UNANSWERED.find(({ name }) => name === SILENT_UPSTREAM)?.scene(stage);
    return examined();
  },
  async healthy() {
    const [proxy, app, clients] = stage.network('proxy', 'app', 'clients');
    await stage.node(app, SLOW_REPORTS, { args: ['2000', '4000'] });
    const http = 'server { listen 80; location / { proxy_pass http://10.20.0.2:3000; proxy_buffering off; } }';
    await startNginx(proxy, { http, port: 80 });
    await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '80', '20', '0.3'] });
    await stage.python(clients, ASKS_ALL_THE_TIME, { args: ['10.20.0.1', '80', '/events', '0.5'] });
    await stage.reached('requests', () => stage.count(proxy, 'state', 'established', 'dport', '=', ':3000') >= 20);
    return examined();
  },
  check: (finding) => {
    expect(finding.severity).toMatch(/warning|critical/);
    expect(finding).toMatchObject({ about: 'peer 10.20.0.2:3000', scope: { kind: 'process' } });
    expect(finding.scope.name).toMatch(/nginx/);
    expect(finding.fixes[0]?.snippet).toMatch(/proxy_read_timeout/);
  },
  timeoutMs: 120_000,
});
