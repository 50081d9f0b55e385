import type { StackLibrary } from '../../model/stack/stack-facts.ts';
import type { ProcessView } from '../process-view.ts';
import { NODE_LIBRARIES } from './libraries.ts';

/** A smaller script has no packages in it. */
const SMALLEST = 200_000;
/** What is searched of a script, bytes. */
const SEARCHED = 3 << 20;

/**
 * The known packages in a script that a bundler made: by the comments that it leaves of their paths, or by the
 * `package.json` of a package that reads its own. Names of options prove nothing.
 */
export function bundledLibraries(process: ProcessView, path: string): StackLibrary[] {
  const file = process.file(path);
  if (file === undefined || file.size < SMALLEST) return [];
  const text = file.text(0, Math.min(file.size, SEARCHED));
  if (text === undefined) return [];
  return NODE_LIBRARIES.flatMap((name) => {
    const [, version] =
      new RegExp(`["']?name["']?:\\s?["']${name}["'],\\s*["']?version["']?:\\s?["'](\\d+\\.\\d+\\.\\d+)["']`).exec(
        text,
      ) ?? [];
    if (version === undefined && !text.includes(`// node_modules/${name}/`)) return [];
    return [{ name, ...(version !== undefined && { version }), proof: 'bundled', path } as const];
  });
}
