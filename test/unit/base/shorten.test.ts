import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayWidth } from '../../../src/base/display-width.ts';
import { type Cut, cutMiddle, Shortener, shortenAll } from '../../../src/base/shorten.ts';

const cut: Cut = (text, width, unlike) => cutMiddle({ head: '', middle: text, tail: '' }, width, unlike);
const shorten = (texts: string[], width: number) => [...shortenAll(texts, width, cut).values()];

describe('shortenAll', () => {
  it('cuts a name in its middle, at separators', () => {
    expect(shorten(['webhook-dispatcher-7f2a'], 14)).toEqual(['webhook-…-7f2a']);
  });

  it('leaves what fits', () => {
    expect(shorten(['web', 'webhook-7f2a'], 12)).toEqual(['web', 'webhook-7f2a']);
  });

  it('keeps names apart that differ at their end, at their start, or inside', () => {
    expect(shorten(['payment-service-eu-west-1', 'payment-service-eu-west-2'], 12)).toEqual([
      'paymen…est-1',
      'paymen…est-2',
    ]);
    expect(shorten(['blue-payment-service-live', 'mint-payment-service-live'], 12)).toEqual([
      'blue-…-live',
      'mint-…-live',
    ]);
    const inside = shorten(['payment-a-service-of-the-shop-live', 'payment-b-service-of-the-shop-live'], 12);
    expect(new Set(inside).size).toBe(2);
    expect(inside[0]).toMatch(/a/);
  });

  it('never makes two texts equal, and nothing wider than asked', () => {
    const names = fc.array(fc.stringMatching(/^web-[ab]{0,3}[a-c-]{10,30}[ab]{0,3}$/), { minLength: 2, maxLength: 40 });
    fc.assert(
      fc.property(names, fc.integer({ min: 6, max: 20 }), (texts, width) => {
        const short = shortenAll(texts, width, cut);
        expect(new Set(short.values()).size).toBe(new Set(texts).size);
        for (const [text, shortened] of short) {
          expect(displayWidth(shortened)).toBeLessThanOrEqual(width);
          if (displayWidth(text) <= width) expect(shortened).toBe(text);
        }
      }),
    );
  });

  it('twenty thousand names that are alike stay distinct', () => {
    const names = Array.from({ length: 20_000 }, (_, index) => `webhook-dispatcher-production-${index}-of-the-shop`);
    expect(new Set(shorten(names, 12)).size).toBe(names.length);
  });

  it('wide characters take two columns', () => {
    for (const text of shorten(['容器容器容器容器一', '容器容器容器容器二'], 9))
      expect(displayWidth(text)).toBeLessThanOrEqual(9);
  });
});

describe('Shortener', () => {
  it('texts that arrive one after the other stay distinct, and each keeps its form', () => {
    const names = Array.from({ length: 200 }, (_, index) => `webhook-dispatcher-${index}-of-the-production-cluster`);
    const shortener = new Shortener(12, cut);
    const first = names.map((name) => shortener.shorten(name));
    expect(new Set(first).size).toBe(200);
    expect(names.map((name) => shortener.shorten(name))).toEqual(first);
  });
});
