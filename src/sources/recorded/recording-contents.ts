import type { WatchedContainer, WatchedNetns } from '../../model/netns/netns.ts';
import { checked, NAMES, NAMESPACES } from '../../recording/line-shapes.ts';
import type { NamesLine, NamespacesLine } from '../../recording/lines.ts';
import { RecordingError } from '../../recording/recording-error.ts';
import type { RecordingInput } from './recording-input.ts';

/** Namespaces, containers and names that occur anywhere in a recording. */
export interface RecordingContents {
  /** Namespaces at any time; one that changed is in it several times. */
  namespaces: readonly WatchedNetns[];
  /** Containers by their ids, as last recorded. */
  containers: ReadonlyMap<string, WatchedContainer>;
  /** Addresses by their names. */
  addresses: ReadonlyMap<string, ReadonlySet<string>>;
  /** Time of the last tick, milliseconds since the epoch; undefined where there is none. */
  lastMs: number | undefined;
}

/** How lines begin: most are not parsed. */
const TICK = /^\{"type":"tick","at":(\d+)/;
const KNOWN = /^\{"type":"(spaces|names)"/;

/**
 * Reads a recording without decoding its ticks.
 *
 * @throws {Failure} `usage` when it cannot be read
 */
export async function contentsOf(input: RecordingInput): Promise<RecordingContents> {
  const namespaces: WatchedNetns[] = [];
  const containers = new Map<string, WatchedContainer>();
  const addresses = new Map<string, Set<string>>();
  let lastMs: number | undefined;
  for await (const text of input.texts({ error: undefined })) {
    const tick = TICK.exec(text);
    if (tick !== null) lastMs = Number(tick[1]);
    else if (KNOWN.test(text)) {
      const line = parsed(text);
      if (line === undefined) break;
      if (line.type === 'names') addNames(addresses, line);
      else {
        namespaces.push(...line.spaces);
        for (const container of line.containers) containers.set(container.id, container);
      }
    }
  }
  return { namespaces, containers, addresses, lastMs };
}

/** @returns undefined for a damaged line, beyond which the recording is not read */
function parsed(text: string): NamespacesLine | NamesLine | undefined {
  try {
    const line: unknown = JSON.parse(text);
    return text.startsWith('{"type":"names"')
      ? { type: 'names', ...checked(NAMES, line, 'names') }
      : { type: 'spaces', ...checked(NAMESPACES, line, 'spaces') };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RecordingError) return undefined;
    throw error;
  }
}

function addNames(addresses: Map<string, Set<string>>, { hosts }: NamesLine): void {
  for (const [address, name] of Object.entries(hosts)) {
    const known = addresses.get(name) ?? new Set();
    addresses.set(name, known.add(address));
  }
}
