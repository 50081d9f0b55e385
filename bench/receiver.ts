import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Result, Skipped } from './comparison.ts';

/** Compiles receive.c for a comparison and removes it afterwards; without a compiler the comparison is skipped. */
export function withReceiver(title: string, compare: (program: string) => Promise<Result>): Promise<Result> {
  return withProgram('receive', title, compare);
}

/** Like {@link withReceiver} for any C file of this folder. @param name without `.c` */
export async function withProgram<Made extends Result | Result[] = Result>(
  name: string,
  title: string,
  compare: (program: string) => Promise<Made>,
): Promise<Made | Skipped> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-bench-'));
  const clean = () => fs.rmSync(folder, { recursive: true, force: true });
  process.once('exit', clean);
  try {
    const program = path.join(folder, name);
    const refused = compile(name, program);
    if (refused !== undefined) return { title, why: refused };
    return await compare(program);
  } finally {
    process.removeListener('exit', clean);
    clean();
  }
}

/** @returns the reason why there is no program; undefined when it was compiled */
function compile(name: string, program: string): string | undefined {
  try {
    execFileSync('cc', ['-O2', '-o', program, path.join(import.meta.dirname, `${name}.c`)], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return missing ? 'no C compiler (cc)' : `${name}.c does not compile: ${(error as Error).message}`;
  }
}
