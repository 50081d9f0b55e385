import { parseIpv4, parseIpv6 } from '../model/address.ts';
import type { RecordingLine } from './lines.ts';

/** Programs that many run: their names give nobody away, and tell what stack it is. */
const COMMON_PROGRAMS: ReadonlySet<string> = new Set([
  ...['node', 'java', 'python', 'python3', 'ruby', 'php', 'php-fpm', 'nginx', 'haproxy', 'envoy', 'caddy', 'httpd'],
  ...['mysqld', 'mariadbd', 'postgres', 'redis-server', 'mongod', 'memcached', 'gunicorn', 'uvicorn', 'puma', 'sh'],
  ...['bash', 'busybox', 'docker-proxy', 'dockerd', 'containerd', 'containerd-shim', 'systemd', 'init', 'deno', 'bun'],
]);

/** Labels whose names tell on which platform a container runs; their values are replaced, all others are left out. */
const PLATFORM_LABELS = /^(com\.docker\.(compose|swarm)\.|com\.amazonaws\.ecs\.|io\.kubernetes\.)/;

/** Keys under which a line has text that somebody chose, and what it is called instead. */
const NAMES: Readonly<Record<string, string>> = {
  ...{ container: 'container', path: 'path', image: 'image', target: 'target' },
  cgroup: 'cgroup',
};

/**
 * Replaces addresses and names in lines of a recording, the same one always by the same other, so that an
 * incident can be shared. Loopback and unspecified addresses stay; private ones stay private (10.x).
 */
export class Redactor {
  readonly #addresses = new Map<string, string>();
  readonly #names = new Map<string, string>();
  readonly #counts = new Map<string, number>();
  #inet = 0;
  #inet6 = 0;

  line(line: RecordingLine): RecordingLine {
    switch (line.type) {
      case 'socklens-recording':
        return { ...line, target: this.#targets(line.target), redacted: true };
      case 'names': {
        const hosts: Record<string, string> = {};
        for (const [address, name] of Object.entries(line.hosts)) hosts[this.#address(address)] = this.#host(name);
        return { ...line, hosts };
      }
      case 'tick':
        // Sentences may name anybody.
        return this.#walk({ ...line, notes: line.notes === undefined ? undefined : ['(redacted)'] }) as RecordingLine;
      default:
        return this.#walk(line) as RecordingLine;
    }
  }

  #walk(value: unknown, key = ''): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#walk(item, key));
    if (value !== null && typeof value === 'object') {
      return Object.fromEntries(
        Object.entries(value).map(([name, item]) => [name, this.#field(name, item, value as Record<string, unknown>)]),
      );
    }
    return typeof value === 'string' ? this.#text(key, value) : value;
  }

  #field(name: string, item: unknown, around: Record<string, unknown>): unknown {
    if (name === 'labels') return this.#labels(item as Record<string, string>);
    if (name === 'targets') return (item as string[]).map((target) => this.#targets(target));
    if (name === 'notes') return ['(redacted)'];
    if (name === 'name' && typeof item === 'string') return this.#ownName(item, around);
    return this.#walk(item, name);
  }

  /** A `name` is a process's beside a pid, a namespace's beside targets, a network's is nobody's, otherwise a container's or host's. */
  #ownName(name: string, around: Record<string, unknown>): string {
    if ('soft' in around && 'hard' in around) return name;
    if ('targets' in around) return this.#targets(name);
    if ('runtime' in around) return this.#alias('container', name);
    return 'pid' in around ? this.#process(name) : this.#host(name);
  }

  #text(key: string, text: string): string {
    if (key === 'local' || key === 'peer' || key === 'address' || key === 'gateways') return this.#address(text);
    if (key === 'process') return this.#process(text);
    if (key === 'network') return this.#alias('network', text);
    if (key === 'id') return this.#id(text);
    const kind = NAMES[key];
    return kind === undefined ? text : this.#alias(kind, text);
  }

  /** Several with commas; `host`, `all`, `pid:N` and `netns:` say nothing that is not said anyway. */
  #targets(text: string): string {
    return text
      .split(',')
      .map((target) => {
        if (/^(host|all|pid:\d+)$/.test(target)) return target;
        if (target.startsWith('netns:')) return `netns:${this.#alias('netns', target)}`;
        return this.#alias('container', target.replace(/^(docker|podman):/, ''));
      })
      .join(',');
  }

  #labels(labels: Record<string, string>): Record<string, string> {
    const kept = Object.entries(labels).filter(([name]) => PLATFORM_LABELS.test(name));
    return Object.fromEntries(kept.map(([name, value]) => [name, this.#alias('label', value)]));
  }

  #host(name: string): string {
    if (name === 'host' || name === 'gateway' || name === 'localhost') return name;
    return this.#names.get(`container ${name}`) ?? this.#alias('container', name);
  }

  #process(name: string): string {
    return COMMON_PROGRAMS.has(name) ? name : this.#alias('process', name);
  }

  /** Ids keep their form, so that they still are ids. */
  #id(id: string): string {
    const number = this.#alias('', id).replace(/\D/g, '');
    return number.padStart(id.length, '0');
  }

  #alias(kind: string, name: string): string {
    const key = `${kind} ${name}`;
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const number = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, number);
    const alias = `${kind}-${number}`;
    this.#names.set(key, alias);
    return alias;
  }

  #address(text: string): string {
    const mapped = text.startsWith('::ffff:') && text.includes('.');
    if (mapped) return `::ffff:${this.#address(text.slice(7))}`;
    if (text.startsWith('127.') || text === '0.0.0.0' || text === '::' || text === '::1') return text;
    const known = this.#addresses.get(text);
    if (known !== undefined) return known;
    const made = this.#newAddress(text);
    this.#addresses.set(text, made);
    return made;
  }

  #newAddress(text: string): string {
    if (parseIpv4(text) !== undefined) {
      this.#inet++;
      return `10.${(this.#inet >> 16) & 255}.${(this.#inet >> 8) & 255}.${this.#inet & 255}`;
    }
    if (parseIpv6(text) === undefined) return text;
    this.#inet6++;
    return `fd00::${this.#inet6.toString(16)}`;
  }
}
