import { describe, expect, it } from 'vitest';
import { KnownOpenings } from '../../../../../src/sources/live/events/known-openings.ts';

const opening = (cookie: number) => ({
  ...{ openedNs: 1, cookie, cgroup: 0, isAttempt: true, process: undefined, acceptedNs: 0 },
});

describe('connections whose opening was seen', () => {
  it('are known by their cookie while they are open, and for a second or two after their end', () => {
    const known = new KnownOpenings();
    const one = opening(5);
    known.forget(10_000);
    known.set(one);
    for (const nowMs of [11_000, 12_000, 13_000]) known.forget(nowMs);
    expect(known.of(5)).toEqual(one);
    known.end(one);
    known.forget(13_900);
    expect(known.of(5)).toEqual(one);
    known.forget(14_000);
    expect(known.of(5)).toEqual(one);
    known.forget(15_000);
    expect(known.of(5)).toBeUndefined();
  });

  it('are not known without a cookie, and forgotten too when the clock was set back', () => {
    const known = new KnownOpenings();
    known.set(opening(0));
    expect(known.of(0)).toBeUndefined();
    const one = opening(6);
    known.forget(10_000);
    known.set(one);
    known.end(one);
    known.end(undefined);
    known.forget(2000);
    known.forget(3000);
    expect(known.of(6)).toBeUndefined();
  });
});
