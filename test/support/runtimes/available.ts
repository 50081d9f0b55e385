import fs from 'node:fs';
import path from 'node:path';

/**
 * Why a runtime's tests cannot run on this machine: no root, or programs that are missing.
 *
 * @returns undefined where they can
 * @throws where the variable CI is set: its tests may not be skipped
 */
export function programMissing(...programs: string[]): string | undefined {
  const folders = (process.env.PATH ?? '').split(':');
  const missing = programs.filter((name) => !folders.some((folder) => fs.existsSync(path.join(folder, name))));
  let reason: string | undefined;
  if (process.getuid?.() !== 0) reason = 'starting a container runtime needs root';
  else if (missing.length > 0) reason = `this machine has no ${missing.join(', ')}`;
  if (reason !== undefined && process.env.CI) throw new Error(`${reason}; CI is set, so its tests may not be skipped`);
  return reason;
}
