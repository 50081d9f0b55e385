import type { NetstatOptions } from '../../render/netstat/options.ts';

/** The result of parsing: options and operands, a request for help, or an error message. */
export type NetstatArguments =
  | { kind: 'run'; options: NetstatOptions; operands: string[] }
  | { kind: 'help' }
  | { kind: 'mistake'; message: string };

/** The letters that were given. */
interface Flags {
  letters: Set<string>;
}

/** Long options and the letter that each stands for; those with `=` take a value. */
const LONG: Readonly<Record<string, string>> = {
  version: 'V',
  interfaces: 'i',
  help: 'h',
  route: 'r',
  masquerade: 'M',
  'protocol=': 'A',
  tcp: 't',
  sctp: 'S',
  udp: 'u',
  udplite: 'U',
  raw: 'w',
  unix: 'x',
  l2cap: '2',
  rfcomm: 'f',
  listening: 'l',
  all: 'a',
  timers: 'o',
  continuous: 'c',
  extend: 'e',
  programs: 'p',
  verbose: 'v',
  statistics: 's',
  wide: 'W',
  notrim: 'W',
  numeric: 'n',
  'numeric-hosts': '!',
  'numeric-ports': '@',
  'numeric-users': '#',
  symbolic: 'N',
  cache: 'C',
  fib: 'F',
  groups: 'g',
  context: 'Z',
  inet: '4',
  ip: '4',
  inet6: '6',
};

const LETTERS = 'altuwxUSnpeoWTcv46NCFdA';

/** Modes of netstat that do not show sockets, and the command that shows the same. */
const OTHER_MODES: Readonly<Record<string, string>> = {
  r: 'routes are shown by `ip route`',
  i: 'interfaces are shown by `ip -s link`',
  s: 'counters are shown by `nstat`',
  g: 'multicast groups are shown by `ip maddress`',
  M: 'masqueraded connections are shown by `conntrack -L`',
  V: 'its own version is shown by `socklens --version`',
  Z: 'security contexts are not read',
  S: 'SCTP sockets are not read',
  '2': 'Bluetooth sockets are not read',
  f: 'Bluetooth sockets are not read',
};

const FAMILIES: Readonly<Record<string, string>> = { inet: '4', ip: '4', tcpip: '4', inet6: '6', ip6: '6', unix: 'x' };

/** Parses netstat's own arguments as getopt_long(3) does: letters together, repeated, in any place. */
export function parseNetstatArguments(args: readonly string[]): NetstatArguments {
  const flags: Flags = { letters: new Set() };
  const operands: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] as string;
    if (arg === '--') {
      operands.push(...args.slice(index + 1));
      break;
    }
    if (arg === '-' || !arg.startsWith('-')) {
      operands.push(arg);
      continue;
    }
    const words = arg.startsWith('--') ? longOption(arg) : shortOptions(arg);
    if (typeof words === 'string') return { kind: 'mistake', message: words };
    for (const word of words) {
      let { value } = word;
      if (word.letter === 'A' && value === undefined) value = args[++index];
      const mistake = take(flags, word.letter, value);
      if (mistake === 'help') return { kind: 'help' };
      if (mistake !== undefined) return { kind: 'mistake', message: mistake };
    }
  }
  return { kind: 'run', options: optionsOf(flags), operands };
}

interface Word {
  letter: string;
  value?: string | undefined;
}

function longOption(arg: string): Word[] | string {
  const equals = arg.indexOf('=');
  const name = arg.slice(2, equals < 0 ? undefined : equals);
  const value = equals < 0 ? undefined : arg.slice(equals + 1);
  const takesValue = (key: string) => key.endsWith('=');
  const exact = Object.keys(LONG).filter((key) => key === name || key === `${name}=`);
  // As getopt_long: an unambiguous beginning of a name will do.
  const found = exact.length > 0 ? exact : Object.keys(LONG).filter((key) => key.startsWith(name));
  const [key] = found;
  if (key === undefined) return `unrecognized option '--${name}'`;
  if (found.length > 1 && new Set(found.map((one) => LONG[one])).size > 1) {
    return `option '--${name}' is ambiguous; possibilities: ${found.map((one) => `'--${one}'`).join(' ')}`;
  }
  if (value !== undefined && !takesValue(key)) return `option '--${key}' doesn't allow an argument`;
  return [{ letter: LONG[key] as string, value }];
}

function shortOptions(arg: string): Word[] | string {
  const words: Word[] = [];
  for (let at = 1; at < arg.length; at++) {
    const letter = arg[at] as string;
    if (letter === 'A') {
      const rest = arg.slice(at + 1);
      return [...words, { letter, value: rest === '' ? undefined : rest }];
    }
    if (letter === '?' || letter === 'h') return [{ letter: 'h' }];
    if (!LETTERS.includes(letter) && OTHER_MODES[letter] === undefined) return `invalid option -- '${letter}'`;
    words.push({ letter });
  }
  return words;
}

/** @returns a mistake, `help`, or undefined when the option was taken */
function take(flags: Flags, letter: string, value: string | undefined): string | undefined {
  if (letter === 'h') return 'help';
  const other = OTHER_MODES[letter];
  if (other !== undefined) return `-${letter} is not supported: ${other}`;
  if (letter !== 'A') {
    flags.letters.add(letter === 'T' ? 'W' : letter);
    return undefined;
  }
  if (value === undefined) return "option requires an argument -- 'A'";
  for (const name of value.split(',')) {
    const family = FAMILIES[name];
    if (family === undefined) return `unknown address family '${name}'; known are inet, inet6, unix`;
    flags.letters.add(family);
  }
  return undefined;
}

function optionsOf({ letters }: Flags): NetstatOptions {
  const has = (letter: string) => letters.has(letter);
  const protocols = { tcp: 't', udp: 'u', udplite: 'U', raw: 'w' };
  const names = Object.entries(protocols).flatMap(([name, letter]) => (has(letter) ? [name] : []));
  const named = names.length > 0;
  // -4 and -6 without a protocol mean all internet protocols; a protocol without them both families.
  const family = has('4') || has('6');
  const numeric = has('n');
  return {
    tcp: has('t') || (family && !named),
    udp: has('u') || (family && !named),
    udplite: has('U') || (family && !named),
    raw: has('w') || (family && !named),
    unix: has('x'),
    named: names,
    everything: !named && !family && !has('x'),
    inet: !family || has('4'),
    inet6: !family || has('6'),
    all: has('a'),
    listening: has('l'),
    extended: has('e'),
    programs: has('p'),
    timers: has('o'),
    wide: has('W'),
    continuous: has('c'),
    numericHosts: numeric || has('!'),
    numericPorts: numeric || has('@'),
    numericUsers: numeric || has('#'),
  };
}
