import { describe, expect, it } from 'vitest';
import { parseSize, sizeText } from '../../../src/base/size.ts';

describe('parseSize', () => {
  it.each([
    ['1500', 1500],
    ['1500B', 1500],
    ['1kB', 1000],
    ['64KiB', 65_536],
    ['1.5MiB', 1_572_864],
    ['1GB', 1e9],
  ])('%s', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each(['', '1k', 'KiB', '-1', '5ms'])('"%s" is none', (text) => {
    expect(parseSize(text)).toBeUndefined();
  });
});

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
