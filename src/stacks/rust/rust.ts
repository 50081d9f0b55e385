import { elfSections } from '../../base/elf.ts';
import type { StackLibrary } from '../../model/stack/stack-facts.ts';
import type { ProgramFile } from '../process-view.ts';
import type { Stack, StackReading } from '../stack.ts';

const CRATES = [
  ...['sqlx-core', 'deadpool', 'bb8', 'r2d2', 'diesel', 'tokio-postgres', 'postgres', 'mysql', 'mysql_async', 'redis'],
  ...['hyper', 'reqwest', 'axum', 'actix-web', 'tonic'],
];

/** Read-only data that is searched, bytes. */
const LARGEST = 3 << 20;

/** Programs made by Rust: the paths of sources in the messages of its panics stay when symbols are stripped. */
export const rust: Stack = {
  name: 'Rust',
  read: ({ executable }) => executable?.once('rust', () => readProgram(executable)),
};

function readProgram(file: ProgramFile): StackReading | undefined {
  const section = elfSections(file)?.find(({ name }) => name === '.rodata');
  if (section === undefined) return undefined;
  const text = file.text(section.offset, Math.min(section.size, LARGEST));
  if (text === undefined) return undefined;
  if (!/\/rustc\/[0-9a-f]{40}\/|library\/std\/src\/|\/registry\/src\//.test(text)) return undefined;
  return {
    libraries: CRATES.flatMap((name): StackLibrary[] => {
      const version = new RegExp(`/${name}-(\\d+\\.\\d+\\.\\d+[\\w.+-]*)/src/`).exec(text)?.[1];
      return version === undefined ? [] : [{ name, version, proof: 'linked', path: file.path }];
    }),
  };
}
