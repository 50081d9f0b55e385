import { Aliases } from './aliases.ts';
import type { RecordingLine } from './lines.ts';
import { COMMON_PROGRAMS, COMMON_SERVICES, PLATFORM_LABELS, SAID_ANYWAY } from './public-words.ts';

/** Keys under which a text is one of a few words of ours, a number as text, or a setting of the kernel. */
const OURS: ReadonlySet<string> = new Set([
  'type',
  'proto',
  'family',
  'source',
  'outcome',
  'role',
  'runtime',
  'ociRuntime',
  'cut',
]);

/** Keys under which an object's own keys are words of ours, and its values numbers. */
const NUMBERS: ReadonlySet<string> = new Set(['counters', 'sockstat', 'byKind']);

type Redact = (redactor: Redactor, value: unknown, around: Readonly<Record<string, unknown>>) => unknown;

/** What is not gone through key by key. */
const SPECIAL: Readonly<Record<string, Redact>> = {
  // Sentences may name anybody.
  notes: () => ['(redacted)'],
  labels: (redactor, labels) => redactor.labels(labels as Record<string, string>),
  hosts: (redactor, hosts) => redactor.hosts(hosts as Record<string, string>),
  services: (redactor, services) => redactor.services(services as Record<string, string>),
  declared: (redactor, declared) => redactor.declared(declared as Record<string, unknown>),
  // Names of settings are the kernel's, values are numbers.
  sysctls: (_, sysctls) => sysctls,
  name: (redactor, name, around) => redactor.name(String(name), around),
};

/** How texts are replaced, by the keys that they stand under. What is not named here is replaced too. */
const TEXTS: Readonly<Record<string, (aliases: Aliases, text: string) => string>> = {
  local: address,
  peer: address,
  address,
  addresses: address,
  gateways: address,
  target,
  targets: target,
  container: named,
  localName: named,
  peerName: named,
  localService: service,
  peerService: service,
  process: program,
  id: (aliases, id) => aliases.id(id),
  network: (aliases, text) => network(aliases, text),
  networkMode: (aliases, text) => network(aliases, text),
  cgroup: (aliases, text) => cgroup(aliases, text),
  path: (aliases, text) => (text.startsWith('@') ? '@' : '') + aliases.of('path', text),
};

/**
 * Replaces addresses and names in lines of a recording, the same one always by the same other, so that an
 * incident can be shared. What it does not know is replaced: a text stays only where it is known to be no
 * name. Loopback and unspecified addresses stay, private ones stay private.
 */
export class Redactor {
  readonly #aliases = new Aliases();

  line(line: RecordingLine): RecordingLine {
    const redacted = this.#object({ ...line });
    return (line.type === 'socklens-recording'
      ? { ...redacted, redacted: true }
      : redacted) as unknown as RecordingLine;
  }

  #object(object: Record<string, unknown>): Record<string, unknown> {
    return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, this.#field(key, value, object)]));
  }

  #field(key: string, value: unknown, around: Readonly<Record<string, unknown>>): unknown {
    const special = SPECIAL[key];
    if (special !== undefined) return special(this, value, around);
    return NUMBERS.has(key) ? value : this.#value(key, value);
  }

  #value(key: string, value: unknown): unknown {
    if (typeof value === 'string') return OURS.has(key) ? value : (TEXTS[key] ?? other)(this.#aliases, value);
    if (Array.isArray(value)) return value.map((item) => this.#value(key, item));
    return value !== null && typeof value === 'object' ? this.#object(value as Record<string, unknown>) : value;
  }

  /** The name of a limit, a namespace, a process, or a container. */
  name(text: string, around: Readonly<Record<string, unknown>>): string {
    if ('soft' in around && 'hard' in around) return text;
    if ('targets' in around) return target(this.#aliases, text);
    return 'pid' in around && !('runtime' in around) ? program(this.#aliases, text) : named(this.#aliases, text);
  }

  /** Labels that tell on which platform a container runs stay, with other values; all others are left out. */
  labels(labels: Readonly<Record<string, string>>): Record<string, string> {
    const kept = Object.entries(labels).filter(([label]) => PLATFORM_LABELS.has(label));
    return Object.fromEntries(kept.map(([label, value]) => [label, named(this.#aliases, value)]));
  }

  hosts(hosts: Readonly<Record<string, string>>): Record<string, string> {
    return Object.fromEntries(
      Object.entries(hosts).map(([key, name]) => [address(this.#aliases, key), named(this.#aliases, name)]),
    );
  }

  services(services: Readonly<Record<string, string>>): Record<string, string> {
    return Object.fromEntries(Object.entries(services).map(([port, name]) => [port, service(this.#aliases, name)]));
  }

  /** By container id. */
  declared(declared: Readonly<Record<string, unknown>>): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(declared).map(([id, settings]) => [this.#aliases.id(id), this.#value('', settings)]),
    );
  }
}

function other(aliases: Aliases, text: string): string {
  return text === '' ? text : aliases.of('text', text);
}

function address(aliases: Aliases, text: string): string {
  return aliases.address(text);
}

function named(aliases: Aliases, text: string): string {
  return text === '' || SAID_ANYWAY.test(text) ? text : aliases.of('name', text);
}

function program(aliases: Aliases, text: string): string {
  return COMMON_PROGRAMS.has(text) ? text : aliases.of('process', text);
}

function service(aliases: Aliases, text: string): string {
  return text === '' || COMMON_SERVICES.has(text) ? text : aliases.of('service', text);
}

/** Several with commas. */
function target(aliases: Aliases, text: string): string {
  return text
    .split(',')
    .map((one) => {
      const [, prefix = '', name = ''] =
        /^(docker:|podman:|containerd:|netns:|compose:|pod:|ecs:)?(.*)$/s.exec(one) ?? [];
      return prefix + (prefix === 'netns:' ? aliases.of('netns', name) : named(aliases, name));
    })
    .join(',');
}

function network(aliases: Aliases, text: string): string {
  const shared = /^container:(.+)$/s.exec(text)?.[1];
  if (shared !== undefined) return `container:${aliases.id(shared)}`;
  return /^(|bridge|host|none|default)$/.test(text) ? text : aliases.of('network', text);
}

/** What tells the platform stays. */
function cgroup(aliases: Aliases, text: string): string {
  const [platform = ''] =
    /^\/(ecs|docker|podman|kubepods|system\.slice|user\.slice|machine\.slice)(?=[/.-]|$)/.exec(text) ?? [];
  return `${platform}/${aliases.of('cgroup', text)}`;
}
