/** RabbitMQ and its clients. */
import { startRabbitmq } from '../../../support/software/rabbitmq.ts';
import type { Incident } from '../incident.ts';

/** COUNT clients, each with a connection that it keeps. */
const CLIENTS = `
import pika, sys, threading, time
held = []
def run():
    while True:
        try:
            connection = pika.BlockingConnection(pika.ConnectionParameters("10.20.0.2", socket_timeout=60, blocked_connection_timeout=60))
            connection.channel()
            held.append(connection)
            print("open", len(held))
            while True: connection.process_data_events(time_limit=1)
        except Exception as error:
            print("error", repr(error))
            time.sleep(1)
for _ in range(int(sys.argv[1])):
    threading.Thread(target=run, daemon=True).start()
    time.sleep(0.02)
print("ready")
time.sleep(1000)
`;

/** A connection for every message. */
const CONNECTION_PER_MESSAGE = `
import pika, threading, time
def run():
    while True:
        connection = pika.BlockingConnection(pika.ConnectionParameters("10.20.0.2"))
        channel = connection.channel()
        channel.queue_declare("jobs")
        channel.basic_publish("", "jobs", b"job")
        connection.close()
        time.sleep(0.05)
for _ in range(4): threading.Thread(target=run, daemon=True).start()
print("ready")
time.sleep(1000)
`;

/** Publishers of large messages that do not look at the broker's state. */
const PUBLISHERS = `
import pika, threading, time
def run():
    while True:
        try:
            connection = pika.BlockingConnection(pika.ConnectionParameters("10.20.0.2", heartbeat=0))
            channel = connection.channel()
            channel.queue_declare("jobs")
            while True: channel.basic_publish("", "jobs", b"x" * 200000)
        except Exception as error:
            print("error", repr(error))
            time.sleep(1)
for _ in range(5): threading.Thread(target=run, daemon=True).start()
print("ready")
time.sleep(1000)
`;

export const RABBITMQ: readonly Incident[] = [
  {
    name: 'rabbitmq-memory-alarm',
    report: 'https://github.com/rabbitmq/rabbitmq-erlang-client/issues/93',
    story: 'The broker is above its memory watermark and does not read from publishers any more: they hang.',
    async scene(stage) {
      const [app, broker] = stage.network('app', 'broker');
      await startRabbitmq(broker, { config: 'vm_memory_high_watermark.absolute = 10MB\n' });
      await stage.python(app, PUBLISHERS);
      await stage.reached('full queues', () => {
        const rows = app.run('ss', '-Htn', 'state', 'established', 'dport', '=', ':5672').split('\n');
        return rows.filter((row) => Number(row.split(/\s+/)[1]) > 100_000).length >= 5;
      });
    },
    expected: {
      rules: ['ZERO_WINDOW_STUCK', 'SLOW_READER', 'ACCEPT_STUCK'],
      place: /5672|amqp|beam/,
      says: [/alarm|watermark/i],
      never: [/rmem|somaxconn/i],
      beside: ['ZERO_WINDOW_STUCK', 'SLOW_READER'],
    },
  },
  {
    name: 'rabbitmq-descriptor-limit',
    report: 'https://github.com/dockerfile/rabbitmq/issues/13',
    story: 'A low limit of open files: RabbitMQ accepts as many clients as that leaves and lets the others wait.',
    async scene(stage) {
      const [app, broker] = stage.network('app', 'broker');
      await startRabbitmq(broker, { nofile: 200 });
      await stage.python(app, CLIENTS, { args: ['150'] });
      await stage.reached('waiting clients', () => stage.queued(broker, 5672) >= 20);
    },
    expected: {
      rules: ['CONNECTION_CAP', 'ACCEPT_STUCK', 'NOFILE_ACCEPT_STARVED', 'NOFILE_NEAR_LIMIT', 'LIMIT_MISMATCH'],
      place: /5672|amqp|beam/,
      says: [/nofile|open files/i],
      never: [/somaxconn/i],
      beside: ['CONNECTION_CAP', 'ACCEPT_STUCK', 'NOFILE_NEAR_LIMIT', 'LIMIT_MISMATCH', 'LISTEN_OVERFLOW'],
    },
  },
  {
    name: 'rabbitmq-connection-per-message',
    report: 'https://github.com/dfoderick/fullcycle/issues/17',
    story: 'The publisher opens a connection for every message: most of the work of both sides is connecting.',
    async scene(stage) {
      const [app, broker] = stage.network('app', 'broker');
      await startRabbitmq(broker);
      await stage.python(app, CONNECTION_PER_MESSAGE);
    },
    expected: {
      rules: ['CONN_CHURN', 'TIME_WAIT_PILEUP'],
      place: /5672|amqp/,
      says: [/keep|reuse|long-lived|channel/i],
      beside: ['TIME_WAIT_PILEUP', 'CONN_CHURN'],
    },
  },
];
