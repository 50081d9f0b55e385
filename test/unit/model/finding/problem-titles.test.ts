import { describe, expect, test } from 'vitest';
import { RULES } from '../../../../src/doctor/catalogue.ts';
import { SHORT_TITLES, shortTitle, shortTitleText } from '../../../../src/model/finding/problem-titles.ts';

describe('short titles of problems', () => {
  test('each rule has one of its own, of at most four words and 24 characters, and no other name has one', () => {
    expect(Object.keys(SHORT_TITLES).sort()).toEqual(RULES.map(({ name }) => name).sort());
    const titles = Object.values(SHORT_TITLES);
    expect(new Set(titles).size).toBe(titles.length);
    for (const title of titles) {
      expect(title.length, title).toBeLessThanOrEqual(24);
      expect(title.split(' ').length, title).toBeLessThanOrEqual(4);
    }
  });

  test('a problem of another version keeps its own title', () => {
    expect(shortTitle({ rule: 'A_NEW_RULE', title: 'Something else' })).toBe('Something else');
    expect(shortTitle({ rule: 'toString', title: 'Something else' })).toBe('Something else');
  });

  test('what it is about follows', () => {
    const problem = { rule: 'REFUSED_BY_SERVER', title: 'long' };
    expect(shortTitleText({ ...problem, about: 'peer db:mysql' })).toBe('Logins refused: db:mysql');
    expect(shortTitleText({ ...problem, about: 'port 8080' })).toBe('Logins refused: port 8080');
    expect(shortTitleText(problem)).toBe('Logins refused');
  });
});
