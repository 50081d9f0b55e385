import { expect, test } from 'vitest';
import type { Config } from '../../../src/collect/config/config-file.ts';
import { doctorSettings } from '../../../src/commands/doctor-settings.ts';

const FILE: Config = {
  file: 'socklens.toml',
  doctor: { rules: { CLOSE_WAIT_LEAK: { minAgeMs: '2m' } } },
  pools: { 'db:3306': 50, 'cache:6379': 7 },
  'server-limits': { 'db:3306': 151 },
};
const NOTHING = { set: [], pools: [], serverLimits: [], replicas: [] };

test('the command line goes before the file', () => {
  const { settings, declared } = doctorSettings(
    { ...NOTHING, set: ['CLOSE_WAIT_LEAK.minAgeMs=10s'], pools: ['db:3306=12'], serverLimits: ['db:3306=20'] },
    FILE,
  );
  expect(settings).toEqual({ CLOSE_WAIT_LEAK: { minAgeMs: 10_000 } });
  const capOf = (host: string) => declared.pools.find(({ endpoint }) => endpoint.host === host)?.cap;
  expect([capOf('db'), capOf('cache')]).toEqual([12, 7]);
  expect(declared.serverLimits[0]?.limit).toBe(20);
});

test('the file alone', () => {
  const { settings, declared } = doctorSettings(NOTHING, FILE);
  expect(settings).toEqual({ CLOSE_WAIT_LEAK: { minAgeMs: 120_000 } });
  expect(declared.pools.map(({ cap }) => cap)).toEqual([50, 7]);
});

test('an endpoint without a port is refused with where it was written', () => {
  expect(() => doctorSettings({ ...NOTHING, pools: ['db=5'] }, FILE)).toThrow('--pool db=5: write HOST:PORT=NUMBER');
  expect(() => doctorSettings(NOTHING, { file: 'a.toml', 'server-limits': { db: 5 } })).toThrow(
    'a.toml: server-limits: db=5: write HOST:PORT=NUMBER',
  );
});

test('replicas of every service, or of one', () => {
  const { declared } = doctorSettings(
    { ...NOTHING, replicas: ['web=4', '3'] },
    { file: 'a.toml', replicas: { worker: 2 } },
  );
  expect(declared.replicas).toEqual([{ service: 'web', count: 4 }, { count: 3 }, { service: 'worker', count: 2 }]);
  for (const wrong of ['0', 'web=', 'web=-1', 'four', '=4'])
    expect(() => doctorSettings({ ...NOTHING, replicas: [wrong] }, FILE)).toThrow('write N or SERVICE=N');
});
