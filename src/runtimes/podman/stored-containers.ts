/** A container in `containers.json` of containers/storage, which Podman and CRI-O use. */
export interface StoredContainer {
  /** Its present name: one that was renamed has the new one. */
  name: string;
  /** Name of its image; absent where it does not say. */
  image?: string;
}

/**
 * The containers of a storage by id, running or not: `[{"id", "names": [NAME], "metadata": JSON}]`.
 *
 * @param json anything: what is not of the expected type is left out
 */
export function parseStoredContainers(json: unknown): Map<string, StoredContainer> {
  const stored = new Map<string, StoredContainer>();
  for (const entry of Array.isArray(json) ? (json as unknown[]) : []) {
    if (typeof entry !== 'object' || entry === null) continue;
    const { id, names, metadata } = entry as { id?: unknown; names?: unknown; metadata?: unknown };
    const name: unknown = Array.isArray(names) ? names[0] : undefined;
    if (typeof id !== 'string' || !/^[0-9a-f]{64}$/.test(id) || typeof name !== 'string' || name === '') continue;
    const image = imageIn(metadata);
    stored.set(id, { name, ...(image !== undefined && { image }) });
  }
  return stored;
}

function imageIn(metadata: unknown): string | undefined {
  if (typeof metadata !== 'string') return undefined;
  try {
    const { 'image-name': image } = (JSON.parse(metadata) ?? {}) as { 'image-name'?: unknown };
    return typeof image === 'string' && image !== '' ? image : undefined;
  } catch {
    return undefined;
  }
}
