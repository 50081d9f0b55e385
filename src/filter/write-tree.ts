import { exactDurationText } from '../base/duration.ts';
import { bracketed } from '../base/endpoint-text.ts';
import { describeStates } from './states.ts';
import type { Measure, PortsText, PortText, SyntaxAtom, SyntaxTree } from './syntax.ts';
import type { Tree } from './tree.ts';

/** Keywords of the measures. */
export const MEASURE_WORDS: Readonly<Record<Measure, string>> = {
  idle: 'idle',
  age: 'age',
  'receive-queue': 'recvq',
  'send-queue': 'sendq',
  rtt: 'rtt',
  retrans: 'retrans',
};

/** Formats the value of a measure, a time with its unit. */
export function writeMeasure(measure: Measure, value: number): string {
  return measure === 'idle' || measure === 'age' || measure === 'rtt' ? exactDurationText(value) : String(value);
}

/** Formats a filter in the filter language, with parentheses around every nested `and` and `or`. */
export function writeTree(tree: SyntaxTree): string {
  return write(tree, writeAtom, false);
}

function write<A>(tree: Tree<A>, one: (atom: A) => string, inner: boolean): string {
  if (tree.kind === 'atom') return one(tree.atom);
  if (tree.kind === 'not') return `not ${write(tree.node, one, true)}`;
  const text = tree.nodes.map((node) => write(node, one, true)).join(` ${tree.kind} `);
  return inner ? `(${text})` : text;
}

/** Whether two filters are equal, the order of nodes included. */
export function sameTree(a: SyntaxTree, b: SyntaxTree): boolean {
  return writeTree(a) === writeTree(b);
}

function writeAtom(atom: SyntaxAtom): string {
  switch (atom.kind) {
    case 'states':
      return `state ${describeStates(atom.mask)}`;
    case 'host':
      return `${atom.side === 'local' ? 'src' : atom.asPeer ? 'peer' : 'dst'} ${writeEndpoint(atom)}`;
    case 'ports':
      return `${atom.side === 'local' ? 'sport' : 'dport'} ${atom.op} ${atom.ports.map(writePorts).join(',')}`;
    case 'device':
      return `dev = ${atom.name}`;
    case 'mark':
      return `fwmark = 0x${atom.mark.toString(16)}/0x${atom.mask.toString(16)}`;
    case 'cgroup':
      return `cgroup = ${atom.path}`;
    case 'container':
      return `container ${atom.name}`;
    case 'process':
      return `process ${atom.process}`;
    case 'uid':
      return `uid ${atom.op} ${typeof atom.user === 'number' ? atom.user : atom.user.name}`;
    case 'role':
      return `role ${atom.role}`;
    case 'measure':
      return `${MEASURE_WORDS[atom.measure]} ${atom.op} ${writeMeasure(atom.measure, atom.value)}`;
    case 'timer':
      return `timer ${atom.timer}`;
    case 'keepalive':
      return `keepalive ${atom.on ? 'on' : 'off'}`;
    case 'path':
      return `path ${atom.glob}`;
    default:
      return atom.kind;
  }
}

function writeEndpoint({ host, zone, port, family }: Extract<SyntaxAtom, { kind: 'host' }>): string {
  const prefix = family === undefined ? '' : `${family}:`;
  const address = (host === undefined ? '' : bracketed(host.text)) + (zone === undefined ? '' : `%${zone.text}`);
  if (port === undefined) return `${prefix}${address || '*'}`;
  return `${prefix}${address}:${writePort(port)}`;
}

function writePorts({ first, last }: PortsText): string {
  return first === last ? writePort(first) : `${writePort(first)}-${writePort(last)}`;
}

function writePort(port: PortText): string {
  return typeof port === 'number' ? String(port) : port.service;
}
