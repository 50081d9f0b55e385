import { baseName, folderOf, joined } from '../paths.ts';
import type { ProcessView } from '../process-view.ts';
import type { Stack } from '../stack.ts';
import { pythonLibraries } from './packages.ts';
import { readServer } from './servers.ts';

/** Programs that CPython runs: its packages lie in folders, and only those with compiled parts are seen to be loaded. */
export const python: Stack = {
  name: 'Python',
  read(process) {
    const { executable, argv } = process;
    const program = baseName(executable?.path ?? argv[0] ?? '');
    const [, ofName] = /^python(\d+\.\d+)?$/.exec(program) ?? [];
    if (!/^python[\d.]*$/.test(program)) return undefined;
    const mapped = process.mapped();
    const folders = packageFolders(process, mapped, ofName);
    const version = ofName ?? folders.map((folder) => /\/python(\d+\.\d+)\//.exec(folder)?.[1]).find(Boolean);
    return {
      ...(version !== undefined && { version }),
      libraries: pythonLibraries(process, folders, mapped),
      ...readServer(process, mapped),
    };
  },
};

/** Folders of packages: those that something is mapped from, that of the virtual environment, those of the system. */
function packageFolders(process: ProcessView, mapped: readonly string[], version: string | undefined): string[] {
  const folders = new Set<string>();
  for (const path of mapped) {
    const [folder] = /^.*?\/(?:site|dist)-packages(?=\/)/.exec(path) ?? [];
    if (folder !== undefined) folders.add(folder);
  }
  for (const prefix of prefixes(process)) {
    for (const lib of ['lib', 'lib64']) {
      const names = (process.folder(`${prefix}/${lib}`) ?? []).filter((name) =>
        version === undefined ? /^python3\.\d+$/.test(name) : name === `python${version}`,
      );
      for (const name of names) {
        folders.add(`${prefix}/${lib}/${name}/site-packages`);
        folders.add(`${prefix}/${lib}/${name}/dist-packages`);
      }
      if (prefix === '/usr') folders.add(`/usr/${lib}/python3/dist-packages`);
    }
  }
  return [...folders];
}

/** Where the interpreter is installed: its virtual environment alone, unless that includes the system's packages. */
function prefixes(process: ProcessView): string[] {
  const { executable, argv, cwd } = process;
  const typed = argv[0]?.includes('/') && cwd !== undefined ? joined(cwd, argv[0]) : undefined;
  const system = executable === undefined ? [] : [folderOf(folderOf(executable.path))];
  if (system[0] === '/usr') system.push('/usr/local');
  if (typed === undefined) return system;
  const environment = folderOf(folderOf(typed));
  const config = process.text(`${environment}/pyvenv.cfg`)?.text;
  if (config === undefined) return system;
  return /^include-system-site-packages\s*=\s*true/im.test(config) ? [environment, ...system] : [environment];
}
