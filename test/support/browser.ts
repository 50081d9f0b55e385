import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { decodePng, type Picture } from './png.ts';

/** Flags for Debian's chromium, which opens local files and sends nothing. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--hide-scrollbars',
];
const HANG_MS = 60_000;

/** @returns the reason why there is no browser; undefined when there is one */
export function whyNoBrowser(): string | undefined {
  return spawnSync('chromium', ['--version']).status === 0
    ? undefined
    : 'chromium is missing; on Debian: apt-get install chromium';
}

/** Opens a page in a browser. @returns its document after loading, and a screenshot */
export function openPage(
  html: string,
  options: { height: number; dark?: boolean },
): { dom: string; picture: Picture; png: Buffer } {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-browser-'));
  try {
    const page = path.join(folder, 'page.html');
    const shot = path.join(folder, 'shot.png');
    fs.writeFileSync(page, html);
    const run = (name: string, ...args: string[]) =>
      execFileSync('chromium', [...FLAGS, `--user-data-dir=${folder}/${name}`, ...args, `file://${page}`], {
        encoding: 'utf8',
        timeout: HANG_MS,
        maxBuffer: 64 * 1024 * 1024,
        stdio: ['ignore', 'pipe', 'ignore'],
      });
    const dom = run('dom', '--dump-dom');
    const dark = options.dark ? ['--blink-settings=preferredColorScheme=0'] : [];
    run('shot', ...dark, `--window-size=1000,${options.height}`, `--screenshot=${shot}`);
    const png = fs.readFileSync(shot);
    return { dom, picture: decodePng(png), png };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
