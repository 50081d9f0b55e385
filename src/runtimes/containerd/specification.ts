import type { ContainerDetails, DeclaredLimit } from '../../model/container/container.ts';

/** What is read of an OCI runtime specification, `config.json`. Its environment has secrets: it is never read. */
export interface SpecificationFacts extends Pick<ContainerDetails, 'limits' | 'sysctls' | 'command'> {
  annotations: Readonly<Record<string, string>>;
  pidsLimit?: number;
  image?: string;
  /** True for a container without a network namespace of its own or of another container. */
  hostNetwork: boolean;
}

/** Longest annotation that is kept: names are short, some tools write whole documents. */
const MOST_TEXT = 4096;

/** What is taken of a container's verbose status in CRI. */
export interface VerboseStatus extends SpecificationFacts {
  /** In the runtime's PID namespace; absent where it has none. */
  pid?: number;
  /** `io.containerd.runc.v2`; absent where it is not told, as by CRI-O. */
  ociRuntime?: string;
}

/**
 * Reads the verbose part of a container's status: JSON with the runtime's specification, of containerd and of CRI-O.
 *
 * @param text anything, as {@link readSpecification}
 */
export function readVerboseStatus(text: string | undefined): VerboseStatus {
  const { pid, runtimeType, runtimeSpec } = object(parsed(text));
  return {
    ...readSpecification(runtimeSpec),
    ...(Number.isInteger(pid) && (pid as number) > 0 && { pid: pid as number }),
    ...(typeof runtimeType === 'string' && runtimeType !== '' && { ociRuntime: runtimeType }),
  };
}

/** @param bytes JSON; others are read as an empty specification */
export function readSpecificationBytes(bytes: Uint8Array | undefined): SpecificationFacts {
  return readSpecification(parsed(new TextDecoder().decode(bytes)));
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Reads an OCI runtime specification, https://github.com/opencontainers/runtime-spec/blob/main/config.md.
 *
 * @param spec anything: what is not of the expected type is left out
 */
export function readSpecification(spec: unknown): SpecificationFacts {
  const { process, linux, annotations } = object(spec);
  const { args, rlimits } = object(process);
  const { namespaces, resources, sysctl } = object(linux);
  const texts = strings(annotations);
  const image = texts['io.kubernetes.cri.image-name'];
  const pidsLimit = object(object(resources).pids).limit;
  return {
    annotations: texts,
    command: array(args).filter((word) => typeof word === 'string'),
    limits: array(rlimits).flatMap(declaredLimit),
    sysctls: strings(sysctl),
    ...(typeof pidsLimit === 'number' && pidsLimit > 0 && { pidsLimit }),
    ...(image !== undefined && { image }),
    hostNetwork: Array.isArray(namespaces) && !namespaces.some((entry) => object(entry).type === 'network'),
  };
}

/**
 * `{"type": "RLIMIT_NOFILE", "soft": 1024, "hard": 4096}`. RLIM_INFINITY is the largest 64-bit number, of which JSON.parse
 * makes a neighbour.
 */
function declaredLimit(entry: unknown): DeclaredLimit[] {
  const { type, soft, hard } = object(entry);
  const [, name] = (typeof type === 'string' && /^RLIMIT_([A-Z]{1,16})$/.exec(type)) || [];
  if (name === undefined || typeof soft !== 'number' || typeof hard !== 'number') return [];
  return [{ name: name.toLowerCase(), soft: limit(soft), hard: limit(hard) }];
}

function limit(value: number): number {
  return value < 0 || value >= 2 ** 63 ? Number.POSITIVE_INFINITY : value;
}

function object(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function array(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function strings(value: unknown): Record<string, string> {
  const kept = Object.entries(object(value)).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1].length <= MOST_TEXT,
  );
  return Object.fromEntries(kept);
}
