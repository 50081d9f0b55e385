import { describe, expect, it } from 'vitest';
import { currentList, initialState } from '../../../../../src/commands/top/view/state.ts';
import { pressed } from './fixtures.ts';

const IDS = Array.from({ length: 20 }, (_, index) => `row ${index}`);
const first = initialState({ filter: '', intervalMs: 1000 });
const selected = (keys: readonly string[]) => currentList(pressed(first, keys, IDS)).selected;

describe('keys', () => {
  it.each([
    [['down'], 'row 1'],
    [['down', 'down', 'up'], 'row 1'],
    [['up'], 'row 0'],
    [['pagedown'], 'row 5'],
    [['pagedown', 'pagedown', 'pageup'], 'row 5'],
    [['end'], 'row 19'],
    [['end', 'down'], 'row 19'],
    [['end', 'home'], 'row 0'],
  ])('%j: the bar is on %s', (keys, id) => {
    expect(selected(keys)).toBe(id);
  });

  it('scrolls no more than the bar needs', () => {
    const list = (...keys: string[]) => currentList(pressed(first, keys, IDS));
    expect(list('down', 'down', 'down', 'down').offset).toBe(0);
    expect(list('down', 'down', 'down', 'down', 'down').offset).toBe(1);
    expect(list('end').offset).toBe(15);
    expect(list('end', 'up', 'up', 'up', 'up').offset).toBe(15);
    expect(list('end', 'up', 'up', 'up', 'up', 'up').offset).toBe(14);
  });

  it('the bar stays on its row when the order changes, and in its place when the row goes', () => {
    const state = pressed(first, ['down', 'down'], IDS);
    expect(currentList(pressed(state, ['down'], [...IDS].reverse())).selected).toBe('row 1');
    expect(currentList(pressed(state, ['up'], ['row 0', 'row 1', 'row 3', 'row 4'])).selected).toBe('row 1');
  });

  it('enters a row, then a peer, and goes back; the bar of the overview is where it was', () => {
    const peers = pressed(first, ['down', 'enter'], IDS);
    expect(peers).toMatchObject({ level: 'peers', opened: 'row 1' });
    const sockets = pressed(peers, ['enter'], ['db']);
    expect(sockets).toMatchObject({ level: 'sockets', opened: 'row 1', peer: 'db' });
    // The deepest.
    expect(pressed(sockets, ['enter'], ['1'])).toEqual(sockets);
    const back = pressed(sockets, ['escape', 'q'], IDS);
    expect(back).toMatchObject({ level: 'overview', opened: undefined, peer: undefined, isQuitting: false });
    expect(currentList(back).selected).toBe('row 1');
    expect(pressed(back, ['escape'], IDS)).toEqual(back);
    expect(pressed(back, ['q'], IDS).isQuitting).toBe(true);
  });

  it('nothing is entered where there is nothing', () => {
    expect(pressed(first, ['enter'], [])).toEqual(first);
  });

  it('F5: all sockets of a row, and its peers again', () => {
    const peers = pressed(first, ['enter'], IDS);
    expect(pressed(peers, ['f5'], ['db'])).toMatchObject({ level: 'sockets', peer: undefined });
    expect(pressed(peers, ['f5', 't'], ['db']).level).toBe('peers');
    expect(pressed(first, ['f5'], IDS).level).toBe('overview');
  });

  it('sorts by keys and by the menu, once more the other way round', () => {
    const sorted = (...keys: string[]) => currentList(pressed(first, keys, IDS));
    expect(sorted('N')).toMatchObject({ sort: 'name', inverted: false });
    expect(sorted('N', 'N')).toMatchObject({ sort: 'name', inverted: true });
    expect(sorted('I')).toMatchObject({ sort: 'sockets', inverted: true });
    expect(pressed(first, ['f6'], IDS).menu).toBe(1);
    expect(sorted('>', 'down', 'down', 'down', 'enter')).toMatchObject({ sort: 'estab', inverted: false });
    expect(pressed(first, ['<', 'up', 'escape'], IDS)).toEqual(first);
  });

  it('takes a good filter; a mistake stays in the prompt until something is typed', () => {
    const typed = pressed(first, ['f4', 'b', 'a', 'd', 'enter'], IDS);
    expect(typed).toMatchObject({ filter: '', prompt: { text: 'bad', error: { at: 0, length: 3 } } });
    const mended = pressed(typed, ['backspace'], IDS);
    expect(mended.prompt).toEqual({ kind: 'filter', text: 'ba' });
    const good = pressed(mended, ['ctrl-u', ...'good', 'enter'], IDS);
    expect(good).toMatchObject({ filter: 'good', prompt: undefined });
    // Left as it was.
    expect(pressed(good, ['\\', 'x', 'escape'], IDS)).toEqual(good);
    // Keys that do something else are letters here, and those without a letter nothing.
    expect(pressed(first, ['f4', 'q', 'f5', 'up', ' ', 'p'], IDS).prompt?.text).toBe('q p');
  });

  it('searches while it is typed, and on with F3', () => {
    const found = pressed(first, ['/', ...'row 1'], IDS);
    expect(currentList(found).selected).toBe('row 1');
    expect(currentList(pressed(found, ['f3'], IDS)).selected).toBe('row 10');
    expect(currentList(pressed(found, ['9'], IDS)).selected).toBe('row 19');
    expect(currentList(pressed(found, ['9', 'x'], IDS)).selected).toBe('row 19');
    expect(pressed(found, ['enter'], IDS)).toMatchObject({ prompt: undefined, level: 'overview' });
    expect(pressed(first, ['/', 'x'], []).prompt?.text).toBe('x');
  });

  it('pause, help, intervals, quitting', () => {
    expect(pressed(first, [' '], IDS).paused).toBe(true);
    expect(pressed(first, ['p', 'Z'], IDS).paused).toBe(false);
    expect(pressed(first, ['h'], IDS).help).toBe(true);
    expect(pressed(first, ['f1', 'q'], IDS)).toEqual(first);
    expect(pressed(first, ['+', '+'], IDS).intervalMs).toBe(5000);
    expect(pressed(first, ['-'], IDS).intervalMs).toBe(500);
    expect(pressed(first, Array(20).fill('-'), IDS).intervalMs).toBe(100);
    expect(pressed(first, ['f10'], IDS).isQuitting).toBe(true);
    for (const opened of ['f4', '/', 'f6', 'f1']) expect(pressed(first, [opened, 'ctrl-c'], IDS).isQuitting).toBe(true);
  });
});
