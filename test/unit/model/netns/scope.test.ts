import { describe, expect, it } from 'vitest';
import { intersection, scopeOf } from '../../../../src/model/netns/scope.ts';

const [a, b, c] = [{ id: 'a' }, { id: 'b' }, { id: 'c' }];

describe('what targets mean of a network namespace', () => {
  it('everything, where nothing shares it', () => {
    expect(scopeOf(['a'], { containers: [a], host: false })).toBeUndefined();
    expect(scopeOf([undefined], { containers: [], host: true })).toBeUndefined();
  });

  it('the sockets of the named containers, where others share it', () => {
    expect(scopeOf(['b'], { containers: [a, b, c], host: false })).toEqual(['b']);
    expect(scopeOf(['c', 'a', 'c'], { containers: [a, b, c], host: false })).toEqual(['a', 'c']);
  });

  it('everything, where one of them means all of it', () => {
    expect(scopeOf(['a', undefined], { containers: [a, b], host: false })).toBeUndefined();
  });

  it('everything, where all containers are named; never what is the host’s', () => {
    expect(scopeOf(['a', 'b'], { containers: [a, b], host: false })).toBeUndefined();
    expect(scopeOf(['a', 'b'], { containers: [a, b], host: true })).toEqual(['a', 'b']);
    expect(scopeOf(['a'], { containers: [a], host: true })).toEqual(['a']);
  });

  it('everything, for a container without a process of its own there: a namespace that it made', () => {
    expect(scopeOf(['elsewhere'], { containers: [a, b], host: false })).toBeUndefined();
  });

  it('of a scope what another one leaves', () => {
    expect(intersection(undefined, ['a'])).toEqual(['a']);
    expect(intersection(['a', 'b'], undefined)).toEqual(['a', 'b']);
    expect(intersection(['a', 'b'], ['b', 'c'])).toEqual(['b']);
    expect(intersection(undefined, undefined)).toBeUndefined();
  });
});
