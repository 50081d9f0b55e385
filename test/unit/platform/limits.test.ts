import { describe, expect, test } from 'vitest';
import { perMinute, timeLeftMs } from '../../../src/base/slope.ts';
import { limitsOfCommandLine, limitsOfConfiguration } from '../../../src/collect/containers/engine-defaults.ts';
import { readSetting } from '../../../src/commands/limits/set-limits.ts';
import { exampleNofile } from '../../../src/platform/example-limit.ts';
import { groupLimits } from '../../../src/platform/group-limits.ts';
import { limitRemarks } from '../../../src/platform/limit-remarks.ts';
import { programClass } from '../../../src/platform/program-class.ts';

const UNLIMITED = Number.POSITIVE_INFINITY;

describe('groups of equal limits', () => {
  const nofile = (soft: number, hard: number) => ({ nofile: { soft, hard }, core: { soft: 0, hard: UNLIMITED } });
  const process = (pid: number, soft: number, used?: number) => ({ pid, realUid: 0, limits: nofile(soft, 128), used });

  test("the main process's first, then the largest; use is the fullest's", () => {
    const groups = groupLimits(
      [process(10, 64, 60), process(11, 32, 3), process(12, 32, 30), process(13, 16), process(14, 64, 5)],
      { nofile: { soft: 64, hard: 128 } },
      new Map(),
    );
    expect(groups.map(({ main, pids }) => [main, pids])).toEqual([
      [true, [10, 14]],
      [false, [11, 12]],
      [false, [13]],
    ]);
    const rows = groups.map(({ limits }) => limits.find(({ name }) => name === 'nofile'));
    expect(rows[0]).toMatchObject({
      soft: 64,
      hard: 128,
      used: 60,
      sharePercent: 93,
      declared: { soft: 64, hard: 128 },
    });
    expect(rows[1]).toMatchObject({ used: 30, sharePercent: 93 });
    expect(rows[2]).not.toHaveProperty('used');
    expect(groups[0]?.limits.find(({ name }) => name === 'core')).toMatchObject({ soft: 0, hard: null, unit: 'bytes' });
  });

  test("processes: the user's tasks", () => {
    const limits = { nproc: { soft: 50, hard: 50 } };
    const [group] = groupLimits([{ pid: 1, realUid: 7, limits, used: 1 }], {}, new Map([[7, 25]]));
    expect(group?.limits).toMatchObject([{ name: 'nproc', used: 25, sharePercent: 50 }]);
  });

  test('a limit of none is used up, an unlimited one has no share', () => {
    const [none] = groupLimits([process(1, 0, 3)], {}, new Map());
    expect(none?.limits.find(({ name }) => name === 'nofile')?.sharePercent).toBe(100);
    const [unlimited] = groupLimits([process(1, UNLIMITED, 3)], {}, new Map());
    expect(unlimited?.limits.find(({ name }) => name === 'nofile')).not.toHaveProperty('sharePercent');
  });
});

describe('growth', () => {
  test('per minute, by least squares', () => {
    const at = (...values: number[]) => values.map((value, index) => ({ atMs: index * 1000, value }));
    expect(perMinute(at(10, 11, 12, 13))).toBeCloseTo(60);
    expect(perMinute(at(10, 10, 10))).toBe(0);
    expect(perMinute(at(13, 12))).toBeCloseTo(-60);
    expect(perMinute(at(13))).toBeUndefined();
    expect(perMinute([])).toBeUndefined();
  });

  test('time until the limit', () => {
    expect(timeLeftMs(40, 100, 60)).toBe(60_000);
    expect(timeLeftMs(100, 100, 0)).toBe(0);
    expect(timeLeftMs(40, 100, 0)).toBeUndefined();
    expect(timeLeftMs(40, 100, -5)).toBeUndefined();
    expect(timeLeftMs(40, UNLIMITED, 60)).toBeUndefined();
    expect(timeLeftMs(40, 100, undefined)).toBeUndefined();
  });

  test('the limit for examples', () => {
    expect(exampleNofile(10, 1 << 20)).toBe(65_536);
    expect(exampleNofile(40_000, 1 << 20)).toBe(262_144);
    expect(exampleNofile(40_000, 100_000)).toBe(100_000);
  });
});

describe('programs', () => {
  const at = (executable: string, isGo = false) => programClass({ executable, name: 'x', isGo });

  test('that raise their soft limit themselves', () => {
    expect(at('/app/server', true)).toMatchObject({ name: 'Go', raisesSoftLimit: true });
    for (const file of ['/usr/local/bin/node', '/bin/deno', '/bin/bun', '/opt/jdk/bin/java']) {
      expect(at(file).raisesSoftLimit).toBe(true);
    }
  });
  test('that do not change it, and unknown ones', () => {
    for (const file of [
      '/usr/bin/python3.11',
      '/usr/sbin/nginx',
      '/usr/bin/ruby',
      '/usr/sbin/php-fpm8.2',
      '/bin/busybox',
    ]) {
      expect(at(file).raisesSoftLimit).toBe(false);
    }
    // The process's own name goes before its file's: Debian's redis-server runs the file redis-check-rdb.
    const redis = { executable: '/usr/bin/redis-check-rdb', name: 'redis-server', isGo: false };
    expect(programClass(redis)).toEqual({ name: 'redis-server', raisesSoftLimit: undefined, how: undefined });
    expect(programClass({ ...redis, executable: '/bin/busybox', name: 'httpd' }).name).toBe('httpd');
    expect(programClass({ ...redis, name: '' })).toEqual({
      name: 'redis-check-rdb',
      raisesSoftLimit: undefined,
      how: undefined,
    });
    expect(programClass({ executable: undefined, name: 'node', isGo: false }).name).toBe('Node.js');
  });
});

describe('remarks', () => {
  const python = programClass({ executable: '/usr/bin/python3', name: 'python3', isGo: false });
  const node = programClass({ executable: '/usr/bin/node', name: 'node', isGo: false });
  const remarks = (soft: number, hard: number, used: number, declared?: [number, number], program = python) =>
    limitRemarks({
      effective: { soft, hard },
      used,
      declared: declared && { soft: declared[0], hard: declared[1] },
      program,
    });

  test('none', () => {
    expect(remarks(1024, 1024, 10, [1024, 1024])).toEqual([]);
    expect(remarks(1024, 1024, 10)).toEqual([]);
  });
  test('near the limit, and at the limit', () => {
    expect(remarks(1024, 1024, 900)).toEqual([expect.stringContaining('only 124 of 1024 descriptors left')]);
    expect(remarks(64, 64, 64)).toEqual([expect.stringContaining('no descriptor left')]);
  });
  test('soft below hard, by program', () => {
    expect(remarks(1024, 4096, 10, [1024, 4096])).toEqual([expect.stringContaining('Python does not change it')]);
    expect(remarks(1024, 4096, 10, [1024, 4096], node)).toEqual([expect.stringContaining('this process did not')]);
  });
  test('different from the declared limit: raised by itself, or changed since', () => {
    expect(remarks(4096, 4096, 10, [1024, 4096], node)).toEqual([
      expect.stringContaining('Node.js raised its soft limit itself'),
    ]);
    expect(remarks(512, 512, 10, [1024, 1024])).toEqual([expect.stringContaining('it was changed since')]);
  });
  test('very high', () => {
    expect(remarks(1 << 30, 1 << 30, 10)).toEqual([expect.stringContaining('may hang')]);
  });
});

describe("the Engine's own defaults", () => {
  test('options of dockerd', () => {
    expect(
      limitsOfCommandLine(['dockerd', '--default-ulimit', 'nofile=1024:4096', '--default-ulimit=nproc=50']),
    ).toEqual([
      { name: 'nofile', soft: 1024, hard: 4096 },
      { name: 'nproc', soft: 50, hard: 50 },
    ]);
    expect(limitsOfCommandLine(['dockerd', '--default-ulimit'])).toEqual([]);
    expect(limitsOfCommandLine(['dockerd', '--default-ulimit', 'nofile=-1:-1'])).toEqual([
      { name: 'nofile', soft: UNLIMITED, hard: UNLIMITED },
    ]);
  });
  test('daemon.json', () => {
    const text = '{"default-ulimits": {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 4096}, "x": null}}';
    expect(limitsOfConfiguration(text)).toEqual([{ name: 'nofile', soft: 1024, hard: 4096 }]);
    for (const nothing of [undefined, '', 'null', '[]', '{"default-ulimits": 3}', '{']) {
      expect(limitsOfConfiguration(nothing)).toEqual([]);
    }
  });
});

describe('--set', () => {
  test('soft, soft and hard', () => {
    expect(readSetting('nofile=128', 1000)).toEqual({ soft: 128, hard: undefined });
    expect(readSetting('nofile=128:256', 1000)).toEqual({ soft: 128, hard: 256 });
  });
  test.each([
    ['nofiles=128', 'did you mean nofile?'],
    ['nofle=128', 'did you mean nofile?'],
    ['nproc=128', 'only nofile can be set; nproc (processes)'],
    ['quux=1', 'only nofile can'],
    ['nofile', 'write nofile=SOFT'],
    ['nofile=', 'is not a limit'],
    ['nofile=many', 'is not a limit'],
    ['nofile=-1', 'is not a limit'],
    ['nofile=1:2:3', 'is not a limit'],
    ['nofile=200:100', 'above hard limit'],
    ['nofile=1001', 'fs.nr_open'],
    ['nofile=1:1001', 'fs.nr_open'],
  ])('%s', (text, message) => {
    expect(() => readSetting(text, 1000)).toThrow(
      expect.objectContaining({ kind: 'usage', message: expect.stringContaining(message) }),
    );
  });
});
