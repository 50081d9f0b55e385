import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

/** Rows above and below what is seen that are there already when they come into sight. */
const OVERSCAN = 8;
/** A table of at most so many rows is in the document as a whole. */
const ALWAYS_WHOLE = 40;

/**
 * The body of a table of which only the rows in sight are in the document. The page scrolls, not the table.
 *
 * @param props.height of a row, pixels; rows must have it
 * @param props.cellCount columns, for the empty rows above and below
 */
export function VirtualRows<Item>({
  items,
  height,
  cellCount,
  render,
}: {
  items: readonly Item[];
  height: number;
  cellCount: number;
  render: (item: Item, index: number) => ComponentChildren;
}) {
  const body = useRef<HTMLTableSectionElement>(null);
  const [first, setFirst] = useState(0);
  const shown = Math.ceil(innerHeight / height) + 2 * OVERSCAN;
  const isWhole = items.length <= ALWAYS_WHOLE;

  useEffect(() => {
    if (isWhole) return undefined;
    const follow = () => {
      const top = body.current?.getBoundingClientRect().top ?? 0;
      // In steps, so that not every pixel of scrolling renders.
      const row = Math.floor(-top / height / OVERSCAN) * OVERSCAN - OVERSCAN;
      setFirst(Math.max(0, row));
    };
    follow();
    addEventListener('scroll', follow, { passive: true });
    addEventListener('resize', follow);
    return () => {
      removeEventListener('scroll', follow);
      removeEventListener('resize', follow);
    };
  }, [height, isWhole]);

  const from = isWhole ? 0 : Math.min(first, Math.max(items.length - 1, 0));
  const to = isWhole ? items.length : Math.min(from + shown + OVERSCAN, items.length);
  return (
    <tbody ref={body}>
      {from > 0 && <Space height={from * height} cellCount={cellCount} />}
      {items.slice(from, to).map((item, index) => render(item, from + index))}
      {to < items.length && <Space height={(items.length - to) * height} cellCount={cellCount} />}
    </tbody>
  );
}

function Space({ height, cellCount }: { height: number; cellCount: number }) {
  return (
    <tr class="space">
      <td colSpan={cellCount} style={{ height: `${height}px` }} />
    </tr>
  );
}
