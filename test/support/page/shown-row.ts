import type { Page } from 'playwright-core';

/** What a row of the overview says. */
export interface ShownRow {
  open: number;
  closeWait: number;
  timeWait: number;
  descriptors: number;
}

/** The numbers of a row of the overview; undefined where it is not there or not known. */
export async function shownRow(page: Page, name: string): Promise<ShownRow | undefined> {
  return page.evaluate((wanted) => {
    const row = [...document.querySelectorAll<HTMLElement>('tr[data-row]')].find((one) => one.dataset.row === wanted);
    if (row === undefined) return undefined;
    const number = (key: string) => {
      const text = row.querySelector(`[data-${key}]`)?.textContent;
      return text === undefined || text === null ? Number.NaN : Number(text.replaceAll(',', ''));
    };
    return {
      open: number('open'),
      closeWait: number('close-wait'),
      timeWait: number('time-wait'),
      descriptors: number('descriptors'),
    };
  }, name);
}
