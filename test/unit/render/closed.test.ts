import { describe, expect, it } from 'vitest';
import type { ConnectionEventRow } from '../../../src/model/socket/connection-event.ts';
import { ByteWriter } from '../../../src/render/byte-writer.ts';
import { ClosedJson } from '../../../src/render/closed-json.ts';
import type { ClosedOutput } from '../../../src/render/closed-output.ts';
import { ClosedText } from '../../../src/render/closed-text.ts';

const ENDS = { connections: true, beginnings: false, packets: false };

const FULL: ConnectionEventRow = {
  event: 'closed',
  source: 'tracepoint',
  latencyUs: 12,
  errno: 'ECONNRESET',
  closedBy: 'peer',
  at: new Date(1_700_000_000_123),
  target: 'web-1',
  proto: 'tcp',
  family: 'inet',
  role: 'client',
  local: { address: '10.0.0.1', port: 40_000 },
  peer: { address: '10.0.0.2', port: 3306, name: 'db "ü" \u001b[31m', service: 'mysql' },
  processes: [{ pid: 12, name: 'a\\b' }],
  container: 'web-1',
  lifetime: { atLeastMs: 0, atMostMs: 900 },
  bytesSent: 0,
  bytesReceived: 2 ** 40,
  rttUs: 31,
  retransmits: 2,
  outcome: 'closed',
  cookie: '1f',
};
const SPARSE: ConnectionEventRow = {
  event: 'failed',
  source: 'sock_diag',
  at: new Date(1_700_000_000_124),
  target: 'web-1',
  proto: 'udp',
  family: 'inet6',
  local: { address: '::1', port: 1 },
  peer: { address: '::1', port: 0 },
  lifetime: { atLeastMs: 5 },
  outcome: 'failed',
  cookie: 'a',
};

function written(write: (out: ByteWriter) => void): string {
  const out = new ByteWriter();
  write(out);
  return Buffer.from(out.bytes()).toString();
}

describe('ClosedJson', () => {
  it.each([FULL, SPARSE, { ...FULL, count: 12 }])(
    'is what JSON.stringify would make of it, keys in another order',
    (closed) => {
      const output = new ClosedJson();
      const line = () => written((out) => output.connection(out, closed));
      expect(line()).toMatch(
        /^\{"type":"connection","event":"(closed|failed)","at":"2023-11-14T22:13:20\.12\dZ".*\}\n$/,
      );
      expect(JSON.parse(line())).toEqual({ type: 'connection', ...JSON.parse(JSON.stringify(closed)) });
      // Names and times are remembered as bytes.
      expect(line()).toBe(line());
    },
  );

  it('writes a gap and the summary', () => {
    const output = new ClosedJson();
    const [from, to] = [new Date(0), new Date(40)];
    expect(JSON.parse(written((out) => output.gap(out, { target: 'web', from, to, lostEvents: 3 })))).toMatchObject({
      type: 'gap',
      target: 'web',
      from: '1970-01-01T00:00:00.000Z',
      to: '1970-01-01T00:00:00.040Z',
      lostEvents: 3,
    });
    const events = { failed: 1, closed: 2 };
    const summary = { from, to, events, connections: 3, gaps: 1, lostEvents: 3, peers: [] };
    expect(JSON.parse(written((out) => output.summary(out, summary)))).toMatchObject({ type: 'summary', gaps: 1 });
  });
});

describe('ClosedText', () => {
  const lines = (output: ClosedOutput, closed: ConnectionEventRow[]) =>
    written((out) => {
      output.header(out);
      for (const one of closed) output.connection(out, one);
    })
      .trimEnd()
      .split('\n');

  it('writes no control character of a name', () => {
    const [, line] = lines(new ClosedText({ columns: undefined }, undefined, ENDS), [FULL]);
    expect(line).toContain('db "ü" \\x1b[31m:mysql');
    expect(line).toContain('web-1 12/a\\b');
  });

  it('does not repeat the name of the only target', () => {
    const [, line] = lines(new ClosedText({ columns: undefined }, 'web-1', ENDS), [FULL]);
    expect(line).not.toContain('web-1');
  });

  it('shows - for what is not known', () => {
    const [, line] = lines(new ClosedText({ columns: undefined }, 'web-1', ENDS), [SPARSE]);
    expect(line?.split(/ {2,}/).slice(1)).toEqual(['-', '[::1]:1', '[::1]:*', '≥5ms', '-', '-', '-', '-', 'failed']);
  });

  it('says of an end for how many it stands', () => {
    const [, line] = lines(new ClosedText({ columns: undefined }, 'web-1', ENDS), [{ ...FULL, count: 12 }]);
    expect(line?.split(/ {2,}/).at(-1)).toBe('reset by peer (12 alike)');
  });

  it('drops and narrows columns where there is no room', () => {
    const plain = { ...FULL, peer: { address: '10.0.0.2', port: 3306 }, processes: [{ pid: 1, name: 'x'.repeat(40) }] };
    for (const columns of [80, 100, 120, 140, 200]) {
      const all = lines(new ClosedText({ columns }, 'web-1', ENDS), [
        plain,
        { ...plain, outcome: 'never-accepted' },
        plain,
      ]);
      for (const line of all) expect(line.length).toBeLessThanOrEqual(columns);
    }
    expect(lines(new ClosedText({ columns: 80 }, 'web-1', ENDS), [])[0]).not.toContain('Local');
    expect(lines(new ClosedText({ columns: 120 }, 'web-1', ENDS), [])[0]).toContain('Retr');
  });

  it('reports lost events, in a pipe in one line, on a terminal in lines that fit', () => {
    const gap = (columns: number | undefined) =>
      written((out) =>
        new ClosedText({ columns }, 'web-1', ENDS).gap(out, { target: 'web', from: new Date(0), to: new Date(40) }),
      );
    const inPipe = gap(undefined);
    expect(inPipe).toMatch(
      /^-- web: events lost, [\d:.]+ to [\d:.]+: the kernel dropped events because its buffer was full, or did not run the eBPF program for them --\n$/,
    );
    const lines = gap(80).trimEnd().split('\n');
    expect(lines.join(' ')).toBe(inPipe.trimEnd());
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  });
});
