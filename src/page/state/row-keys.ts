import { useLayoutEffect, useRef } from 'preact/hooks';
import { addKeys } from './keys.ts';

/** What keys move in. */
interface Lines {
  /** Of the rows in their order, as their `data-row`; undefined for the head of a group. */
  names: readonly (string | undefined)[];
  /** Of a line, pixels, where rows out of sight are not in the document. */
  height?: number;
}

/** The row that the keys are at. */
interface Selection {
  get(): string | undefined;
  set(name: string): void;
}

/** `j`, `k` and Enter in a list of rows. */
export function useRowKeys(lines: Lines, selection: Selection, open: (name: string) => void): void {
  const current = useRef({ lines, selection, open });
  current.current = { lines, selection, open };
  useLayoutEffect(() => {
    const move = (by: number) => {
      const { lines, selection } = current.current;
      const rows = lines.names.filter((name) => name !== undefined);
      const index = rows.indexOf(selection.get() ?? '');
      const next = rows[Math.min(Math.max(index + by, 0), rows.length - 1)];
      if (next === undefined) return;
      selection.set(next);
      bringIntoSight(next, lines);
    };
    return addKeys({
      j: () => move(1),
      k: () => move(-1),
      Enter: () => {
        // Not that of the last drawing: keys can be faster.
        const selected = current.current.selection.get();
        if (selected !== undefined) current.current.open(selected);
      },
    });
  }, []);
}

function bringIntoSight(name: string, { names, height }: Lines): void {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-row]')];
  const row = rows.find((one) => one.dataset.row === name);
  const body = rows[0]?.closest('tbody');
  if (row !== undefined) row.scrollIntoView({ block: 'nearest' });
  else if (body != null && height !== undefined)
    scrollTo({ top: scrollY + body.getBoundingClientRect().top + names.indexOf(name) * height - innerHeight / 2 });
}
