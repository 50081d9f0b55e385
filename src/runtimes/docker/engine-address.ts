import type { EngineTls } from './tls.ts';

/** The address of an Engine. */
export type EngineAddress =
  | { kind: 'unix'; path: string }
  | {
      kind: 'tcp';
      /** Name or textual address as it was written, IPv6 without its brackets. */
      host: string;
      /** The textual address that `host` stands for; `host` itself until it is looked up. */
      connectTo: string;
      port: number;
      /** Absent for a connection without TLS. */
      tls?: EngineTls;
    };

/** An address that cannot be used from this machine. */
export interface UnusableAddress {
  kind: 'unusable';
  /** `elsewhere` for an Engine on another machine, `nonsense` for text that is not an address. */
  error: 'elsewhere' | 'nonsense';
  /** Continues "docker: ADDRESS (DOCKER_HOST) …", and says what to do. */
  reason: string;
}

/** Docker's registered ports, without and with TLS. */
const PORT = 2375;
const TLS_PORT = 2376;

/**
 * An address as DOCKER_HOST, CONTAINER_HOST and contexts write it: `unix:///run/docker.sock`,
 * `tcp://127.0.0.1:2375`, `ssh://user@host`.
 *
 * @param tls what to use on `tcp://`; undefined for a connection without TLS
 */
export function parseEngineAddress(text: string, tls?: EngineTls): EngineAddress | UnusableAddress {
  const [, scheme, rest = ''] = /^(?:([a-z]+):\/\/)?(.*)$/s.exec(text) ?? [];
  switch (scheme) {
    case 'unix':
      return rest.startsWith('/') ? { kind: 'unix', path: rest } : nonsense('does not name a socket by its full path');
    case 'ssh':
      return elsewhere('is reached through ssh, so its containers are on another machine');
    case 'npipe':
      return nonsense('is a named pipe, which exists on Windows only');
    case undefined:
    case 'tcp':
    case 'http':
      return parseHostPort(rest, tls);
    case 'https':
      return tls === undefined ? nonsense('needs DOCKER_TLS_VERIFY and DOCKER_CERT_PATH') : parseHostPort(rest, tls);
    default:
      return nonsense('is not a supported kind of address (unix://, tcp://)');
  }
}

function parseHostPort(text: string, tls: EngineTls | undefined): EngineAddress | UnusableAddress {
  const [, ipv6, name, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:/@\s]+))(?::(\d{1,5}))?\/?$/.exec(text) ?? [];
  const host = ipv6 ?? name;
  const number = port === undefined ? (tls === undefined ? PORT : TLS_PORT) : Number(port);
  if (host === undefined || number < 1 || number > 65535) return nonsense('is not a host and port');
  return { kind: 'tcp', host, connectTo: host, port: number, ...(tls !== undefined && { tls }) };
}

/** An Engine on another machine. */
export function elsewhere(reason: string): UnusableAddress {
  return { kind: 'unusable', error: 'elsewhere', reason: `${reason}; run socklens there` };
}

/** A setting that leads to no Engine. */
export function nonsense(reason: string): UnusableAddress {
  return { kind: 'unusable', error: 'nonsense', reason: `${reason}; correct that setting` };
}

/** An address at which an Engine may listen. */
export interface EngineEndpoint {
  /** The expected runtime; its first answer decides. */
  runtime: 'docker' | 'podman';
  /** As it was written: `unix:///var/run/docker.sock`. */
  uri: string;
  /** Where the address comes from: `DOCKER_HOST`, `context "remote"`, `default`. */
  source: string;
  address: EngineAddress | UnusableAddress;
}
