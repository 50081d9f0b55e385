import { describe, expect, it } from 'vitest';
import { lifetimeText } from '../../../src/render/closed-text.ts';

describe('lifetimeText', () => {
  it.each([
    [{ atLeastMs: 1200, atMostMs: 1250 }, '1.2s'],
    [{ atLeastMs: 1000, atMostMs: 2000 }, '1s-2s'],
    [{ atLeastMs: 1200 }, '≥1.2s'],
    [{ atLeastMs: 0, atMostMs: 800 }, '<800ms'],
    [{ atLeastMs: 0 }, '-'],
  ])('%o: %s', (lifetime, text) => {
    expect(lifetimeText(lifetime)).toBe(text);
  });
});
