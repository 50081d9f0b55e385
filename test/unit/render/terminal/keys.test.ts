import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type InputEvent, KeyParser } from '../../../../src/render/terminal/keys.ts';

const keysOf = (events: readonly InputEvent[]) => events.map((event) => (event.kind === 'key' ? event.key : event));
const parseAll = (input: string) => {
  const parser = new KeyParser();
  return keysOf([...parser.push(input), ...parser.flush()]);
};

describe('KeyParser', () => {
  // Sequences of the terminfo entries xterm-256color, screen, linux and rxvt.
  it.each([
    ['\x1b[A\x1bOB', ['up', 'down']],
    ['\x1bOP\x1b[11~\x1b[[A', ['f1', 'f1', 'f1']],
    ['\x1b[15~\x1b[17~\x1b[21~', ['f5', 'f6', 'f10']],
    ['\x1b[5~\x1b[6~\x1b[1~\x1b[4~\x1b[H\x1bOF', ['pageup', 'pagedown', 'home', 'end', 'home', 'end']],
    ['a\r\x7f\x03\x1a\tü', ['a', 'enter', 'backspace', 'ctrl-c', 'ctrl-z', 'tab', 'ü']],
    ['日🚀', ['日', '🚀']],
    ['\x1b[1;5A\x1b[<0;1;1Mx', ['x']],
    ['\x1b[38;2:1 qx', ['x']],
    ['\x01\x02', []],
  ])('parses %j', (input, keys) => {
    expect(parseAll(input)).toEqual(keys);
  });

  it('holds the start of a sequence back; ESC alone is the Escape key when nothing follows', () => {
    for (const start of ['\x1b', '\x1b[', '\x1b[1', '\x1bO', '\x1b[[']) {
      const parser = new KeyParser();
      expect(keysOf(parser.push(`a${start}`))).toEqual(['a']);
      expect(parser.isWaiting).toBe(true);
    }
    const parser = new KeyParser();
    parser.push('\x1b');
    expect(keysOf(parser.flush())).toEqual(['escape']);
    expect(parser.isWaiting).toBe(false);
    expect(keysOf(parser.push('\x1bq'))).toEqual(['escape', 'q']);
  });

  it('gives the same keys however the input is cut into pieces', () => {
    const input = 'a\x1b[A\x1b[15~日\x1b[200~x\ny\x1b[1\x1b[201~\x1bOP\x1b[[Bz';
    const whole = parseAll(input);
    fc.assert(
      fc.property(fc.array(fc.nat(input.length)), (cuts) => {
        const ends = [...cuts, input.length].sort((a, b) => a - b);
        const parser = new KeyParser();
        const events = ends.flatMap((end, index) => parser.push(input.slice(ends[index - 1] ?? 0, end)));
        expect(keysOf(events)).toEqual(whole);
      }),
    );
  });

  it('a paste is one event, whatever it contains, and waits for its end', () => {
    const parser = new KeyParser();
    expect(parser.push('\x1b[200~q\x1b[A\n')).toEqual([]);
    // A pause inside a paste must not turn the rest of it into keys.
    expect(parser.isWaiting).toBe(false);
    expect(parser.flush()).toEqual([]);
    expect(keysOf(parser.push('end\x1b[201~q'))).toEqual([{ kind: 'paste', text: 'q\x1b[A\nend' }, 'q']);
  });
});
