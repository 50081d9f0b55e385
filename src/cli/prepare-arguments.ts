/** Arguments for the command tree, and what every command has. */
export interface PreparedArguments {
  args: string[];
  /** `--debug` was given. */
  debug: boolean;
  /** `--no-color` was given. */
  noColor: boolean;
  /** The command that `guard` runs. */
  behind: string[];
}

/**
 * Rewrites what the command tree cannot parse: the flags `-4`, `-6` and `-0` (also in `-tan4`) become long options;
 * `help VERB`, `version` and `-V` become the options that they stand for; blanks after the commas of an option's value
 * (`--by state, peer`) are removed; `--debug` and `--no-color`, which every command has, and the command that `guard`
 * runs are taken out.
 */
export function prepareArguments(args: readonly string[]): PreparedArguments {
  const [first, verb, ...more] = args;
  if (first === 'help') return prepareArguments(verb === undefined ? ['--help'] : [verb, '--help', ...more]);
  if (first === 'version' || first === '-V') return prepareArguments(['--version', ...args.slice(1)]);
  if (args[0] === 'guard') {
    const end = args.indexOf('--');
    if (end >= 0) return { ...prepareArguments(args.slice(0, end)), behind: args.slice(end + 1) };
  }
  const prepared: string[] = [];
  let debug = false;
  let noColor = false;
  let onlyOperands = false;
  for (const arg of args) {
    if (arg === '--') onlyOperands = true;
    if (onlyOperands) prepared.push(arg);
    else if (arg === '--debug') debug = true;
    else if (arg === '--no-color') noColor = true;
    else if (/^-[A-Za-z046]*[046][A-Za-z046]*$/.test(arg)) prepared.push(...splitDigits(arg));
    else if (continuesList(prepared, arg)) prepared.push(`${prepared.pop()}${arg}`);
    else prepared.push(arg);
  }
  return { args: prepared, debug, noColor, behind: [] };
}

/** Whether an argument continues a list with commas that is the value of an option. */
function continuesList(before: readonly string[], arg: string): boolean {
  const [option = '', value = ''] = before.slice(-2);
  return value.endsWith(',') && option.startsWith('--') && !/^-|\s/.test(arg);
}

function splitDigits(arg: string): string[] {
  const letters = arg.slice(1).replace(/[046]/g, '');
  const flags: string[] = [];
  if (letters !== '') flags.push(`-${letters}`);
  if (arg.includes('4')) flags.push('--ipv4');
  if (arg.includes('6')) flags.push('--ipv6');
  if (arg.includes('0')) flags.push('--packet');
  return flags;
}
