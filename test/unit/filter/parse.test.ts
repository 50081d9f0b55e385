import { describe, expect, it } from 'vitest';
import { parseFilter } from '../../../src/filter/parse.ts';
import { writeTree } from '../../../src/filter/write-tree.ts';
import { Failure } from '../../../src/model/failure.ts';

/** A parsed filter, with all its parentheses. */
function read(text: string, precedence: 'and-first' | 'ss' = 'and-first'): string {
  const { tree } = parseFilter(text, precedence);
  return tree === undefined ? '' : writeTree(tree);
}

/** The message of a mistake, and the part of the text that the carets mark. */
function mistake(text: string): { message: string; marked: string; expected: string } {
  try {
    parseFilter(text);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    expect(error.kind).toBe('usage');
    const [shown = '', mark = '', expected = ''] = error.details;
    expect(shown).toBe(`  ${text}`);
    return { message: error.message, marked: shown.slice(mark.indexOf('^'), mark.length), expected };
  }
  throw new Error(`no mistake in: ${text}`);
}

describe('parsing a filter', () => {
  it.each([
    ['', ''],
    ['dport = :80', 'dport = 80'],
    ['dport 80', 'dport = 80'],
    ['dport=80', 'dport = 80'],
    ['dport>=1024', 'dport >= 1024'],
    ['sport geq 1 and sport leq 0x50', 'sport >= 1 and sport <= 80'],
    ['sport neq :443', 'sport != 443'],
    ['dport http', 'dport = http'],
    ['dport 80,443,8000-8099', 'dport = 80,443,8000-8099'],
    ['src 10/8', 'src 10/8'],
    ['dst = 10.0.0.1:443', 'dst 10.0.0.1:443'],
    ['dst [::1]:80', 'dst [::1]:80'],
    ['dst [fd00::/8]', 'dst [fd00::/8]'],
    ['dst [fd00::]/8', 'dst [fd00::/8]'],
    ['dst fe80::1', 'dst [fe80::1]'],
    ['dst fe80::1%eth0', 'dst [fe80::1]%eth0'],
    ['dst fe80::1%eth0:80', 'dst [fe80::1]%eth0:80'],
    ['dst [fe80::1%eth0]:80', 'dst [fe80::1]%eth0:80'],
    ['dst [fe80::1]%eth0:80', 'dst [fe80::1]%eth0:80'],
    ['dst fe80::%br-1.2/10', 'dst [fe80::/10]%br-1.2'],
    ['src 10.0.0.1%eth0:80', 'src 10.0.0.1%eth0:80'],
    ['src *%eth0:22', 'src %eth0:22'],
    ['src %eth0', 'src %eth0'],
    ['dst *:80', 'dst :80'],
    ['dst :*', 'dst *'],
    ['dst inet6:*', 'dst inet6:*'],
    ['src unix:/run/*', 'path /run/*'],
    ['peer db', 'peer db'],
    ['state ESTABLISHED', 'state established'],
    ['state fin_wait1', 'state fin-wait-1'],
    ['state syn-rcv', 'state syn-recv'],
    ['state estab,close-wait', 'state established,close-wait'],
    ['fwmark 0x10/0xff', 'fwmark = 0x10/0xff'],
    ['uid != 1000', 'uid != 1000'],
    ['idle > 1.5s', 'idle > 1500ms'],
    ['rtt >= 50ms', 'rtt >= 50ms'],
    ['recvq > 64KiB', 'recvq > 65536'],
    ['keepalive off', 'keepalive off'],
    ['path "/run/a b"', 'path /run/a b'],
    ["process 'a and b'", 'process a and b'],
  ])('%s', (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  it('joins conditions side by side, and binds "and" tighter than "or"', () => {
    expect(read('sport 1 dport 2')).toBe('sport = 1 and dport = 2');
    expect(read('sport 1 | dport 2 & dport 3')).toBe('sport = 1 or (dport = 2 and dport = 3)');
    expect(read('( sport 1 || dport 2 ) && ! dport 3')).toBe('(sport = 1 or dport = 2) and not dport = 3');
    expect(read('(sport 1 or dport 2)dport 3')).toBe('(sport = 1 or dport = 2) and dport = 3');
    expect(read('not not sport 1')).toBe('sport = 1');
  });

  it('parses from left to right like ss when requested', () => {
    expect(read('sport 1 or dport 2 and dport 3', 'ss')).toBe('(sport = 1 or dport = 2) and dport = 3');
    expect(read('sport 1 dport 2 or dport 3', 'ss')).toBe('(sport = 1 and dport = 2) or dport = 3');
  });

  it('notes where ss would parse a filter differently, and only there', () => {
    const [note, ...more] = parseFilter('sport 1 or dport 2 and dport 3').notes;
    expect(note).toContain('sport = 1 or (dport = 2 and dport = 3)');
    expect(note).toContain('ss parses it as (sport = 1 or dport = 2) and dport = 3');
    expect(more).toEqual([]);
    for (const alike of ['sport 1 and dport 2 or dport 3', '(sport 1 or dport 2) and dport 3', 'sport 1 or dport 2']) {
      expect(parseFilter(alike).notes).toEqual([]);
    }
  });

  it('joins states at the start, and applies them to all that follows', () => {
    expect(read('state established state close-wait')).toBe('state established,close-wait');
    expect(read('exclude listening excl time-wait sport 1 or sport 2')).toMatch(
      /^state [a-z0-9,-]+ and \(sport = 1 or sport = 2\)$/,
    );
    expect(read('state connected exclude syn-sent')).toBe('state synchronized');
    expect(read('state established or dport 80')).toBe('state established or dport = 80');
  });

  it('parses an address that ends like a port as ss does, with a note', () => {
    const filter = parseFilter('dst 2001:db8::1:80');
    expect(filter.tree && writeTree(filter.tree)).toBe('dst [2001:db8::1]:80');
    expect(filter.notes.join()).toContain('write [2001:db8::1:80] for the address');
  });
});

describe('mistakes', () => {
  it.each([
    ['dprot 80', 'dprot', 'did you mean dport?'],
    ['state etsablished', 'etsablished', 'did you mean established?'],
    ['timer keepalve', 'keepalve', 'did you mean keepalive?'],
    ['close-wait', 'close-wait', 'did you mean state close-wait?'],
    ['idle > 30', '30', 'has no unit'],
    ['idle 30s', '30s', '"idle" needs a comparison'],
    ['rtt > 5KiB', '5KiB', 'is not a duration'],
    ['recvq > 5ms', '5ms', 'is not a size'],
    ['dport 99999', '99999', 'is not a port'],
    ['dport 80,99999', '99999', 'is not a port'],
    ['dport 90-80', '90-80', 'ends before it begins'],
    ['dport > 80,90', '80,90', '> takes a single port'],
    ['dst 80', '80', 'is ambiguous'],
    ['dst [::1', '[::1', 'the bracket is not closed'],
    ['dev > 1', '>', 'dev supports = and != only'],
    ['dport 80)', ')', 'was not opened'],
    ['sport 1 and (dport 80', '(', 'is not closed'],
    ['and dport 80', 'and', 'a condition is missing before "and"'],
    ['path "a', '"a', 'this quote is not closed'],
    ['fwmark 1/2/3', '1/2/3', 'is not a mark'],
    ['dst link:eth0', 'link:eth0', 'are not supported'],
    ['state listening exclude all', 'state listening exclude all', 'no state is left'],
  ])('%s', (text, marked, message) => {
    const found = mistake(text);
    expect(found.marked).toBe(marked);
    expect(found.message).toContain(message);
  });

  it('marks the end where something is missing', () => {
    expect(mistake('dport')).toMatchObject({ message: expect.stringContaining('the filter ends'), marked: '' });
    expect(mistake('sport 1 or').message).toContain('the filter ends where a condition is expected');
  });

  it('any text is parsed or refused with carets', () => {
    let seed = 7;
    const random = (sides: number) => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return (seed >>> 8) % sides;
    };
    const words = [
      'state',
      'dst',
      '=',
      '>',
      '(',
      ')',
      'and',
      'or',
      'not',
      '80',
      ':',
      '[',
      ']',
      '"',
      '::1',
      'idle',
      '\u001b',
      '30s',
      ',',
      '/',
    ];
    for (let round = 0; round < 3000; round++) {
      const text = Array.from({ length: 1 + random(8) }, () => words[random(words.length)]).join(' '.repeat(random(2)));
      try {
        parseFilter(text);
      } catch (error) {
        expect(error).toBeInstanceOf(Failure);
        expect((error as Failure).details[1]).toMatch(/^ +\^+$/);
      }
    }
  });
});
