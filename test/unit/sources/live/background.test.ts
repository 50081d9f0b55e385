import { describe, expect, it } from 'vitest';
import { spacingMs } from '../../../../src/sources/live/background.ts';

describe('spacingMs', () => {
  it('cheap dumps follow each other at once', () => {
    expect(spacingMs([], 0.03)).toBe(0);
    expect(spacingMs([1, 1, 1], 0.03)).toBeLessThan(200);
  });

  it('expensive dumps are spread so that all of them in turn keep within most of the budget', () => {
    const costs = [20, 20, 20, 20];
    const spacing = spacingMs(costs, 0.03);
    const share = 80 / spacing;
    expect(share).toBeLessThan(0.03);
    expect(share).toBeGreaterThan(0.015);
  });

  it('counts that change are less than ten seconds old, whatever that costs', () => {
    expect(spacingMs(new Array(100).fill(50), 0.03)).toBeLessThanOrEqual(9000);
  });
});
