import type { Fix } from '../../model/finding/finding.ts';

/** Programs that stop reading on purpose. */
const READERS: readonly (Fix & { programs: RegExp; ports: readonly number[] })[] = [
  {
    programs: /^(beam|rabbitmq)/,
    ports: [5671, 5672],
    where: 'RabbitMQ',
    text: 'while an alarm of memory or disk is set it reads nothing of clients that publish: look for the alarm, consume or drop what fills it, free disk space, or raise the watermark; publishers need a timeout for a blocked connection (connection.blocked)',
    snippet: 'rabbitmq-diagnostics alarms\nrabbitmqctl set_vm_memory_high_watermark 0.6',
  },
];

const READER: Fix = {
  where: 'the application',
  text: 'its reader is stopped, blocked (a lock, a slow disk, a full queue behind it) or too slow: see what the process does, read in a task of its own, or tell the sender to slow down',
};

/** What to do about a program that does not read what its peers send. */
export function readerFix(program: string | undefined): Fix {
  return fixOf(READERS.find(({ programs }) => program !== undefined && programs.test(program))) ?? READER;
}

/** As {@link readerFix}, for a server that is known by its port only; undefined for another one. */
export function readerAtPort(port: number): Fix | undefined {
  return fixOf(READERS.find(({ ports }) => ports.includes(port)));
}

function fixOf(known: (typeof READERS)[number] | undefined): Fix | undefined {
  return (
    known && { where: known.where, text: known.text, ...(known.snippet !== undefined && { snippet: known.snippet }) }
  );
}
