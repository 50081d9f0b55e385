import net from 'node:net';
import { Failure } from '../../model/failure.ts';

/** The hosts of `[serve] hosts`; they may change while the server runs. */
export interface Discovery {
  /** `HOST:PORT`, where each answers `/metrics`. */
  hosts: readonly string[];
}

/** A group of targets, https://prometheus.io/docs/prometheus/latest/http_sd. */
interface TargetGroup {
  targets: readonly string[];
  labels: Readonly<Record<string, string>>;
}

/** What `/sd` answers: Prometheus and VictoriaMetrics ask it which hosts to scrape. */
export function targetGroups({ hosts }: Discovery): TargetGroup[] {
  return hosts.length === 0 ? [] : [{ targets: hosts, labels: {} }];
}

/**
 * Checks the configured hosts.
 *
 * @returns each of them once, lower case as host names are
 * @throws {Failure} `usage` for what is none of `HOST:PORT` and `[ADDRESS]:PORT`
 */
export function checkedHosts(texts: readonly string[]): string[] {
  return [...new Set(texts.map(checkedHost))];
}

function checkedHost(text: string): string {
  const [, address, name, port] = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9_.-]+)):(\d{1,5})$/i.exec(text) ?? [];
  const isPort = Number(port) > 0 && Number(port) <= 65_535;
  if (!isPort || (address !== undefined && !net.isIPv6(address)) || (name ?? '').startsWith('-'))
    throw new Failure('usage', `"${text}" is no host and port; write db-1.example:9477 or [2001:db8::1]:9477`);
  return text.toLowerCase();
}
