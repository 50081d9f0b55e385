/** Recordings on the page of `serve`. */
import fs from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';

/** Drops a file on the page, as a file manager does. */
export async function dropFile(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  const transfer = await page.evaluateHandle(
    ([file, content]) => {
      const made = new DataTransfer();
      const raw = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
      made.items.add(new File([raw], file));
      return made;
    },
    [name, Buffer.from(bytes).toString('base64')] as const,
  );
  await page.dispatchEvent('body', 'dragover', { dataTransfer: transfer });
  await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
}

/** Waits until a recording is read and judged. */
export async function isRead(page: Page): Promise<void> {
  await page.locator('[data-recording="ready"]').waitFor({ timeout: 120_000 });
  await page.locator('tr[data-row]').first().waitFor();
}

/** Puts an incident into a data folder, as `serve` keeps them. @param id such as `20261128-100000` */
export function keepIncident(data: string, id: string, recording: string, name: string, cause: string): void {
  const folder = path.join(data, 'incidents');
  const atMs = Date.UTC(2026, 10, Number(id.slice(6, 8)), 10);
  fs.mkdirSync(folder, { recursive: true });
  fs.copyFileSync(recording, path.join(folder, `${id}.slr`));
  const { size } = fs.statSync(recording);
  const known = { id, name, cause, isAutomatic: false, atMs, state: 'saved' };
  const incident = { ...known, fromMs: atMs - 10_000, toMs: atMs, bytes: size };
  fs.writeFileSync(path.join(folder, `${id}.json`), JSON.stringify(incident));
}
