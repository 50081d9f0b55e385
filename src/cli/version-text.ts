import manifest from '../../package.json' with { type: 'json' };
import { IS_ONE_FILE } from '../packaged/package-files.ts';

/** The version: `0.1.0`; of the one file with what it is: `0.1.0 (one file for linux-x64, Bun 1.4.5)`. */
export function versionText(): string {
  if (!IS_ONE_FILE) return manifest.version;
  return `${manifest.version} (one file for linux-${process.arch}, Bun ${process.versions.bun})`;
}
