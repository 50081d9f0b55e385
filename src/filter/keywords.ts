import { DURATION_UNITS, durationFault, parseMicroseconds } from '../base/duration.ts';
import { lacksUnit } from '../base/quantity.ts';
import { parseSize, SIZE_UNITS } from '../base/size.ts';
import { readEndpoint, readPorts } from './endpoint-text.ts';
import { maskOfState, STATE_NAMES } from './states.ts';
import type { Measure, Side, SyntaxAtom, SyntaxTree, TimerKind } from './syntax.ts';
import type { TokenCursor, Word } from './token-cursor.ts';
import { atom, negate } from './tree.ts';

/** State of the parser beyond the tree. */
export interface ParseContext {
  /** Whether to parse like ss. */
  asSs: boolean;
  /** Notes for the user, which parsing appends to. */
  notes: string[];
}

/** Parses the rest of a condition after its keyword. */
type KeywordReader = (cursor: TokenCursor, context: ParseContext) => SyntaxTree;

/** Parsers by the keyword that starts a condition. */
const READERS: Readonly<Record<string, KeywordReader>> = {
  state: (cursor, context) => atom({ kind: 'states', mask: readStates(cursor, context) }),
  exclude: (cursor, context) => negate(atom({ kind: 'states', mask: readStates(cursor, context) })),
  excl: (cursor, context) => negate(atom({ kind: 'states', mask: readStates(cursor, context) })),
  src: (cursor, context) => host(cursor, context, 'local', false),
  dst: (cursor, context) => host(cursor, context, 'peer', false),
  peer: (cursor, context) => host(cursor, context, 'peer', true),
  sport: (cursor) => ports(cursor, 'local'),
  dport: (cursor) => ports(cursor, 'peer'),
  dev: (cursor) =>
    equal(cursor, 'dev', () => {
      const word = cursor.value('an interface', ['eth0', '2']);
      return { kind: 'device', name: word.text, span: word };
    }),
  fwmark: (cursor) => equal(cursor, 'fwmark', () => mark(cursor)),
  cgroup: (cursor) =>
    equal(cursor, 'cgroup', () => {
      const word = cursor.value('the path of a cgroup', ['/system.slice/docker.service']);
      return { kind: 'cgroup', path: word.text, span: word };
    }),
  autobound: () => atom({ kind: 'autobound' }),
  container: (cursor) =>
    equal(cursor, 'container', () => {
      const word = cursor.value('the name of a container');
      return { kind: 'container', name: word.text, span: word };
    }),
  process: (cursor) =>
    equal(cursor, 'process', () => {
      const { text } = cursor.value('a PID or the name of a process');
      return { kind: 'process', process: /^[1-9]\d*$/.test(text) ? Number(text) : text };
    }),
  uid: (cursor) => uid(cursor),
  role: (cursor) =>
    equal(cursor, 'role', () => ({ kind: 'role', role: choice(cursor, 'a role', ['client', 'server']) })),
  idle: (cursor) => measure(cursor, 'idle', 'idle'),
  age: (cursor) => measure(cursor, 'age', 'age'),
  recvq: (cursor) => measure(cursor, 'recvq', 'receive-queue'),
  sendq: (cursor) => measure(cursor, 'sendq', 'send-queue'),
  rtt: (cursor) => measure(cursor, 'rtt', 'rtt'),
  retrans: (cursor) => measure(cursor, 'retrans', 'retrans'),
  timer: (cursor) => equal(cursor, 'timer', () => ({ kind: 'timer', timer: choice(cursor, 'a timer', TIMERS) })),
  keepalive: (cursor) => atom({ kind: 'keepalive', on: choice(cursor, 'on or off', ['on', 'off']) === 'on' }),
  orphan: () => atom({ kind: 'orphan' }),
  unaccepted: () => atom({ kind: 'unaccepted' }),
  path: (cursor) =>
    equal(cursor, 'path', () => ({ kind: 'path', glob: cursor.value('a path', ['/run/*.sock', '@name']).text })),
};

/** All keywords, to suggest for an unknown word. */
export const KEYWORDS: readonly string[] = Object.keys(READERS);

/** Values of `timer`. */
export const TIMERS: readonly TimerKind[] = ['off', 'on', 'keepalive', 'timewait', 'probe', 'delack'];
const IN_TIME: readonly Measure[] = ['idle', 'age', 'rtt'];

/**
 * Parses one condition.
 *
 * @throws {Failure} `usage` where the text has no valid condition
 */
export function readCondition(cursor: TokenCursor, context: ParseContext): SyntaxTree {
  const token = cursor.current;
  const reader = token.kind === 'word' && !token.quoted ? READERS[token.text.toLowerCase()] : undefined;
  if (reader === undefined) throw unknownWord(cursor);
  cursor.advance();
  return reader(cursor, context);
}

function unknownWord(cursor: TokenCursor): Error {
  const token = cursor.current;
  const conditions = [...KEYWORDS.filter((word) => word !== 'excl'), 'not', '('];
  if (token.kind === 'end') return cursor.wrong(token, 'the filter ends where a condition is expected', conditions);
  const connective = cursor.connective();
  if (connective !== undefined) return cursor.wrong(token, `a condition is missing before "${token.text}"`, conditions);
  if (token.kind !== 'word') return cursor.wrong(token, `expected a condition, found "${token.text}"`, conditions);
  // A state name without `state` is a frequent mistake.
  const state = maskOfState(token.text) === undefined ? undefined : `state ${token.text}`;
  if (state !== undefined)
    return cursor.wrong(token, `unknown condition "${token.text}"; did you mean ${state}?`, [state]);
  return cursor.wrong(token, `unknown condition "${token.text}"`, conditions, token.text);
}

function readStates(cursor: TokenCursor, { asSs }: ParseContext): number {
  let mask = 0;
  for (const item of cursor.items(cursor.value('a state', STATE_NAMES))) {
    const one = maskOfState(item.text, asSs);
    if (one === undefined) throw cursor.wrong(item, `unknown state "${item.text}"`, STATE_NAMES, item.text);
    mask |= one;
  }
  return mask;
}

function equal(cursor: TokenCursor, about: string, read: () => SyntaxAtom): SyntaxTree {
  const positive = cursor.equality(about);
  const tree = atom(read());
  return positive ? tree : negate(tree);
}

function host(cursor: TokenCursor, context: ParseContext, side: Side, asPeer: boolean): SyntaxTree {
  return equal(cursor, side === 'local' ? 'src' : 'dst', () => {
    const word = cursor.value('an address or a name', ['10.0.0.0/8', '[2001:db8::1]:443', 'db:3306', ':80', '*']);
    if (word.text.startsWith('unix:') && !asPeer) return { kind: 'path', glob: word.text.slice('unix:'.length) };
    // ss takes this for 80.0.0.0, which is hardly ever meant.
    if (/^\d+$/.test(word.text)) {
      throw cursor.wrong(word, `"${word.text}" is ambiguous: a port or a network`, [
        `:${word.text} for a port`,
        `${word.text}.0.0.0/8 for a network`,
      ]);
    }
    const { note, ...endpoint } = readEndpoint(cursor, word);
    if (note !== undefined) context.notes.push(note);
    return { kind: 'host', side, asPeer, ...endpoint };
  });
}

function ports(cursor: TokenCursor, side: Side): SyntaxTree {
  const { op } = cursor.comparison();
  const word = cursor.value('a port', ['3306', ':3306', 'mysql', '80,443', '8000-8099']);
  const list = readPorts(cursor, word);
  const single = list.length === 1 && list[0]?.first === list[0]?.last;
  if (op !== '=' && op !== '!=' && !single) {
    throw cursor.wrong(word, `${op} takes a single port`, ['= and != for lists and ranges']);
  }
  return atom({ kind: 'ports', side, op, ports: list });
}

function mark(cursor: TokenCursor): SyntaxAtom {
  const word = cursor.value('a mark', ['0x10', '0x10/0xff']);
  const [value = '', mask = '0xffffffff', ...more] = word.text.split('/');
  const number = (text: string) => (/^(\d+|0[xX][0-9a-fA-F]+)$/.test(text) ? Number(text) : Number.NaN);
  const [markNumber, maskNumber] = [number(value), number(mask)];
  if (more.length > 0 || !(markNumber <= 0xffffffff) || !(maskNumber <= 0xffffffff)) {
    throw cursor.wrong(word, `"${word.text}" is not a mark`, ['0x10', '0x10/0xff']);
  }
  return { kind: 'mark', mark: markNumber, mask: maskNumber };
}

function uid(cursor: TokenCursor): SyntaxTree {
  const { op } = cursor.comparison();
  const word = cursor.value('a user', ['0', '1000', 'www-data']);
  const number = /^\d{1,10}$/.test(word.text) ? Number(word.text) : undefined;
  const ordered = op !== '=' && op !== '!=';
  if (number === undefined && ordered) throw cursor.wrong(word, `${op} takes a number`, ['uid >= 1000']);
  return atom({ kind: 'uid', op, user: number ?? { name: word.text, span: word } });
}

function measure(cursor: TokenCursor, name: string, what: Measure): SyntaxTree {
  const inTime = IN_TIME.includes(what);
  const example = inTime ? `${name} > 30s` : `${name} > 0`;
  const before = cursor.current;
  const { op, written } = cursor.comparison();
  if (!written) throw cursor.wrong(before, `"${name}" needs a comparison`, [example]);
  const word = cursor.value(inTime ? 'a time' : 'a number', [example]);
  return atom({ kind: 'measure', measure: what, op, value: quantity(cursor, word, what, inTime) });
}

function quantity(cursor: TokenCursor, word: Word, what: Measure, inTime: boolean): number {
  if (what === 'retrans') {
    if (/^\d{1,9}$/.test(word.text)) return Number(word.text);
    throw cursor.wrong(word, `"${word.text}" is not a number of retransmissions`, ['a whole number']);
  }
  const value = inTime ? parseMicroseconds(word.text) : parseSize(word.text);
  if (value !== undefined) return value;
  const units = inTime ? DURATION_UNITS : SIZE_UNITS;
  if (inTime && lacksUnit(word.text)) {
    throw cursor.wrong(
      word,
      `"${word.text}" ${durationFault(word.text)}`,
      units.slice(0, 5).map((unit) => word.text + unit),
    );
  }
  throw cursor.wrong(word, `"${word.text}" ${inTime ? durationFault(word.text) : 'is not a size'}`, [
    `a number with a unit (${units.join(', ')})`,
  ]);
}

function choice<T extends string>(cursor: TokenCursor, wanted: string, choices: readonly T[]): T {
  const word = cursor.value(wanted, choices);
  const chosen = choices.find((candidate) => candidate === word.text.toLowerCase());
  if (chosen !== undefined) return chosen;
  throw cursor.wrong(word, `"${word.text}" is not ${wanted}`, choices, word.text);
}
