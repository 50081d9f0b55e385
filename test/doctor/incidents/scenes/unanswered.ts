/** Requests to a server that hangs, and pools whose connections are taken and not given back. */
import { createRequire } from 'node:module';
import { startMariadb } from '../../../support/software/mariadb.ts';
import { startNginx } from '../../../support/software/nginx.ts';
import { startPostgres } from '../../../support/software/postgres.ts';
import { startGunicorn } from '../../../support/software/python-servers.ts';
import { HTTP_CLIENT, SILENT } from '../clients.ts';
import type { Healthy, Incident } from '../incident.ts';

const MYSQL2 = createRequire(import.meta.url).resolve('mysql2/promise');
const GO_MYSQL = { 'github.com/go-sql-driver/mysql': 'v1.7.1' };

/** A request on a connection of its own every PAUSE seconds, without a timeout: HOST PORT PATH PAUSE. */
export const ASKS_ALL_THE_TIME = `
import http.client, sys, threading, time
host, port, path, pause = sys.argv[1], int(sys.argv[2]), sys.argv[3], float(sys.argv[4])
def ask():
    try:
        connection = http.client.HTTPConnection(host, port, timeout=600)
        connection.request("GET", path)
        connection.getresponse().read()
    except Exception as error: print("error", error)
print("ready")
while True:
    threading.Thread(target=ask, daemon=True).start()
    time.sleep(pause)
`;

/** A server for Node that answers after LEAST to MOST milliseconds; the path \`/events\` gets its headers, and no event. */
export const SLOW_REPORTS = `
import http from 'node:http';
const [least, most] = process.argv.slice(2).map(Number);
http.createServer((request, response) => {
  if (request.url === '/events') response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': hello\\n\\n');
  else setTimeout(() => response.end('report'), least + Math.random() * (most - least));
}).listen(3000, () => console.log('ready'));
`;

/** A service in Go that queries MariaDB for each request. @param setUp of the pool @param use of its connection */
const goService = (setUp: string, use: string) => `package main

import ("database/sql"; "fmt"; "net/http"; _ "github.com/go-sql-driver/mysql")

func main() {
	db, err := sql.Open("mysql", "root@tcp(10.20.0.2:3306)/")
	if err != nil { panic(err) }
	${setUp}
	http.HandleFunc("/", func(answer http.ResponseWriter, request *http.Request) {
		${use}
		fmt.Fprintln(answer, "hello")
	})
	fmt.Println("ready")
	panic(http.ListenAndServe(":8080", nil))
}
`;

/** Reads the first of two rows and forgets the others. */
const ROWS_LEFT_OPEN = `rows, err := db.Query("SELECT 1 UNION SELECT 2")
		if err != nil { http.Error(answer, err.Error(), 500); return }
		if rows.Next() { var n int; rows.Scan(&n) }`;

const ROWS_CLOSED = `rows, err := db.Query("SELECT SLEEP(0.2)")
		if err != nil { http.Error(answer, err.Error(), 500); return }
		for rows.Next() { var n int; rows.Scan(&n) }
		rows.Close()`;

/** Asks another service within a transaction, without a timeout. */
const CALLS_IN_TRANSACTION = `
import requests, sqlalchemy
engine = sqlalchemy.create_engine("postgresql+psycopg2://app@10.20.0.2/postgres", pool_size=5, max_overflow=0, pool_timeout=600)
def app(environ, start_response):
    with engine.begin() as db:
        db.execute(sqlalchemy.text("select 1"))
        requests.post("http://10.20.0.3:9000/charge", json={"amount": 1})
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]
`;

/** A backup that took the lock of all tables and waits. */
const BACKUP = `
import pymysql, time
connection = pymysql.connect(host="10.20.0.2", user="root")
connection.cursor().execute("flush tables with read lock")
print("ready")
time.sleep(1000)
`;

const COUNTS = `
import mysql from ${JSON.stringify(MYSQL2)};
import http from 'node:http';
const pool = mysql.createPool({ host: '10.20.0.2', user: 'root', database: 'shop', connectionLimit: 10 });
http.createServer(async (request, response) => {
  await pool.query('update counters set n = n + 1');
  response.end('hello');
}).listen(8080, () => console.log('ready'));
`;

/** Takes a connection for each request and never releases it. */
const NOT_RELEASED = `
import mysql from ${JSON.stringify(MYSQL2)};
import http from 'node:http';
const pool = mysql.createPool({ host: '10.20.0.2', user: 'root', connectionLimit: 10 });
http.createServer(async (request, response) => {
  const connection = await pool.getConnection();
  await connection.query('select 1');
  response.end('hello');
}).listen(8080, () => console.log('ready'));
`;

/** Clients that give up after four seconds and try again: HOST PORT THREADS. */
const GIVE_UP = `
import http.client, sys, threading, time
host, port = sys.argv[1], int(sys.argv[2])
def run():
    while True:
        connection = http.client.HTTPConnection(host, port, timeout=4)
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
        except Exception as error: print("error", error)
        connection.close()
        time.sleep(0.2)
for _ in range(int(sys.argv[3])): threading.Thread(target=run, daemon=True).start()
print("ready")
time.sleep(1000)
`;

/** Name of the incident that the rule is proved with. */
export const SILENT_UPSTREAM = 'nginx-upstream-answers-nothing';

export const UNANSWERED: readonly Incident[] = [
  {
    name: SILENT_UPSTREAM,
    report: 'https://github.com/Kong/kong/issues/2762',
    story: 'The application takes every request of the proxy and answers none; its callers wait for the 504.',
    async scene(stage) {
      const [proxy, app, clients] = stage.network('proxy', 'app', 'clients');
      await stage.python(app, SILENT, { args: ['3000'] });
      const http = 'server { listen 80; location / { proxy_pass http://10.20.0.2:3000; } }';
      await startNginx(proxy, { http, port: 80 });
      await stage.python(clients, ASKS_ALL_THE_TIME, { args: ['10.20.0.1', '80', '/', '0.5'] });
      await stage.reached('requests', () => stage.count(proxy, 'state', 'established', 'dport', '=', ':3000') >= 20);
    },
    expected: {
      rules: ['REQUESTS_UNANSWERED'],
      place: /nginx.*3000/,
      says: [/proxy_read_timeout/, /10\.20\.0\.2:3000/],
      never: [/ulimit|somaxconn|backlog|worker_connections/i],
      beside: [],
    },
  },
  {
    name: 'go-rows-not-closed',
    report: 'https://github.com/ulule/makroud/pull/100',
    story: 'Rows that are not closed keep their connection: after ten requests the pool is empty, and all others wait.',
    async scene(stage) {
      const [web, database, clients] = stage.network('web', 'database', 'clients');
      await startMariadb(database);
      await stage.go(web, goService('db.SetMaxOpenConns(10)', ROWS_LEFT_OPEN), { modules: GO_MYSQL });
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '8080', '20', '0.3'] });
      await stage.reached('the pool', () => stage.count(web, 'state', 'established', 'dport', '=', ':3306') >= 10);
      await stage.reached('the others', () => stage.count(web, 'state', 'established', 'sport', '=', ':8080') >= 20);
    },
    expected: {
      rules: ['POOLER_STUCK'],
      place: /app.*(3306|mysql)/,
      says: [/rows\.Close/],
      never: [/SetMaxOpenConns\(|max_connections|ulimit/],
      beside: [],
    },
  },
  {
    name: 'go-rows-not-closed-without-cap',
    report: 'https://github.com/open-telemetry/opentelemetry-collector-contrib/issues/49462',
    story:
      'Rows that are not closed keep their connection, and a pool without a cap opens another one for each request.',
    async scene(stage) {
      const [web, database, clients] = stage.network('web', 'database', 'clients');
      await startMariadb(database);
      await stage.go(web, goService('', ROWS_LEFT_OPEN), { modules: GO_MYSQL });
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '8080', '4', '1'] });
      await stage.reached('a few', () => stage.count(web, 'state', 'established', 'dport', '=', ':3306') >= 20);
    },
    expected: {
      rules: ['LEAK_RISING'],
      place: /app.*(3306|mysql)/,
      says: [/rows\.Close/],
      never: [/max_connections|ulimit/],
      beside: [],
    },
  },
  {
    name: 'mysql2-connection-not-released',
    report: 'https://github.com/mysqljs/mysql/issues/1105',
    story: 'Connections that are taken from the pool are not released: it is empty, and every client gives up.',
    async scene(stage) {
      const [web, database, clients] = stage.network('web', 'database', 'clients');
      await startMariadb(database);
      await stage.node(web, NOT_RELEASED);
      const script = await stage.python(clients, GIVE_UP, { args: ['10.20.0.1', '8080', '8'] });
      await script.printed('timed out');
    },
    expected: {
      rules: ['POOLER_STUCK'],
      place: /(node|MainThread).*(3306|mysql)/,
      says: [/release\(\)/],
      never: [/max_connections|connectionLimit|ulimit/],
      beside: [],
    },
  },
  {
    name: 'call-inside-transaction',
    report: 'https://github.com/ridafkih/keeper.sh/pull/416',
    story: 'Requests call a service that hangs, inside of a transaction: the pool is empty, and the database idle.',
    async scene(stage) {
      const [web, database, api, clients] = stage.network('web', 'database', 'api', 'clients');
      await startPostgres(database, { roles: ['app'] });
      await stage.python(api, SILENT, { args: ['9000'] });
      await startGunicorn(web, { source: CALLS_IN_TRANSACTION, args: ['--threads', '30', '--timeout', '600'] });
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '8000', '20', '0.3'] });
      await stage.reached('calls', () => stage.count(web, 'state', 'established', 'dport', '=', ':9000') >= 5);
      await stage.reached('the others', () => stage.count(web, 'state', 'established', 'sport', '=', ':8000') >= 20);
    },
    expected: {
      rules: ['REQUESTS_UNANSWERED'],
      place: /gunicorn.*9000/,
      says: [/10\.20\.0\.3:9000/, /timeout/],
      never: [/ulimit|somaxconn|max_connections/i],
      beside: [],
    },
  },
  {
    name: 'mysql-read-lock-of-backup',
    report: 'https://github.com/alestic/ec2-consistent-snapshot/issues/23',
    story: 'A backup holds the lock of all tables: every update of the web service waits in the database.',
    async scene(stage) {
      const [web, database, backup, clients] = stage.network('web', 'database', 'backup', 'clients');
      const server = await startMariadb(database);
      server.query('create database shop; create table shop.counters (n int); insert into shop.counters values (1)');
      await stage.python(backup, BACKUP);
      await stage.node(web, COUNTS);
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '8080', '25', '0.2'] });
      await stage.reached('the pool', () => stage.count(web, 'state', 'established', 'dport', '=', ':3306') >= 10);
      await stage.reached('the others', () => stage.count(web, 'state', 'established', 'sport', '=', ':8080') >= 25);
    },
    expected: {
      rules: ['REQUESTS_UNANSWERED'],
      place: /node.*(3306|mysql)|MainThread.*(3306|mysql)/,
      says: [/lock/, /PROCESSLIST/],
      never: [/max_connections|connectionLimit/],
      beside: [],
    },
  },
];

export const HEALTHY_UNANSWERED: readonly Healthy[] = [
  {
    name: 'healthy-slow-reports',
    story:
      'Reports that take twenty to thirty seconds, behind a proxy: a few at a time, often none done in ten seconds.',
    async scene(stage) {
      const [proxy, app, clients] = stage.network('proxy', 'app', 'clients');
      await stage.node(app, SLOW_REPORTS, { args: ['20000', '30000'] });
      const http = 'server { listen 80; location / { proxy_pass http://10.20.0.2:3000; } }';
      await startNginx(proxy, { http, port: 80 });
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '80', '6', '12'] });
      await stage.reached('requests', () => stage.count(proxy, 'state', 'established', 'dport', '=', ':3000') >= 6);
    },
  },
  {
    name: 'healthy-go-pool-in-use',
    story: 'A pool of database/sql that is always in use: requests wait for a connection, briefly.',
    async scene(stage) {
      const [web, database, clients] = stage.network('web', 'database', 'clients');
      await startMariadb(database);
      await stage.go(web, goService('db.SetMaxOpenConns(10)', ROWS_CLOSED), { modules: GO_MYSQL });
      await stage.python(clients, HTTP_CLIENT, { args: ['10.20.0.1', '8080', '14', '0.1'] });
      await stage.reached('the pool', () => stage.count(web, 'state', 'established', 'dport', '=', ':3306') >= 10);
    },
  },
];
