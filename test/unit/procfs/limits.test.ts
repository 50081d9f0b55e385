import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LIMITS, limitText } from '../../../src/model/container/limits.ts';
import { parseLimits, readLimits, readNofileLimit } from '../../../src/procfs/limits.ts';
import { parseStatus, readStatus } from '../../../src/procfs/status.ts';

/** As Linux 6.18 wrote it, numbers changed so that no two are alike. */
const TEXT = `Limit                     Soft Limit           Hard Limit           Units     
Max cpu time              unlimited            unlimited            seconds   
Max file size             1000                 unlimited            bytes     
Max data size             unlimited            unlimited            bytes     
Max stack size            8388608              unlimited            bytes     
Max core file size        0                    unlimited            bytes     
Max resident set          unlimited            unlimited            bytes     
Max processes             96364                96365                processes 
Max open files            64                   128                  files     
Max locked memory         8388608              8388609              bytes     
Max address space         unlimited            unlimited            bytes     
Max file locks            unlimited            unlimited            locks     
Max pending signals       96366                96367                signals   
Max msgqueue size         819200               819201               bytes     
Max nice priority         1                    2                    
Max realtime priority     3                    4                    
Max realtime timeout      unlimited            unlimited            us        
`;

describe('/proc/PID/limits', () => {
  test('every row', () => {
    const limits = parseLimits(TEXT);
    expect(Object.keys(limits)).toEqual(LIMITS.map(({ name }) => name));
    expect(limits.nofile).toEqual({ soft: 64, hard: 128 });
    expect(limits.nproc).toEqual({ soft: 96_364, hard: 96_365 });
    expect(limits.fsize).toEqual({ soft: 1000, hard: Number.POSITIVE_INFINITY });
    // These two have no unit.
    expect(limits.nice).toEqual({ soft: 1, hard: 2 });
    expect(limits.rtprio).toEqual({ soft: 3, hard: 4 });
  });

  test('a kernel that knows fewer limits, and text that is something else', () => {
    const fewer = TEXT.split('\n')
      .filter((line) => !line.startsWith('Max realtime'))
      .join('\n');
    expect(parseLimits(fewer)).not.toHaveProperty('rttime');
    expect(parseLimits('')).toEqual({});
  });

  test('of a process that has exited', () => {
    expect(readLimits(2 ** 22 + 1)).toBeUndefined();
    expect(readNofileLimit(2 ** 22 + 1)).toBeUndefined();
  });

  test('of this process, as prlimit(1) prints them', () => {
    const rows = execFileSync(
      'prlimit',
      ['--pid', String(process.pid), '--raw', '--noheadings', '-o', 'RESOURCE,SOFT,HARD'],
      {
        encoding: 'utf8',
      },
    );
    const limits = readLimits(process.pid) ?? {};
    for (const row of rows.trim().split('\n')) {
      const [resource = '', soft, hard] = row.split(/\s+/);
      const limit = limits[resource.toLowerCase()];
      expect([resource, limit && limitText(limit)]).toEqual([resource, `${soft}:${hard}`]);
    }
  });
});

describe('/proc/PID/status', () => {
  test('threads and the real user', () => {
    expect(parseStatus('Name:\ta\\nUid:\t9\nUid:\t1000\t0\t0\t0\nThreads:\t4\n')).toEqual({
      threads: 4,
      realUid: 1000,
    });
    expect(parseStatus('Name:\ta\n')).toBeUndefined();
  });

  test('of this process', () => {
    const threads = fs.readdirSync('/proc/self/task').length;
    expect(readStatus(process.pid)).toEqual({ threads, realUid: process.getuid?.() });
  });
});
