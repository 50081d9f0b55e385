import { expect, test } from 'vitest';
import { VERBS } from '../../../src/cli/verbs.ts';
import { API_ACTIONS } from '../../../src/serve/api/actions.ts';
import { argumentsOf } from '../../../src/serve/api/arguments.ts';
import { API_VERBS } from '../../../src/serve/api/verbs.ts';

function args(name: keyof typeof API_VERBS, query: string): string[] {
  const verb = API_VERBS[name];
  if (verb === undefined) throw new Error(name);
  return argumentsOf(name, verb, new URLSearchParams(query));
}

test('serve: each option of a command of the API is a parameter, or refused', () => {
  for (const [name, { flags, values, refused }] of [...Object.entries(API_VERBS), ...Object.entries(API_ACTIONS)]) {
    const declared = VERBS[name as keyof typeof VERBS].docs.options ?? {};
    const all = Object.entries(declared).filter(([, { docs }]) => !docs.isHidden);
    const own = all.filter(([option]) => !refused.includes(option));
    const isFlag = ([, { docs }]: (typeof all)[number]) => docs.placeholder === undefined;
    expect([
      name,
      own
        .filter(isFlag)
        .map(([option]) => option)
        .sort(),
    ]).toEqual([name, [...flags].sort()]);
    expect([
      name,
      own
        .filter((one) => !isFlag(one))
        .map(([option]) => option)
        .sort(),
    ]).toEqual([name, [...values].sort()]);
  }
});

test('serve: parameters are the options of the command line', () => {
  expect(args('ps', 'all=1')).toEqual(['ps', '--all', '--json']);
  expect(args('ls', 'target=web-1&by=state')).toEqual(['ls', '--by=state', '--json', 'web-1']);
  expect(args('ls', 'target=a,b&target=c&tcp&udp=0')).toEqual(['ls', '--tcp', '--json', 'a', 'b', 'c']);
  expect(args('ls', 'target=a&filter=state close-wait')).toEqual(['ls', '--json', 'a', 'state close-wait']);
  expect(args('ls', 'target=a&filter=listening')).toEqual(['ls', '--json', 'a', '(listening)']);
  expect(args('ps', 'filter=dst db:3306')).toEqual(['ps', '--filter=dst db:3306', '--json']);
  expect(args('doctor', 'no-stack=true&rule=A&rule=B')).toEqual([
    'doctor',
    '--no-stack',
    '--rule=A',
    '--rule=B',
    '--json',
  ]);
});

test('serve: no parameter becomes another option, a file, or an endless run', () => {
  for (const [name, query, message] of [
    ['ls', 'target=--from=/etc/passwd', /target: "--from=\/etc\/passwd" is none/],
    ['ls', 'target=a --from=x', /is none/],
    ['ls', 'target=', /is none/],
    ['ls', 'from=/etc/passwd&target=a', /unknown parameter "from"/],
    ['limits', 'target=a&set=nofile=1', /unknown parameter "set"/],
    ['doctor', 'report=/tmp/x.html', /unknown parameter "report"/],
    ['doctor', 'config=/etc/shadow', /unknown parameter "config"/],
    ['ls', 'by=state', /target is missing/],
    ['events', 'target=a', /say how long/],
    ['events', 'for=2h', /too long/],
    ['ls', 'target=a&tcp=yes', /neither 1 nor 0/],
    ['ls', `target=${'a'.repeat(5000)}`, /longer than/],
  ] as const)
    expect(() => args(name, query), query).toThrow(message);
});
