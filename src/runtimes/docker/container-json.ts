import type {
  ContainerAddress,
  ContainerDetails,
  ContainerFacts,
  DeclaredLimit,
  PublishedPort,
} from '../../model/container/container.ts';
import {
  asArray,
  asArrayOrNone,
  asBoolean,
  asInteger,
  asObject,
  asObjectOrNone,
  asString,
  asStringOrNone,
  type JsonObject,
  ShapeError,
} from './json.ts';

/**
 * The answer to `GET /containers/json`.
 *
 * @throws {ShapeError} when it is not that
 */
export function readContainerList(json: unknown, runtime: string): ContainerFacts[] {
  return asArray(json, '').map((entry, index) => {
    const where = `[${index}]`;
    const container = asObject(entry, where);
    const names = asArrayOrNone(container.Names, `${where}.Names`).map((name, at) =>
      withoutSlash(asString(name, `${where}.Names[${at}]`)),
    );
    const id = readId(container, where);
    // A link adds `other/alias`; the container's own name has no second slash.
    const name = names.find((candidate) => !candidate.includes('/')) ?? id.slice(0, 12);
    return {
      ...readFacts(container, container.Labels, runtime, where),
      id,
      name,
    };
  });
}

/**
 * The answer to `GET /containers/{name}/json`.
 *
 * @throws {ShapeError} when it is not that
 */
export function readContainerDetails(json: unknown, runtime: string): ContainerDetails {
  const container = asObject(json, '');
  const state = asObject(container.State, 'State');
  const running = asBoolean(state.Running, 'State.Running');
  const pid = asInteger(state.Pid, 'State.Pid');
  const startedAt = readTime(state, 'StartedAt');
  const finishedAt = readTime(state, 'FinishedAt');
  const config = asObject(container.Config, 'Config');
  return {
    ...readFacts(container, config.Labels, runtime, ''),
    id: readId(container, ''),
    name: withoutSlash(asString(container.Name, 'Name')),
    running,
    limits: readLimits(container),
    ...readPidsLimit(container),
    ...readImage(config),
    ...readOciRuntime(container),
    command: readCommand(container),
    sysctls: readStrings(asObjectOrNone(container.HostConfig, 'HostConfig').Sysctls, 'HostConfig.Sysctls'),
    published: readPublishedPorts(container),
    ...(running && pid > 0 && { pid }),
    ...(startedAt !== undefined && { startedAt }),
    ...(!running && finishedAt !== undefined && { finishedAt }),
  };
}

/** The 64 hexadecimal digits of a container's id. @param where path of the container, for the error @throws {ShapeError} */
export function readId(container: JsonObject, where: string): string {
  const id = asString(container.Id, `${where}.Id`);
  // It goes into the paths of further questions.
  if (!/^[0-9a-f]{64}$/.test(id)) throw new ShapeError(`${where}.Id should be 64 hexadecimal digits`);
  return id;
}

function withoutSlash(name: string): string {
  return name.startsWith('/') ? name.slice(1) : name;
}

/** What the list and the details spell alike. */
function readFacts(
  container: JsonObject,
  labels: unknown,
  runtime: string,
  where: string,
): Pick<ContainerFacts, 'runtime' | 'labels' | 'addresses' | 'gateways' | 'networkMode'> {
  const settings = asObjectOrNone(container.NetworkSettings, `${where}.NetworkSettings`);
  const networks = asObjectOrNone(settings.Networks, `${where}.NetworkSettings.Networks`);
  const addresses: ContainerAddress[] = [];
  const gateways = new Set<string>();
  for (const [network, value] of Object.entries(networks)) {
    const at = `${where}.NetworkSettings.Networks[${JSON.stringify(network)}]`;
    const endpoint = asObjectOrNone(value, at);
    for (const field of ['IPAddress', 'GlobalIPv6Address']) {
      const address = asStringOrNone(endpoint[field], `${at}.${field}`);
      if (address !== '') addresses.push({ network, address });
    }
    for (const field of ['Gateway', 'IPv6Gateway']) {
      const gateway = asStringOrNone(endpoint[field], `${at}.${field}`);
      if (gateway !== '') gateways.add(gateway);
    }
  }
  const host = asObjectOrNone(container.HostConfig, `${where}.HostConfig`);
  const mode = asStringOrNone(host.NetworkMode, `${where}.HostConfig.NetworkMode`);
  return {
    runtime,
    labels: readStrings(labels, `${where}.Labels`),
    addresses,
    gateways: [...gateways],
    // Engines before 26 keep the client's `default`, which is the bridge on Linux.
    ...(mode !== '' && { networkMode: mode === 'default' ? 'bridge' : mode }),
  };
}

/** An object of strings, such as labels; empty for null. @param where its name, for the error @throws {ShapeError} */
export function readStrings(value: unknown, where: string): Readonly<Record<string, string>> {
  const strings = asObjectOrNone(value, where);
  for (const [name, text] of Object.entries(strings)) asString(text, `${where}[${JSON.stringify(name)}]`);
  return strings as Readonly<Record<string, string>>;
}

/** Null, 0 and -1 are no limit. */
function readPidsLimit(container: JsonObject): { pidsLimit?: number } {
  const value = asObjectOrNone(container.HostConfig, 'HostConfig').PidsLimit;
  if (value === undefined || value === null) return {};
  const pidsLimit = asInteger(value, 'HostConfig.PidsLimit');
  return pidsLimit > 0 ? { pidsLimit } : {};
}

function readCommand(container: JsonObject): string[] {
  const program = asStringOrNone(container.Path, 'Path');
  const rest = asArrayOrNone(container.Args, 'Args').map((word, index) => asString(word, `Args[${index}]`));
  return program === '' ? rest : [program, ...rest];
}

function readOciRuntime(container: JsonObject): { ociRuntime?: string } {
  const host = asObjectOrNone(container.HostConfig, 'HostConfig');
  const ociRuntime = asStringOrNone(host.Runtime, 'HostConfig.Runtime');
  return ociRuntime === '' ? {} : { ociRuntime };
}

function readImage(config: JsonObject): { image?: string } {
  const image = asStringOrNone(config.Image, 'Config.Image');
  return image === '' ? {} : { image };
}

/** `{"8080/tcp": [{"HostIp": "0.0.0.0", "HostPort": "32768"}], "9000/tcp": null}`: the second is only exposed. */
function readPublishedPorts(container: JsonObject): PublishedPort[] {
  const settings = asObjectOrNone(container.NetworkSettings, 'NetworkSettings');
  const ports = asObjectOrNone(settings.Ports, 'NetworkSettings.Ports');
  return Object.entries(ports).flatMap(([key, bindings]) => {
    const where = `NetworkSettings.Ports[${JSON.stringify(key)}]`;
    const [port = '', proto = 'tcp'] = key.split('/');
    // Once for each address of the host, IPv4 and IPv6.
    const hostPorts = asArrayOrNone(bindings, where).map((entry, index) =>
      Number(asStringOrNone(asObject(entry, `${where}[${index}]`).HostPort, `${where}[${index}].HostPort`)),
    );
    const exposed = { proto, containerPort: Number(port) };
    return hostPorts.length === 0 ? [exposed] : [...new Set(hostPorts)].map((hostPort) => ({ ...exposed, hostPort }));
  });
}

/** `[{"Name": "nofile", "Soft": 1024, "Hard": 2048}]`, or null; Podman writes `RLIMIT_NOFILE`. -1 is unlimited. */
function readLimits(container: JsonObject): DeclaredLimit[] {
  const host = asObjectOrNone(container.HostConfig, 'HostConfig');
  return asArrayOrNone(host.Ulimits, 'HostConfig.Ulimits').map((entry, index) => {
    const where = `HostConfig.Ulimits[${index}]`;
    const limit = asObject(entry, where);
    return {
      name: asString(limit.Name, `${where}.Name`)
        .toLowerCase()
        .replace(/^rlimit_/, ''),
      soft: readLimit(limit.Soft, `${where}.Soft`),
      hard: readLimit(limit.Hard, `${where}.Hard`),
    };
  });
}

function readLimit(value: unknown, where: string): number {
  const limit = asInteger(value, where);
  return limit < 0 ? Number.POSITIVE_INFINITY : limit;
}

/** Go's zero time means never. */
function readTime(state: JsonObject, field: string): string | undefined {
  const text = asStringOrNone(state[field], `State.${field}`);
  if (text === '' || text.startsWith('0001-01-01T')) return undefined;
  if (Number.isNaN(Date.parse(text))) throw new ShapeError(`State.${field} should be a time`);
  return text;
}
