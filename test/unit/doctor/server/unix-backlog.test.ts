import { expect, test } from 'vitest';
import { unixBacklog } from '../../../../src/doctor/rules/server/unix-backlog.ts';
import type { PlainSocket } from '../../../support/plain-socket.ts';
import { judge, series, spaceSeries, unixSocket } from '../../../support/series.ts';

const path = '/run/php/fpm.sock';
const listening = (receiveQueue: number, sendQueue: number) =>
  unixSocket({ state: 10, inode: 900, receiveQueue, sendQueue, path });
const judged = (...looks: PlainSocket[][]) =>
  judge(
    unixBacklog,
    series([
      spaceSeries(
        looks.map((sockets) => ({ sockets })),
        {},
        { 'net.unix.max_dgram_qlen': '10' },
      ),
    ]),
  );

test('seventy per cent at two looks in a row are a warning; less, or gone at the last, are nothing', () => {
  expect(judged([listening(7, 10)], [listening(7, 10)])).toMatchObject([
    { rule: 'UNIX_BACKLOG', severity: 'warning', about: `unix ${path}` },
  ]);
  expect(judged([listening(7, 10)])).toHaveLength(1);
  expect(judged([listening(6, 10)], [listening(6, 10)])).toEqual([]);
  expect(judged([listening(7, 10)], [listening(0, 10)])).toEqual([]);
});

test('one more than the limit is critical', () => {
  expect(judged([listening(2, 1)])).toMatchObject([
    { severity: 'critical', summary: expect.stringContaining('EAGAIN') },
  ]);
});

/** What the kernel showed for eleven datagrams of 1000 bytes from one sender: 11 x 2304 bytes. */
const datagrams = (memory: number, size = 1000) => [
  unixSocket({ socketType: 2, inode: 901, receiveQueue: size, path: '@log' }),
  unixSocket({ socketType: 2, inode: 902, peerInode: 901, sendQueue: memory }),
];

test.each([
  [10, 8448],
  [200, 14_080],
  [1000, 25_344],
  [3000, 47_872],
])('eleven datagrams of %d bytes fill a queue of ten', (size, memory) => {
  expect(judged(datagrams(memory, size))).toMatchObject([
    { severity: 'warning', about: 'unix @log', summary: expect.stringContaining('about 11 datagrams') },
  ]);
});

test('nine datagrams are nothing, nor is a queue that was full at one look of several', () => {
  expect(judged(datagrams(9 * 2304))).toEqual([]);
  expect(judged(datagrams(9 * 2304), datagrams(25_344))).toEqual([]);
});

test('the fix is in the words of the program that listens', () => {
  const fixOf = (name: string) =>
    judged([{ ...listening(11, 10), process: { pid: 7, name }, holders: [{ pid: 7, name }] }])[0]?.fixes;
  expect(fixOf('php-fpm8.2')).toMatchObject([{ snippet: 'pm.max_children = N\nlisten.backlog = 4096' }]);
  expect(fixOf('gunicorn')).toMatchObject([{ where: 'gunicorn', snippet: expect.stringContaining('--workers') }]);
  expect(fixOf('app')).toMatchObject([{ where: 'the application', text: expect.stringContaining('more workers') }]);
});
