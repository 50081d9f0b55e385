/** Random filter expressions: the part of the language that ss has, and all of it. */
import { HOSTS, MARKS, PORTS } from './recipes/filter-sockets.ts';

/** Pseudo-random numbers from a seed (mulberry32), so that a failure can be reproduced. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to and not including `sides`. */
  roll(sides: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.roll(choices.length)] as T;
  }
}

const STATES = [
  'established',
  'syn-sent',
  'syn-recv',
  'fin-wait-1',
  'fin-wait-2',
  'time-wait',
  'unconnected',
  'close-wait',
  'last-ack',
  'listening',
  'closing',
  'syn-rcv',
  'close',
  'closed',
  'all',
  'connected',
  'synchronized',
  'bucket',
  'big',
];
const COMPARISONS = [
  '=',
  '==',
  'eq',
  '',
  '!=',
  'ne',
  'neq',
  '>=',
  'ge',
  'geq',
  '<=',
  'le',
  'leq',
  '>',
  'gt',
  '<',
  'lt',
];
const EQUALITIES = ['=', '==', 'eq', '!=', 'ne', 'neq'];
const AND = ['and', '&', '&&', ''];
const OR = ['or', '|', '||'];
const NOT = ['not', '!'];

/** How long a prefix of an address must be to have a bit that is set. */
const SIGNIFICANT_BITS: Readonly<Record<string, number>> = {
  'fd00:9::1': 1,
  'fd00:9::2': 1,
  '::ffff:127.0.0.1': 96,
  '::ffff:10.9.0.2': 96,
};

export interface FilterWords {
  /** Ports beyond the fixed ones that occur. */
  ports: readonly number[];
  /** Path of a cgroup; undefined for none. */
  cgroup: string | undefined;
  /** Whether to use conditions that ss does not have. */
  beyond: boolean;
  pids: readonly number[];
}

/** An expression as separate words, states first. */
export function randomFilter(dice: Dice, words: FilterWords): string[] {
  const filter: string[] = [];
  for (let states = dice.roll(4) - 1; states > 0; states--) {
    filter.push(dice.pick(['state', 'state', 'exclude', 'excl']), spell(dice, dice.pick(STATES)));
  }
  if (filter.length === 0 || dice.roll(4) > 0) filter.push(...expression(dice, words, 3));
  return filter;
}

function spell(dice: Dice, word: string): string {
  return dice.roll(4) === 0 ? word.toUpperCase() : word;
}

function expression(dice: Dice, words: FilterWords, depth: number): string[] {
  const parts = [...term(dice, words, depth)];
  for (let more = dice.roll(3); more > 0; more--) {
    const connective = dice.roll(2) === 0 ? dice.pick(AND) : dice.pick(OR);
    parts.push(...[connective].filter((word) => word !== ''), ...term(dice, words, depth));
  }
  return parts;
}

function term(dice: Dice, words: FilterWords, depth: number): string[] {
  if (dice.roll(5) === 0) return [dice.pick(NOT), ...term(dice, words, depth)];
  if (depth > 0 && dice.roll(3) === 0) return ['(', ...expression(dice, words, depth - 1), ')'];
  return words.beyond && dice.roll(2) === 0 ? beyond(dice, words) : condition(dice, words);
}

function condition(dice: Dice, words: FilterWords): string[] {
  const compared = (name: string, operators: readonly string[], value: string) =>
    [name, dice.pick(operators), value].filter((word) => word !== '');
  switch (dice.roll(words.cgroup === undefined ? 8 : 9)) {
    case 0:
    case 1:
      return compared(dice.pick(['sport', 'dport']), COMPARISONS, `${dice.pick(['', ':'])}${port(dice, words)}`);
    case 2:
    case 3:
    case 4:
      return compared(dice.pick(['src', 'dst']), ['', '', '='], endpoint(dice, words));
    case 5:
      return compared('dev', EQUALITIES, dice.pick(['lo', 'lo', 'other0']));
    case 6:
      return compared('fwmark', EQUALITIES, mark(dice));
    case 7:
      return ['autobound'];
    default:
      return compared('cgroup', EQUALITIES, words.cgroup ?? '');
  }
}

function port(dice: Dice, { ports }: FilterWords): number {
  return dice.roll(6) === 0 ? dice.roll(65536) : dice.pick([...PORTS, 9000, 0, 2000, 2001, ...ports]);
}

function mark(dice: Dice): string {
  const value = dice.pick([...MARKS, 0, 7]);
  if (dice.roll(2) === 0) return dice.pick([String(value), `0x${value.toString(16)}`]);
  const mask = dice.pick([0xff, 0x1, 0xff00, 0xffffffff]);
  return `0x${((value & mask) >>> 0).toString(16)}/0x${mask.toString(16)}`;
}

function endpoint(dice: Dice, words: FilterWords): string {
  const number = dice.roll(3) === 0 ? `:${dice.pick([String(port(dice, words)), '*'])}` : '';
  if (dice.roll(6) === 0) return number === '' ? '*' : dice.pick([number, `*${number}`]);
  const zeros = words.beyond ? ['0.0.0.0', '::'] : [];
  const host = dice.pick([...HOSTS, '10.9.0.9', '::ffff:127.0.0.1', '::ffff:10.9.0.2', ...zeros]);
  const inet6 = host.includes(':');
  // Behind a prefix of zeros alone ss contradicts itself: after the kernel it compares addresses of
  // both families bit by bit once more, and `::` is 0.0.0.0/3 to it. Such prefixes are for socklens alone.
  const shortest = words.beyond ? 0 : (SIGNIFICANT_BITS[host] ?? (inet6 ? 128 : 8));
  const length = dice.roll(3) === 0 ? `/${shortest + dice.roll((inet6 ? 129 : 33) - shortest)}` : '';
  return inet6 ? `[${host}${length}]${number}` : `${host}${length}${number}`;
}

/** Conditions that ss does not have; their times are far from those of a test's sockets. */
function beyond(dice: Dice, words: FilterWords): string[] {
  const operator = () => dice.pick(['=', '!=', '>', '>=', '<', '<=']);
  switch (dice.roll(15)) {
    case 0:
      return [dice.pick(['sport', 'dport']), dice.pick(['=', '!=']), dice.pick(['80,443', '8000-8099', '1-1023,3306'])];
    case 1:
      return ['process', String(dice.pick([...words.pids, 1]))];
    case 2:
      return ['process', dice.pick(['node', 'no*', 'nginx'])];
    case 3:
      return ['uid', operator(), dice.pick(['0', '12345', '99'])];
    case 4:
      return ['role', dice.pick(['client', 'server'])];
    case 5:
      return ['idle', operator(), dice.pick(['0', '1h', '2d'])];
    case 6:
      return ['age', operator(), dice.pick(['0', '1h'])];
    case 7:
      return [dice.pick(['recvq', 'sendq']), operator(), dice.pick(['0', '1', '100', '64KiB'])];
    case 8:
      return ['rtt', operator(), dice.pick(['0', '1us', '10s'])];
    case 9:
      return ['retrans', operator(), dice.pick(['0', '1000'])];
    case 10:
      return ['timer', dice.pick(['keepalive', 'timewait', 'probe'])];
    case 11:
      return ['keepalive', 'on'];
    case 12:
      return [dice.pick(['orphan', 'unaccepted'])];
    case 13:
      return ['state', dice.pick(['ESTABLISHED', 'CLOSE_WAIT,TIME_WAIT', 'listen', 'fin_wait2', 'bound-inactive'])];
    default:
      return ['path', dice.pick(['*', '/run/*', '@*'])];
  }
}
