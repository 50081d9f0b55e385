import type { PodOfContainer } from '../model/container/pod.ts';
import { Aliases } from '../model/redaction/aliases.ts';
import { COMMON_SERVICES } from '../model/redaction/common-names.ts';
import type { StackFacts } from '../model/stack/stack-facts.ts';
import type { RecordingLine } from './lines.ts';
import { named, namedPod, redactedLabels, redactedPod } from './redacted-names.ts';

/** Keys whose values are from a fixed set. */
const ENUMERATED: ReadonlySet<string> = new Set([
  'type',
  'proto',
  'family',
  'source',
  'outcome',
  'event',
  'eventSource',
  'errno',
  'closedBy',
  'attribution',
  'role',
  'runtime',
  'ociRuntime',
  'cut',
  // Numbers of netlink groups.
  'groups',
]);

/** Keys whose values are objects with fixed keys and numbers. */
const NUMBERS: ReadonlySet<string> = new Set(['counters', 'sockstat', 'byKind']);

/** Redacts the value of a key. @param around the object that has the key */
type Redact = (redactor: Redactor, value: unknown, around: Readonly<Record<string, unknown>>) => unknown;

/** Keys whose values are not redacted recursively. */
const SPECIAL: Readonly<Record<string, Redact>> = {
  // Sentences can contain any name.
  notes: () => ['(redacted)'],
  pod: (redactor, pod) => redactor.pod(pod as PodOfContainer),
  labels: (redactor, labels) => redactor.labels(labels as Record<string, string>),
  hosts: (redactor, hosts) => redactor.hosts(hosts as Record<string, string>),
  services: (redactor, services) => redactor.services(services as Record<string, string>),
  declared: (redactor, declared) => redactor.declared(declared as Record<string, unknown>),
  // Names of the kernel, values are numbers.
  sysctls: (_, sysctls) => sysctls,
  pid: (redactor, pid) => redactor.pid(pid),
  holderPids: (redactor, pids) => redactor.pid(pids),
  localPort: (redactor, ports, { proto }) => redactor.portIds(ports, proto),
  peerPort: (redactor, ports, { proto }) => redactor.portIds(ports, proto),
  stacks: (redactor, stacks) => redactor.stacks(stacks as readonly StackFacts[]),
  devices: (redactor, devices) => redactor.devices(devices as Record<string, Record<string, string>>),
  name: (redactor, name, around) => redactor.name(String(name), around),
};

/** How texts are replaced, by key. Texts under other keys are replaced by {@link other}. */
const TEXTS: Readonly<Record<string, (aliases: Aliases, text: string) => string>> = {
  local: address,
  peer: address,
  address,
  addresses: address,
  gateways: address,
  target,
  targets: target,
  container: named,
  runtimeName: named,
  madeBy: named,
  localName: named,
  peerName: named,
  localService: service,
  peerService: service,
  process: program,
  holderProcesses: program,
  id: (aliases, id) => aliases.id(id),
  scope: (aliases, id) => aliases.id(id),
  network: (aliases, text) => network(aliases, text),
  networkMode: (aliases, text) => network(aliases, text),
  cgroup: (aliases, text) => cgroup(aliases, text),
  path: (aliases, text) => (text.startsWith('@') ? '@' : '') + aliases.of('path', text),
};

/**
 * Replaces addresses and names in lines of a recording, the same one always by the same alias, so that a recording of
 * an incident can be shared. Unknown texts are replaced too: a text is preserved only where it is known not to be a
 * name. Loopback and unspecified addresses are preserved, private addresses get private aliases.
 */
export class Redactor {
  readonly #aliases = new Aliases();

  /** Redacts one line. */
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
    if (typeof value === 'string') return ENUMERATED.has(key) ? value : (TEXTS[key] ?? other)(this.#aliases, value);
    if (Array.isArray(value)) return value.map((item) => this.#value(key, item));
    return value !== null && typeof value === 'object' ? this.#object(value as Record<string, unknown>) : value;
  }

  /** Redacts a key `name`: of a limit, a network namespace, a process, or a container, by the other keys. */
  name(text: string, around: Readonly<Record<string, unknown>>): string {
    if ('soft' in around && 'hard' in around) return text;
    if ('targets' in around) return target(this.#aliases, text);
    return 'pid' in around && !('runtime' in around) ? program(this.#aliases, text) : named(this.#aliases, text);
  }

  /** A PID, or a column of them. */
  pid(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.pid(item));
    return typeof value === 'number' ? this.#aliases.pid(value) : value;
  }

  /** A column of ports beside the column of protocols: those of netlink sockets are PIDs. */
  portIds(ports: unknown, protos: unknown): unknown {
    if (!Array.isArray(ports) || !Array.isArray(protos) || !protos.includes('netlink')) return ports;
    const length = Math.max(ports.length, protos.length);
    const at = (column: readonly unknown[], row: number) => (column.length === 1 ? column[0] : column[row]);
    return Array.from({ length }, (_, row) => {
      const port = at(ports, row);
      return at(protos, row) === 'netlink' ? this.pid(port) : port;
    });
  }

  /** Names of interfaces by index, by network namespace. The common ones are preserved. */
  devices(devices: Readonly<Record<string, Readonly<Record<string, string>>>>): Record<string, Record<string, string>> {
    const redacted = (names: Readonly<Record<string, string>>) =>
      Object.entries(names).map(([index, name]) => [
        index,
        /^(lo|eth\d|docker0)$/.test(name) ? name : this.#aliases.of('device', name),
      ]);
    return Object.fromEntries(
      Object.entries(devices).map(([netns, names]) => [netns, Object.fromEntries(redacted(names))]),
    );
  }

  /** Programs of processes. Names of libraries and settings, versions and values are of the products; paths are not. */
  stacks(stacks: readonly StackFacts[]): StackFacts[] {
    const path = <T extends { path?: string }>(item: T): T =>
      item.path === undefined ? item : { ...item, path: this.#aliases.of('path', item.path) };
    return stacks.map((facts) => ({
      ...path(facts),
      pid: this.#aliases.pid(facts.pid),
      libraries: facts.libraries.map(path),
      settings: facts.settings.map((setting) =>
        path(setting.of === undefined ? setting : { ...setting, of: this.#aliases.of('name', setting.of) }),
      ),
    }));
  }

  pod(pod: PodOfContainer): PodOfContainer {
    return redactedPod(this.#aliases, pod);
  }

  labels(labels: Readonly<Record<string, string>>): Record<string, string> {
    return redactedLabels(this.#aliases, labels);
  }

  /** Names of hosts, by address. */
  hosts(hosts: Readonly<Record<string, string>>): Record<string, string> {
    return Object.fromEntries(
      Object.entries(hosts).map(([key, name]) => [address(this.#aliases, key), named(this.#aliases, name)]),
    );
  }

  /** Names of services, by port and protocol. */
  services(services: Readonly<Record<string, string>>): Record<string, string> {
    return Object.fromEntries(Object.entries(services).map(([port, name]) => [port, service(this.#aliases, name)]));
  }

  /** Declared settings, by container id. */
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

function program(aliases: Aliases, text: string): string {
  return text === '' ? text : aliases.of('process', text);
}

function service(aliases: Aliases, text: string): string {
  return text === '' || COMMON_SERVICES.has(text) ? text : aliases.of('service', text);
}

/** A TARGET, or several with commas. */
function target(aliases: Aliases, text: string): string {
  return text
    .split(',')
    .map((one) => {
      const [, prefix = '', name = ''] =
        /^(docker:|podman:|containerd:|netns:|compose:|pod:|ecs:)?(.*)$/s.exec(one) ?? [];
      if (prefix === 'pod:') return prefix + namedPod(aliases, name);
      if (prefix === 'netns:') return prefix + aliases.of('netns', name);
      // Each part has the alias that it has in the labels.
      const parts = prefix === 'compose:' || prefix === 'ecs:' ? name.split('/') : [name];
      return prefix + parts.map((part) => named(aliases, part)).join('/');
    })
    .join(',');
}

function network(aliases: Aliases, text: string): string {
  const shared = /^container:(.+)$/s.exec(text)?.[1];
  if (shared !== undefined) return `container:${aliases.id(shared)}`;
  return /^(|bridge|host|none|default|pod)$/.test(text) ? text : aliases.of('network', text);
}

/** A cgroup path. Its first part, which identifies the platform, is preserved. */
function cgroup(aliases: Aliases, text: string): string {
  const [platform = ''] =
    /^\/(ecs|docker|podman|kubepods|system\.slice|user\.slice|machine\.slice)(?=[/.-]|$)/.exec(text) ?? [];
  return `${platform}/${aliases.of('cgroup', text)}`;
}
