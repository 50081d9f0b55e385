import type { StackLibrary } from '../../model/stack/stack-facts.ts';
import type { ProcessView } from '../process-view.ts';
import { NODE_LIBRARIES } from './libraries.ts';

/** A version of npm: nothing else of a package is passed on. */
const VERSION = /^\d+\.\d+\.\d+(?:-[\w.]+)?$/;

/**
 * The known packages that are installed for a script, with their versions: those that its `package.json` names, or all
 * where it names none of them.
 *
 * @param folders that of the script, and those above
 * @returns undefined where no folder has packages
 */
export function installedLibraries(process: ProcessView, folders: readonly string[]): StackLibrary[] | undefined {
  const found = new Map<string, StackLibrary>();
  let isAny = false;
  for (const folder of folders) {
    const names = process.folder(`${folder}/node_modules`);
    if (names === undefined) continue;
    isAny = true;
    const present = new Set(names);
    for (const name of NODE_LIBRARIES) {
      if (found.has(name) || !present.has(name.split('/')[0] ?? '')) continue;
      const path = `${folder}/node_modules/${name}/package.json`;
      const text = process.text(path)?.text;
      if (text === undefined) continue;
      const version = versionIn(text);
      found.set(name, { name, ...(version !== undefined && { version }), proof: 'installed', path });
    }
  }
  if (!isAny) return undefined;
  const libraries = [...found.values()];
  const direct = directNames(process, folders);
  const named = libraries.filter(({ name }) => direct.has(name));
  return named.length > 0 ? named : libraries;
}

/** The packages that the nearest `package.json` names. */
function directNames(process: ProcessView, folders: readonly string[]): ReadonlySet<string> {
  for (const folder of folders) {
    const text = process.text(`${folder}/package.json`)?.text;
    if (text === undefined) continue;
    const content = parsed(text);
    const kinds = ['dependencies', 'optionalDependencies', 'peerDependencies', 'devDependencies'];
    return new Set(kinds.flatMap((kind) => Object.keys((content?.[kind] as object | undefined) ?? {})));
  }
  return new Set();
}

function versionIn(text: string): string | undefined {
  const version = parsed(text)?.version;
  return typeof version === 'string' && VERSION.test(version) ? version : undefined;
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const content: unknown = JSON.parse(text);
    return typeof content === 'object' && content !== null ? (content as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
