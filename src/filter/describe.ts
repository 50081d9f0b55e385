import type { Condition, PortRange } from './condition.ts';
import type { Primitive } from './kernel-part.ts';
import { formatPrefix } from './prefix.ts';
import { describeStates } from './states.ts';
import { MEASURE_WORDS, writeMeasure } from './write-tree.ts';

/** Describes a condition for `explain`, with the values that its names stand for. */
export function describeCondition(condition: Condition): string {
  switch (condition.kind) {
    case 'states':
      return `state ${describeStates(condition.mask)}`;
    case 'family':
      return condition.family === 'inet' ? 'an IPv4 socket' : 'an IPv6 socket';
    case 'address': {
      const addresses = condition.prefixes.map(formatPrefix).join(' or ');
      const of = condition.name === undefined ? '' : ` (${condition.name})`;
      return `${condition.side} address ${addresses}${of}`;
    }
    case 'ports':
      return `${condition.side} port ${condition.ranges.map(describeRange).join(' or ') || 'none'}`;
    case 'device':
      return `bound to interface ${condition.index}${condition.name === String(condition.index) ? '' : ` (${condition.name})`}`;
    case 'mark':
      return describePrimitive({ ...condition, kind: 'mark' });
    case 'cgroup':
      return `cgroup ${condition.path} (id ${condition.id})`;
    case 'autobound':
      return 'local port chosen by the kernel';
    case 'container':
      return `belongs to container ${condition.name}`;
    case 'process':
      return `held by process ${condition.process}`;
    case 'uid':
      return `uid ${condition.op} ${condition.uid}`;
    case 'role':
      return `${condition.role} side`;
    case 'measure':
      return `${MEASURE_WORDS[condition.measure]} ${condition.op} ${writeMeasure(condition.measure, condition.value)}`;
    case 'timer':
      return `timer ${condition.timer}`;
    case 'keepalive':
      return `keepalive ${condition.on ? 'on' : 'off'}`;
    case 'orphan':
      return 'closed by its process';
    case 'unaccepted':
      return 'waiting to be accepted';
    case 'path':
      return `path ${condition.glob}`;
  }
}

/** Describes one instruction of a program. */
export function describePrimitive(test: Primitive): string {
  switch (test.kind) {
    case 'port':
      return `${test.side} port ${test.op} ${test.port}`;
    case 'host':
      return `${test.side} address in ${formatPrefix(test.prefix)}`;
    case 'device':
      return `bound to interface ${test.index}`;
    case 'mark':
      return `mark & 0x${test.mask.toString(16)} = 0x${test.mark.toString(16)}`;
    case 'cgroup':
      return `cgroup id ${test.id}`;
    case 'autobound':
      return 'local port chosen by the kernel';
  }
}

function describeRange({ first, last }: PortRange): string {
  return first === last ? String(first) : `${first}-${last}`;
}
