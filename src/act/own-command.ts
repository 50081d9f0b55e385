/**
 * The command that runs this program: the one file, or Node with the script of the command line and the limits of memory
 * that the launcher set.
 */
export function ownCommand(): string[] {
  const [, script] = process.argv;
  const isScript = script?.endsWith('.cjs') || script?.endsWith('.ts');
  return isScript ? [process.execPath, ...process.execArgv, script ?? ''] : [process.execPath];
}
