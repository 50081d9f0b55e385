/** MariaDB and its clients. */
import { createRequire } from 'node:module';
import { startMariadb } from '../../../support/software/mariadb.ts';
import type { Incident } from '../incident.ts';

const MYSQL2 = createRequire(import.meta.url).resolve('mysql2/promise');

/** A web server for Node whose handler makes a pool of its own for every request. */
const POOL_PER_REQUEST = `
import mysql from ${JSON.stringify(MYSQL2)};
import http from 'node:http';
const pools = [];
http.createServer(async (request, response) => {
  const pool = mysql.createPool({ host: '10.20.0.2', user: 'root', connectionLimit: 10 });
  pools.push(pool);
  try {
    await pool.query('select 1');
    response.end('hello');
  } catch (error) {
    console.log('refused', error.code);
    response.writeHead(500).end('error');
  }
}).listen(3000);
console.log('ready');
setInterval(() => http.get('http://127.0.0.1:3000/', (answer) => answer.resume()), 100);
`;

/** Workers that connect for each job. */
const JOBS = `
import pymysql, threading, time
def run():
    while True:
        try:
            connection = pymysql.connect(host="10.20.0.2", user="root", connect_timeout=30)
            connection.cursor().execute("select 1")
            connection.close()
            print("done")
        except Exception as error:
            print("error", error)
        time.sleep(0.2)
for _ in range(12): threading.Thread(target=run, daemon=True).start()
print("ready")
time.sleep(1000)
`;

export const MYSQL: readonly Incident[] = [
  {
    name: 'mysql-pool-per-request',
    report: 'https://github.com/sidorares/node-mysql2/issues/898',
    story: 'Each request makes a pool of its own; the pools keep their connections until MariaDB answers error 1040.',
    async scene(stage) {
      const [app, db] = stage.network('app', 'db');
      await startMariadb(db, { maxConnections: 45 });
      const script = await stage.node(app, POOL_PER_REQUEST);
      await script.printed('refused');
    },
    expected: {
      rules: ['DROPPED_AFTER_ACCEPT', 'REFUSED_BY_SERVER', 'POOL_OVERRUN', 'LEAK_RISING'],
      place: /3306|mysql/,
      says: [/pool|max_connections/i],
      never: [/connectionLimit: (1[0-9][0-9]|[4-9]\d)\b/],
      beside: ['LEAK_RISING', 'POOL_OVERRUN', 'CONN_CHURN', 'POOL_IDLE_SURPLUS'],
    },
  },
  {
    name: 'mysql-reverse-lookup-unanswered',
    report: 'https://github.com/docker-library/mysql/issues/52',
    story: 'MariaDB looks up the name of each client before it greets it, and the name server does not answer.',
    async scene(stage) {
      const [app, db, dns] = stage.network('app', 'db', 'dns');
      stage.hide(dns);
      // A name server that drops every query.
      dns.run('iptables', '-A', 'INPUT', '-p', 'udp', '--dport', '53', '-j', 'DROP');
      await startMariadb(db, {
        resolvConf: 'nameserver 10.20.0.3\n',
        set: { thread_handling: 'one-thread-per-connection' },
      });
      await stage.python(app, JOBS);
      await stage.reached(
        'waiting clients',
        () => stage.count(app, 'state', 'established', 'dport', '=', ':3306') >= 12,
      );
    },
    expected: {
      rules: ['DNS_UNANSWERED'],
      place: /10\.20\.0\.3|mariadbd/,
      says: [/nameserver|skip.name.resolve|resolv/i],
      never: [/max_connections/],
      beside: ['ACCEPT_STUCK', 'DNS_STORM', 'CONN_CHURN'],
    },
  },
];
