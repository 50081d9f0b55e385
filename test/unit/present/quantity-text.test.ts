import { describe, expect, it } from 'vitest';
import { lifetimeText } from '../../../src/present/closed-text.ts';
import { clockText, durationText, sizeText } from '../../../src/present/quantity-text.ts';

describe('sizeText', () => {
  it.each([
    [0, '0B'],
    [999, '999B'],
    [1000, '1K'],
    [1024, '1K'],
    [1536, '1.5K'],
    [102_400, '100K'],
    [1_048_576, '1M'],
    [5_368_709_120, '5G'],
  ])('%d: %s', (bytes, text) => {
    expect(sizeText(bytes)).toBe(text);
  });
});

describe('durationText', () => {
  it.each([
    [0.085, '85us'],
    [1.23, '1.2ms'],
    [999, '999ms'],
    [3400, '3.4s'],
    [59_900, '59.9s'],
    [312_000, '5m12s'],
    [7_380_000, '2h03m'],
    [363_600_000, '4d05h'],
  ])('%d ms: %s', (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });
});

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

describe('clockText', () => {
  it('is the time of day with milliseconds, in the machine’s zone', () => {
    expect(clockText(new Date(2026, 0, 2, 3, 4, 5, 6))).toBe('03:04:05.006');
  });
});
