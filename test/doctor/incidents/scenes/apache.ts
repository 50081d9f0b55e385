/** Apache as a web server and as a proxy. */
import { startApache } from '../../../support/software/apache.ts';
import { HOLD, HTTP_CLIENT } from '../clients.ts';
import type { Healthy, Incident } from '../incident.ts';
import { NODE_SERVER } from './haproxy.ts';

const REQUEST = 'GET / HTTP/1.1\\r\\nHost: web\\r\\n\\r\\n';

const PREFORK = 'StartServers 10\nServerLimit 10\nMaxRequestWorkers 10\nMinSpareServers 1\nMaxSpareServers 10';

export const APACHE: readonly Incident[] = [
  {
    name: 'apache-keepalive-holds-workers',
    report: 'https://github.com/hbz/oerworldmap/issues/1913',
    story: 'Idle keep-alive clients hold every process of a prefork server, and further clients wait to be accepted.',
    async scene(stage) {
      const [web, clients] = stage.network('web', 'clients');
      await startApache(web, { mpm: 'prefork', config: `${PREFORK}\nKeepAlive On\nKeepAliveTimeout 120`, port: 80 });
      await stage.python(clients, HOLD, { args: ['10.20.0.1', '80', '10', REQUEST] });
      await stage.reached('all workers', () => stage.count(web, 'state', 'established', 'sport', '=', ':80') >= 10);
      await stage.python(clients, HOLD, { args: ['10.20.0.1', '80', '25', REQUEST] });
      await stage.reached('a queue', () => stage.queued(web, 80) >= 20);
    },
    expected: {
      rules: ['CONNECTION_CAP'],
      place: /:?80|http|apache/,
      says: [/MaxRequestWorkers|KeepAliveTimeout/],
      never: [/somaxconn|ulimit|ListenBacklog/i],
      beside: ['ACCEPT_STUCK', 'LISTEN_OVERFLOW'],
    },
  },
  {
    name: 'apache-proxy-without-reuse',
    report: 'https://github.com/pulp/pulp/pull/2362',
    story: 'A proxy is told not to reuse its connections to the backend: one for every request.',
    async scene(stage) {
      const [proxy, app, clients] = stage.network('proxy', 'app', 'clients');
      await stage.node(app, NODE_SERVER, { args: ['3000', '2', '75000'] });
      const config = 'ProxyPass "/" "http://10.20.0.2:3000/" disablereuse=On';
      await startApache(proxy, { mpm: 'event', modules: ['proxy', 'proxy_http'], config, port: 80 });
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '80', '20', '0.1'] });
      await stage.reached('TIME_WAIT', () => stage.count(proxy, 'state', 'time-wait', 'dport', '=', ':3000') >= 1500);
    },
    expected: {
      rules: ['CONN_CHURN', 'TIME_WAIT_PILEUP'],
      place: /3000/,
      says: [/disablereuse|enablereuse/],
      never: [/proxy_http_version|tcp_tw_recycle/],
      beside: ['CONN_CHURN', 'TIME_WAIT_PILEUP'],
    },
  },
];

export const HEALTHY_APACHE: readonly Healthy[] = [
  {
    name: 'healthy-apache-idle-clients',
    story: 'Seventy idle clients of a server with fifty threads, which do not hold one each.',
    async scene(stage) {
      const [web, clients] = stage.network('web', 'clients');
      const config = 'MaxRequestWorkers 50\nThreadsPerChild 25\nServerLimit 2\nKeepAlive On\nKeepAliveTimeout 120';
      await startApache(web, { mpm: 'event', config, port: 80 });
      const held = await stage.python(clients, HOLD, { args: ['10.20.0.1', '80', '70', REQUEST] });
      await held.printed('open 70');
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '80', '5', '0.2'] });
    },
  },
];
