import { expect, test } from 'vitest';
import { OwnerIndex } from '../../../../src/collect/owners/owner-index.ts';
import type { HoldingProcess } from '../../../../src/collect/owners/owner-source.ts';

/** Numbers below a bound, the same in every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function processOf(pid: number, name: string): HoldingProcess {
  return { pid, name, startTicks: pid * 10, containerId: undefined };
}

test.each([1, 2, 3, 4])('what processes hold, after many changes (seed %i)', (seed) => {
  const below = numbers(seed);
  const index = new OwnerIndex();
  const expected = new Map<number, { process: HoldingProcess; sockets: Map<number, number> }>();
  for (let step = 0; step < 3000; step++) {
    const pid = 1 + below(12);
    const known = expected.get(pid);
    const action = below(8);
    if (action === 0) {
      index.remove(pid);
      expected.delete(pid);
    } else if (action === 1) {
      const process = processOf(pid, `name-${below(3)}`);
      index.rename(process);
      if (known !== undefined) known.process = process;
    } else {
      const pairs = Array.from({ length: below(20) }, (_, fd) => [1 + below(60), fd + 3] as const);
      const sockets = new Map<number, number>();
      for (const [inode, fd] of pairs) if (!sockets.has(inode)) sockets.set(inode, fd);
      const process = processOf(pid, known?.process.name ?? 'name');
      index.put(process, pairs.flat());
      expected.set(pid, { process, sockets });
    }
    if (step % 50 !== 0) continue;
    for (let inode = 1; inode <= 60; inode++) {
      const holders = [...expected.values()]
        .filter(({ sockets }) => sockets.has(inode))
        .map(({ process, sockets }) => ({ process, fd: sockets.get(inode) ?? 0 }))
        .sort((a, b) => a.process.pid - b.process.pid);
      expect(index.holdersOf(inode)).toEqual(holders);
      expect(index.processesOf(inode)).toEqual(holders.map(({ process }) => process));
    }
    expect(index.size).toBe(new Set([...expected.values()].flatMap(({ sockets }) => [...sockets.keys()])).size);
  }
});

test('sockets with the same holders share a list, until one of these has another name', () => {
  const index = new OwnerIndex();
  index.put(processOf(1, 'master'), [100, 3, 101, 4]);
  index.put(processOf(2, 'worker'), [101, 4, 100, 3]);
  const before = index.processesOf(100);
  expect(index.processesOf(101)).toBe(before);
  index.rename(processOf(2, 'renamed'));
  expect(index.processesOf(100).map(({ name }) => name)).toEqual(['master', 'renamed']);
  expect(index.processesOf(101)).toBe(index.processesOf(100));
  // A list that was stored keeps what it was.
  expect(before.map(({ name }) => name)).toEqual(['master', 'worker']);
});
