import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LinePainter } from '../../../../src/render/terminal/line-painter.ts';
import type { Line } from '../../../../src/render/terminal/screen.ts';
import { TerminalModel } from '../../../support/terminal-model.ts';

const line = (text: string): Line => [{ text }];
const size = { columns: 10, rows: 3 };

describe('LinePainter', () => {
  it('writes the whole first frame, then nothing while nothing changes', () => {
    const painter = new LinePainter(true);
    const lines = [line('one'), line('two'), line('three')];
    expect(painter.update(lines, size)).toBe(
      '\x1b[?2026h\x1b[1;1Hone\x1b[K\x1b[2;1Htwo\x1b[K\x1b[3;1Hthree\x1b[K\x1b[?2026l',
    );
    expect(painter.update(lines, size)).toBe('');
    expect(painter.update([...lines], { ...size })).toBe('');
  });

  it('writes only the rows that changed', () => {
    const painter = new LinePainter(true);
    painter.update([line('one'), line('two'), line('three')], size);
    expect(painter.update([line('one'), line('2'), line('three')], size)).toBe(
      '\x1b[?2026h\x1b[2;1H2\x1b[K\x1b[?2026l',
    );
    expect(painter.update([line('one'), line('2')], size)).toBe('\x1b[?2026h\x1b[3;1H\x1b[K\x1b[?2026l');
  });

  it('a change of style alone is a change', () => {
    const painter = new LinePainter(true);
    painter.update([line('one')], size);
    expect(painter.update([[{ text: 'one', style: 'bad' }]], size)).toContain('\x1b[1;31mone\x1b[0m');
  });

  it('writes everything after a change of the size and after forget()', () => {
    const painter = new LinePainter(true);
    painter.update([line('one')], size);
    expect(painter.update([line('one')], { columns: 10, rows: 2 })).toContain('\x1b[2;1H\x1b[K');
    expect(painter.update([line('one')], { columns: 10, rows: 2 })).toBe('');
    painter.forget();
    expect(painter.update([line('one')], { columns: 10, rows: 2 })).toContain('one');
  });

  it('does not erase behind a full row: that would take its last character', () => {
    const model = new TerminalModel(10, 3);
    model.modes['7'] = false;
    const output = new LinePainter(true).update([line('0123456789')], size);
    expect(output).not.toContain('0123456789\x1b[K');
    model.write(output);
    expect(model.lines()).toEqual(['0123456789', '', '']);
  });

  it('cuts wide characters at the edge without wrapping', () => {
    const model = new TerminalModel(10, 3);
    model.modes['7'] = false;
    model.write(new LinePainter(true).update([line('日本語日本語'), line('a日本語日本語')], size));
    expect(model.lines()).toEqual(['日本語日…', 'a日本語日…', '']);
  });

  it('writes styled blanks at the end of a line, not plain ones', () => {
    const model = new TerminalModel(10, 3);
    const output = new LinePainter(false).update([[{ text: 'a  ', style: 'selected' }, { text: '   ' }]], size);
    expect(output).toContain('\x1b[7ma  \x1b[0m\x1b[K');
    model.write(output);
    expect(model.styled(0)).toEqual(['7m:a  ']);
  });

  it('after any frames and sizes, the screen shows the last frame alone', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '日', '…', '▁'), maxLength: 14 });
    const span = fc.record({ text, style: fc.constantFrom('bad' as const, 'selected' as const) });
    const lines = fc.array(fc.array(fc.oneof(span, fc.record({ text })), { maxLength: 3 }), { maxLength: 6 });
    const sizes = fc.record({ columns: fc.integer({ min: 1, max: 12 }), rows: fc.integer({ min: 1, max: 5 }) });
    fc.assert(
      fc.property(fc.array(fc.record({ lines, size: sizes, again: fc.boolean() }), { minLength: 1 }), (frames) => {
        const model = new TerminalModel(1, 1);
        model.modes['7'] = false;
        const painter = new LinePainter(true);
        let current = { columns: 1, rows: 1 };
        for (const frame of frames) {
          if (!frame.again) current = frame.size;
          model.resize(current.columns, current.rows);
          model.write(painter.update(frame.lines, current));
          const fresh = new TerminalModel(current.columns, current.rows);
          fresh.modes['7'] = false;
          fresh.write(new LinePainter(true).update(frame.lines, current));
          expect(model.lines()).toEqual(fresh.lines());
          for (let row = 0; row < current.rows; row++) expect(model.styled(row)).toEqual(fresh.styled(row));
        }
      }),
    );
  });
});
