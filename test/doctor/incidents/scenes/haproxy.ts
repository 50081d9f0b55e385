/** HAProxy in front of web servers. */
import { startHaproxy } from '../../../support/software/haproxy.ts';
import { HOLD, HTTP_CLIENT } from '../clients.ts';
import type { Incident } from '../incident.ts';

/** A web server for Node: PORT DELAY-MS KEEP-ALIVE-MS. */
export const NODE_SERVER = `
import http from 'node:http';
const [port, delay, keepAlive] = process.argv.slice(2).map(Number);
const server = http.createServer((request, response) => {
  setTimeout(() => response.end('hello'), delay);
});
server.keepAliveTimeout = keepAlive;
server.listen(port, () => console.log('ready'));
`;

export const HAPROXY: readonly Incident[] = [
  {
    name: 'haproxy-maxconn-idle-clients',
    report: 'https://github.com/haproxy/haproxy/issues/18',
    story: 'Idle keep-alive clients use up maxconn; HAProxy stops accepting, and new clients wait in the kernel.',
    async scene(stage) {
      const [balancer, clients] = stage.network('balancer', 'clients');
      const config =
        'frontend web\n  bind :80\n  http-request return status 200 content-type text/plain string hello\n';
      await startHaproxy(balancer, { global: 'maxconn 60', config, port: 80 });
      const request = 'GET / HTTP/1.1\\r\\nHost: web\\r\\n\\r\\n';
      await stage.python(clients, HOLD, { args: ['10.20.0.1', '80', '60', request] });
      await stage.reached(
        'a full proxy',
        () => stage.count(balancer, 'state', 'established', 'sport', '=', ':80') >= 60,
      );
      await stage.python(clients, HOLD, { args: ['10.20.0.1', '80', '25', request] });
      await stage.reached('a queue', () => stage.queued(balancer, 80) >= 20);
    },
    expected: {
      rules: ['CONNECTION_CAP'],
      place: /:?80|http|haproxy/,
      says: [/maxconn/],
      never: [/somaxconn|ulimit/i],
      beside: ['ACCEPT_STUCK', 'LISTEN_OVERFLOW'],
    },
  },
  {
    name: 'haproxy-server-maxconn-queue',
    report: 'https://github.com/OpenConext/OpenConext-deploy/pull/345',
    story: 'The maxconn of the server lets four requests through at a time; all other clients wait inside HAProxy.',
    async scene(stage) {
      const [balancer, app, clients] = stage.network('balancer', 'app', 'clients');
      await stage.node(app, NODE_SERVER, { args: ['3000', '1000', '60000'] });
      const config = 'listen web\n  bind :80\n  timeout queue 60s\n  server one 10.20.0.2:3000 maxconn 4\n';
      await startHaproxy(balancer, { config, port: 80 });
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '80', '60', '0.1'] });
      await stage.reached(
        'waiting clients',
        () => stage.count(balancer, 'state', 'established', 'sport', '=', ':80') >= 60,
      );
    },
    expected: {
      rules: ['CONNECTION_CAP', 'POOLER_STUCK'],
      place: /3000|haproxy|http/,
      says: [/maxconn/],
      never: [/somaxconn|ulimit/i],
      beside: ['ACCEPT_STUCK'],
    },
  },
];
