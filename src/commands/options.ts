/** Options and operands of several commands. An option of a single command is declared in that command's file. */

import { nearest } from '../base/nearest.ts';
import { Failure } from '../model/failure.ts';
import { GROUP_KEYS, type GroupKey } from '../model/report/group.ts';
import type { Format } from './context.ts';
import { option, parseTime, type ValuesOf } from './option.ts';
import { proposeFiles, proposeTargets, proposeTargetsAndFilter } from './proposals.ts';

const TARGET =
  'a container (name, id, id prefix, docker:NAME, web-*), compose:PROJECT/SERVICE, ecs:FAMILY/CONTAINER, pod:NAMESPACE/POD, pid:N, netns:NAME, host, or all; separate several with blanks or commas';

/** The help text for TARGET. */
export const TARGET_HELP = `TARGET is ${TARGET}. A container means its own sockets; --netns adds those of all who share its namespace.`;

/** The help text for TARGET and FILTER. */
export const FILTER_HELP = `${TARGET_HELP}
FILTER selects sockets, with the syntax of ss and more: state close-wait, dst db:3306, dport 8000-8099, idle > 30s, process nginx, with and, or, not and parentheses (docs/filters.md). It begins at its first keyword, operator, or argument with a blank.`;

const TARGET_OPERAND = {
  placeholder: 'TARGET',
  brief: 'containers, processes or namespaces',
  propose: proposeTargets,
};

export const TARGETS = { many: TARGET_OPERAND, usage: 'TARGET...' };

/** For a command that without a TARGET means all. */
export const OPTIONAL_TARGETS = { many: TARGET_OPERAND, usage: '[TARGET...]' };

const FILTER_OPERAND = {
  placeholder: 'TARGET FILTER',
  brief: 'what to inspect, and which of its sockets',
  propose: proposeTargetsAndFilter,
};

export const TARGET_AND_FILTER = { many: FILTER_OPERAND, usage: 'TARGET... [FILTER]' };

/** For a command that without a TARGET means all. */
export const OPTIONAL_TARGET_AND_FILTER = { many: FILTER_OPERAND, usage: '[TARGET...] [FILTER]' };

export const numeric = option.boolean('Show numbers instead of names', { letter: 'n' });

export const json = option.boolean('Print one JSON document');
export const ndjson = option.boolean('Print one JSON object per line');

/** The options that choose between text and JSON. */
export const outputOptions = { json, ndjson };

/** @throws {Failure} `usage` when both are given */
export function formatOf(options: ValuesOf<typeof outputOptions>): Format {
  if (options.json && options.ndjson) throw new Failure('usage', '--json and --ndjson exclude each other');
  if (options.json) return 'json';
  return options.ndjson ? 'ndjson' : 'text';
}

export const tcp = option.boolean('TCP sockets', { letter: 't' });
export const udp = option.boolean('UDP and UDP-Lite sockets', { letter: 'u' });

/** The protocols of a stream of counts or events: the given ones, both without an option. */
export function protosOf({ tcp, udp }: { tcp: boolean; udp: boolean }): ('tcp' | 'udp')[] {
  const protos: ('tcp' | 'udp')[] = [];
  if (tcp || !udp) protos.push('tcp');
  if (udp || !tcp) protos.push('udp');
  return protos;
}

export const ipv4 = option.boolean('IPv4 only (also -4)');
export const ipv6 = option.boolean('IPv6 only (also -6)');

export const all = option.boolean('Include namespaces without containers, and the host', { letter: 'a' });

export const netns = option.boolean('All of the network namespace that a container is in, not only its own sockets');

export const ss = option.boolean('Parse FILTER like ss: and/or have equal precedence');

export const yes = option.boolean('Do not ask for confirmation', { letter: 'y' });

export const noEvents = option.boolean('Do not listen for closed sockets: no closes per second, no cost for the host');

export const noStack = option.boolean(
  'Do not look at programs: read no executable and no configuration file of a process',
);

export const forTime = option.duration('Stop after this time, for example 30s or 5m; until Ctrl-C when absent');

export const interval = option.value('TIME', 'Time between two samples, at least 100ms; default 1s', parseInterval);

/** Milliseconds; the default of {@link interval}. */
export const DEFAULT_INTERVAL_MS = 1000;

/** A shorter interval would mostly measure the sampling itself. */
const MIN_INTERVAL_MS = 100;

/** Milliseconds. @throws {Failure} `usage` for less than 100 ms */
export function parseInterval(text: string): number {
  const ms = parseTime(text);
  if (ms < MIN_INTERVAL_MS) throw new Failure('usage', `"${text}" is too short; the minimum is ${MIN_INTERVAL_MS}ms`);
  return ms;
}

/** A whole number from 1 on. @throws {Failure} `usage` */
export function parseCount(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new Failure('usage', `"${text}" is not a positive whole number`);
  return Number(text);
}

/** The keys of `--by`, without duplicates. @throws {Failure} `usage` for an unknown key, an empty one, and for none */
export function parseKeys(text: string): readonly GroupKey[] {
  const keys = text.split(',').map((key) => key.trim());
  const isKey = (key: string): key is GroupKey => GROUP_KEYS.some((known) => known === key);
  const known = keys.filter(isKey);
  const unknown = keys.find((key) => !isKey(key));
  const available = `available: ${GROUP_KEYS.join(', ')}`;
  if (keys.every((key) => key === '')) throw new Failure('usage', `needs a key; ${available}`);
  if (unknown === '') throw new Failure('usage', `"${text}" has an empty key; write ${known.join(',')}`);
  if (unknown !== undefined) {
    const meant = nearest(unknown, GROUP_KEYS);
    throw new Failure(
      'usage',
      `unknown key "${unknown}"; ${meant === undefined ? available : `did you mean ${meant}?`}`,
    );
  }
  return [...new Set(known)];
}

/** Options that change what the doctor's rules assume. */
export const ruleOptions = {
  set: option.texts('RULE.SETTING=VALUE', 'Change a setting of a rule, CLOSE_WAIT_LEAK.minAgeMs=10s; repeatable'),
  serverLimit: option.texts('HOST:PORT=N', 'Connections that a server accepts in total: db:3306=151; repeatable'),
  replicas: option.texts('[SERVICE=]N', 'Instances of a service on all hosts together: webhook=4; repeatable'),
  config: option.text('FILE', 'Read this file instead of socklens.toml in the working directory', {
    propose: proposeFiles,
  }),
};
