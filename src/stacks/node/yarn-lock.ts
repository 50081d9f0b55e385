import type { StackLibrary } from '../../model/stack/stack-facts.ts';
import type { ProcessView } from '../process-view.ts';
import { NODE_LIBRARIES } from './libraries.ts';

/**
 * The known packages of Yarn's Plug'n'Play, which has no folder of packages: the versions in its lock file, which were
 * locked, not necessarily installed.
 *
 *     "mysql2@npm:^3":
 *       version: 3.24.6
 *
 * @returns undefined where no folder has such a file
 */
export function lockedLibraries(process: ProcessView, folders: readonly string[]): StackLibrary[] | undefined {
  for (const folder of folders) {
    if (process.folder(folder === '' ? '/' : folder)?.includes('.pnp.cjs') !== true) continue;
    const file = process.text(`${folder}/yarn.lock`);
    if (file === undefined) continue;
    return NODE_LIBRARIES.flatMap((name) => {
      const entry = new RegExp(`^"?${name}@[^\\n]*:\\n\\s+version:? "?([\\w.-]+)"?$`, 'm').exec(file.text);
      return entry?.[1] === undefined ? [] : [{ name, version: entry[1], proof: 'locked', path: file.path } as const];
    });
  }
  return undefined;
}
