import type { StackLibrary } from '../../model/stack/stack-facts.ts';
import { baseName, folderOf, joined, upwards } from '../paths.ts';
import type { ProcessView } from '../process-view.ts';
import type { Stack, StackReading } from '../stack.ts';
import { bundledLibraries } from './bundle.ts';
import { installedLibraries } from './packages.ts';
import { scriptOf } from './script.ts';
import { lockedLibraries } from './yarn-lock.ts';

/** How far packages are looked for above the script. */
const MOST_FOLDERS = 16;

/** Programs that Node.js runs: its packages lie beside the script, and nothing says which of them are loaded. */
export const node: Stack = {
  name: 'Node.js',
  read(process) {
    const { executable, argv } = process;
    if (!/^(node|nodejs)$/.test(baseName(executable?.path ?? argv[0] ?? ''))) return undefined;
    const script = scriptOf(argv);
    const version = executable && versionOf(process, executable.path);
    return {
      ...(version !== undefined && { version }),
      libraries: librariesOf(process, script),
      ...workersOf(process, script),
    };
  },
};

function librariesOf(process: ProcessView, script: string | undefined): StackLibrary[] {
  if (process.cwd === undefined) return [];
  const file = script === undefined ? undefined : joined(process.cwd, script);
  const folders = upwards(file === undefined ? process.cwd : folderOf(file), MOST_FOLDERS);
  const installed = installedLibraries(process, folders);
  if (installed !== undefined) return installed;
  return lockedLibraries(process, folders) ?? (file === undefined ? [] : bundledLibraries(process, file));
}

/** Of the headers that are installed with it, as in Node's own images. */
function versionOf(process: ProcessView, executable: string): string | undefined {
  const header = process.text(`${folderOf(folderOf(executable))}/include/node/node_version.h`)?.text;
  if (header === undefined) return undefined;
  const part = (name: string) => new RegExp(`^#define NODE_${name}_VERSION (\\d+)`, 'm').exec(header)?.[1];
  const parts = [part('MAJOR'), part('MINOR'), part('PATCH')];
  return parts.includes(undefined) ? undefined : parts.join('.');
}

/** Processes that cluster or PM2 started for one script. */
function workersOf(process: ProcessView, script: string | undefined): Pick<StackReading, 'workers'> {
  const parent = script === undefined ? undefined : process.parent();
  if (script === undefined || parent === undefined) return {};
  const isCluster = baseName(scriptOf(parent.argv) ?? '') === baseName(script);
  const isPm2 = parent.argv[0]?.startsWith('PM2 v') ?? false;
  if (!isCluster && !isPm2) return {};
  return { workers: process.siblings().filter(({ argv }) => scriptOf(argv) === script).length };
}
