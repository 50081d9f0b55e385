/** A part of the incidents live, as a user would look at them: `socklens doctor TARGET` with its defaults. */
import { describe, expect, test } from 'vitest';
import type { Diagnosis } from '../../../src/model/finding/diagnosis.ts';
import { CASES } from '../../doctor/incidents/catalogue.ts';
import { complaints, judge } from '../../doctor/incidents/judge.ts';
import { KNOWN_MISSES } from '../../doctor/incidents/known-misses.ts';
import { onStage, run } from '../../doctor/incidents/record.ts';

/** One of each kind of software and of fault, and their healthy doubles. */
const CHOSEN = [
  'postgres-pool-times-workers',
  'redis-slow-subscriber',
  'php-fpm-unix-backlog',
  'node-agent-without-keep-alive',
  'websockets-out-of-descriptors',
  'metrics-udp-buffer-full',
  'firewall-drops-connects',
  'healthy-mysql-pool-at-its-cap',
  'healthy-load-test',
  'healthy-websocket-fleet',
];

describe('incidents live', { timeout: 180_000 }, () => {
  const chosen = CASES.filter(({ name }) => CHOSEN.includes(name));
  test('all are in the corpus', () => expect(chosen).toHaveLength(CHOSEN.length));

  test.each(chosen.map((each) => [each.name, each] as const))('%s', async (name, each) => {
    const text = await onStage(each, undefined, (stage) => run(['doctor', stage.target, '--json'], undefined));
    const diagnosis = JSON.parse(text) as Diagnosis;
    if (!('expected' in each)) return expect(complaints(diagnosis)).toEqual([]);
    const judgement = judge(diagnosis, each.expected);
    if (Object.hasOwn(KNOWN_MISSES, name)) expect(complaints(diagnosis)).not.toEqual([]);
    else expect(judgement).toMatchObject({ outcome: 'first', why: '' });
  });
});
