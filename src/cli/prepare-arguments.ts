/**
 * Rewrites what the command tree cannot parse: the flags `-4` and `-6` (also in `-tan4`) become long options;
 * `--debug`, which every command has, and the command that `guard` runs are taken out.
 */
export function prepareArguments(args: readonly string[]): { args: string[]; debug: boolean; behind: string[] } {
  if (args[0] === 'guard') {
    const end = args.indexOf('--');
    if (end >= 0) return { ...prepareArguments(args.slice(0, end)), behind: args.slice(end + 1) };
  }
  const prepared: string[] = [];
  let debug = false;
  let onlyOperands = false;
  for (const arg of args) {
    if (arg === '--') onlyOperands = true;
    if (onlyOperands) prepared.push(arg);
    else if (arg === '--debug') debug = true;
    else if (/^-[A-Za-z46]*[46][A-Za-z46]*$/.test(arg)) prepared.push(...splitDigits(arg));
    else prepared.push(arg);
  }
  return { args: prepared, debug, behind: [] };
}

function splitDigits(arg: string): string[] {
  const letters = arg.slice(1).replace(/[46]/g, '');
  const flags: string[] = [];
  if (letters !== '') flags.push(`-${letters}`);
  if (arg.includes('4')) flags.push('--ipv4');
  if (arg.includes('6')) flags.push('--ipv6');
  return flags;
}
