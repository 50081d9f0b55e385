import { expect, test } from 'vitest';
import { closeFix } from '../../../src/doctor/fixes/close-fixes.ts';
import { connectionLimitFixes } from '../../../src/doctor/fixes/connection-limits.ts';
import { blockedFix } from '../../../src/doctor/fixes/deadlines.ts';
import { readerAtPort, readerFix } from '../../../src/doctor/fixes/reader-fixes.ts';
import { reuseFixes } from '../../../src/doctor/fixes/reuse-fixes.ts';
import type { StackFacts } from '../../../src/model/stack/stack-facts.ts';

function python(...libraries: string[]): StackFacts {
  return {
    pid: 7,
    startTicks: 1,
    stack: 'Python',
    libraries: libraries.map((name) => ({ name, proof: 'installed', path: `/x/${name}` })),
    settings: [],
    absent: [],
  };
}

test('connections to a database are kept as the framework does it, those to others as the language does it', () => {
  expect(reuseFixes('gunicorn', python('Django'), true).fixes[0]?.snippet).toContain('CONN_MAX_AGE');
  expect(reuseFixes('gunicorn', python('Django'), false).fixes[0]?.where).toBe('Python');
  expect(reuseFixes('gunicorn', python('SQLAlchemy'), true).fixes[0]?.where).toBe('Python');
  expect(reuseFixes('something', undefined, true).fixes.some(({ where }) => where === 'Python, Django')).toBe(false);
});

test.each(['apache2', 'httpd'])(
  '%s keeps connections to its backends, and limits those of its clients, in its own words',
  (name) => {
    expect(reuseFixes(name, undefined, false)).toMatchObject({ isKnown: true, fixes: [{ where: 'Apache mod_proxy' }] });
    expect(connectionLimitFixes(name, true, 35)[0]).toMatchObject({
      where: 'Apache',
      snippet: 'KeepAliveTimeout 3\nMaxRequestWorkers 35\nServerLimit 35   # mpm_prefork',
    });
  },
);

test('a broker that does not read has an alarm, another program is stopped or slow', () => {
  expect(readerFix('beam.smp').where).toBe('RabbitMQ');
  expect(readerFix('python3').where).toBe('the application');
  expect(readerAtPort(5672)?.where).toBe('RabbitMQ');
  expect(readerAtPort(8080)).toBeUndefined();
});

test('a process that is stopped has to go on, whatever it does when it runs', () => {
  expect(blockedFix('redis-server', 7, 'signal').snippet).toBe('kill -CONT 7');
  expect(blockedFix('redis-server', 7, 'freezer').snippet).toMatch(/^docker unpause/);
  expect(blockedFix('redis-server', 7).where).toBe('Redis');
});

test('a server closes what it accepted, a client its responses', () => {
  const snippet = (isServer: boolean) => closeFix('read', 'python3', undefined, undefined, isServer).snippet;
  expect(snippet(true)).toContain('writer.close()');
  expect(snippet(false)).toContain('requests.Session');
});
