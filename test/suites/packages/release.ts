/** The files of `scripts/release.sh`. */
import fs from 'node:fs';
import path from 'node:path';
import { vi } from 'vitest';

/** Packages are large: on a machine that is busy each step takes a while. Milliseconds; only to find what hangs. */
export const HANG_MS = 300_000;
vi.setConfig({ testTimeout: HANG_MS, hookTimeout: HANG_MS });

export const CHECKOUT = path.resolve(import.meta.dirname, '../../..');

/** The folder that suite.conf made. */
export const RELEASE = process.env.SOCKLENS_RELEASE ?? path.join(CHECKOUT, 'dist/release');

/** This machine's architecture, as Node and the release's tarballs name it, and as Debian and OCI do. */
export const ARCHITECTURE = process.arch === 'arm64' ? 'arm64' : 'x64';
export const DEBIAN_ARCHITECTURE = process.arch === 'arm64' ? 'arm64' : 'amd64';

export const { version: VERSION } = JSON.parse(fs.readFileSync(path.join(CHECKOUT, 'package.json'), 'utf8')) as {
  version: string;
};

/** Path of one of its files. */
export const releaseFile = (name: string) => path.join(RELEASE, name);

/**
 * The commands of the first block under a heading of docs/install.md, as a reader types them: as root, so without
 * `sudo`, and with the version and the architecture of the release.
 */
export function typedCommands(heading: string): string {
  const text = fs.readFileSync(path.join(CHECKOUT, 'docs/install.md'), 'utf8');
  const block = text.split(`## ${heading}\n`)[1]?.split('```sh\n')[1]?.split('```')[0];
  if (block === undefined) throw new Error(`docs/install.md has no commands under ${heading}`);
  return block
    .replaceAll('VERSION', VERSION)
    .replaceAll('x64', ARCHITECTURE)
    .replaceAll('amd64', DEBIAN_ARCHITECTURE)
    .replaceAll('sudo ', '');
}
