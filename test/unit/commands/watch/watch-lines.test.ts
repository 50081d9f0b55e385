import { describe, expect, it } from 'vitest';
import { WatchLines } from '../../../../src/commands/watch/watch-lines.ts';
import type { WatchRow } from '../../../../src/model/report/watch-row.ts';

const AT = Date.parse('2026-01-02T03:04:05.678Z');

function row(groups: Record<string, number>, more: Partial<WatchRow> = {}): WatchRow {
  return {
    at: new Date(AT),
    target: 'web-1',
    total: Object.values(groups).reduce((sum, count) => sum + count, 0),
    groups: Object.entries(groups).map(([state, count]) => ({ key: { state }, count })),
    lost: 0,
    notes: [],
    ...more,
  };
}

function lines(width: number | undefined, more: { targets?: boolean; byState?: boolean } = {}): WatchLines {
  return new WatchLines({
    output: { columns: width },
    targets: more.targets ?? false,
    byState: more.byState ?? true,
    intervalMs: 1000,
  });
}

const split = (text: string) => text.trimEnd().split('\n');

describe('WatchLines', () => {
  it('common states have columns from the start, and the header is printed once', () => {
    const watch = lines(undefined);
    const first = split(watch.lines([row({ LISTEN: 1 })]));
    expect(first).toHaveLength(2);
    expect(first[0]).toMatch(/ESTABLISHED +LISTEN +TIME_WAIT +CLOSE_WAIT/);
    expect(split(watch.lines([row({ LISTEN: 1, ESTABLISHED: 4, TIME_WAIT: 2, CLOSE_WAIT: 1 })]))).toHaveLength(1);
    const other = split(watch.lines([row({ SYN_SENT: 3 })]));
    expect(other[0]).toContain('SYN_SENT');
  });

  it.each([60, 80, 100, 120, 200])('fits %d columns, each number below its title', (width) => {
    for (const targets of [false, true]) {
      const watch = lines(width, { targets });
      const use = { pid: 1, used: 16_000, softLimit: 16_384, hardLimit: 16_384 };
      const rates = { opensPerSecond: 24_000.5, closesPerSecond: 24_000.5, descriptors: use };
      const text = watch.lines([row({ ESTABLISHED: 12_345, LISTEN: 1 }, { change: 100, ...rates })]);
      if (width >= 80) for (const line of split(text)) expect(line.length).toBeLessThanOrEqual(width);
      const [header = '', line = ''] = split(text);
      if (width >= 80) {
        const [title = ''] = /ESTAB\w*/.exec(header) ?? [];
        const end = header.indexOf(title) + title.length;
        expect(line.slice(0, end)).toMatch(/12345$/);
      }
    }
  });

  it('changes, rates, descriptors with their limit, lower bounds', () => {
    const watch = lines(undefined);
    watch.lines([row({ ESTABLISHED: 63 })]);
    const groups = [{ key: { state: 'ESTABLISHED' }, count: 257, change: 194 }];
    const descriptors = { pid: 1, used: 512, softLimit: 1024, hardLimit: 4096 };
    const more = {
      groups,
      change: 194,
      total: 257,
      opensPerSecond: 20.5,
      failuresPerSecond: 1,
      closesPerSecond: 3,
      descriptors,
    };
    const line = watch.lines([row({}, { ...more, lost: 2, opensAtLeast: true })]);
    expect(line).toMatch(/ 257 \+194 +257 \+194 .* ≥20\.5 +≥1 +≥3 +512\/1024 50% /);
  });

  it('shows the age of counts of an earlier tick', () => {
    const watch = lines(undefined);
    expect(watch.lines([row({ LISTEN: 1 })])).not.toContain('Age');
    const [header = '', line = ''] = split(watch.lines([row({ LISTEN: 1 }, { ageMs: 9000 })]));
    expect(header).toMatch(/ Descriptors +Age +Trend$/);
    expect(line).toMatch(/ - +9s +▁▁$/);
    expect(split(watch.lines([row({ LISTEN: 1 })]))).toHaveLength(1);
  });

  it('names are safe, and long ones are cut', () => {
    const watch = lines(100, { targets: true, byState: false });
    const groups = [{ key: { process: `7/\u001b[31mred${'x'.repeat(50)}` }, count: 2 }];
    const text = watch.lines([row({}, { target: `evil\u001b]0;title\u0007${'y'.repeat(50)}`, groups })]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: there must be none
    expect(text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f]/);
    expect(text).toContain('…');
  });

  it('replaces the column of a group that has been absent for long', () => {
    const watch = lines(100, { byState: false });
    const peers = (prefix: string) => Array.from({ length: 9 }, (_, index) => `${prefix}${index}:3306`);
    const tick = (names: string[]) =>
      watch.lines([row({}, { groups: names.map((peer) => ({ key: { peer }, count: 1 })), total: names.length })]);
    expect(tick(peers('a'))).toContain('a0:3306');
    expect(tick(peers('b'))).not.toContain('b0:3306');
    let text = '';
    for (let index = 0; index < 15; index++) text += tick(peers('b'));
    expect(text).toContain('b0:3306');
  });
});
