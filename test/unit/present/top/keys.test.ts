import { describe, expect, it } from 'vitest';
import { readKeys } from '../../../../src/present/top/keys.ts';

describe('what a terminal sends', () => {
  // Sequences of terminfo entries: xterm-256color, screen, linux, rxvt.
  it.each([
    ['\x1b[A\x1bOB', ['up', 'down']],
    ['\x1bOP\x1b[11~\x1b[[A', ['f1', 'f1', 'f1']],
    ['\x1b[15~\x1b[17~\x1b[21~', ['f5', 'f6', 'f10']],
    ['\x1b[5~\x1b[6~\x1b[1~\x1b[4~\x1b[H\x1bOF', ['pageup', 'pagedown', 'home', 'end', 'home', 'end']],
    ['a\r\x7f\x03\tü', ['a', 'enter', 'backspace', 'ctrl-c', 'tab', 'ü']],
    ['\x1b[1;5A\x1b[<0;1;1Mx', ['x']],
    ['\x01\x02', []],
  ])('%j', (input, keys) => {
    expect(readKeys(input, true)).toEqual({ keys, rest: '' });
  });

  it('waits for the rest of a sequence; a single ESC is a key when nothing follows', () => {
    for (const begun of ['\x1b', '\x1b[', '\x1b[1', '\x1bO', '\x1b[[']) {
      expect(readKeys(`a${begun}`, false)).toEqual({ keys: ['a'], rest: begun });
    }
    expect(readKeys('\x1b', true)).toEqual({ keys: ['escape'], rest: '' });
    expect(readKeys('\x1bq', false)).toEqual({ keys: ['escape', 'q'], rest: '' });
  });
});
