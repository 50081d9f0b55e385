import fs from 'node:fs';
import { regularJson } from '../../procfs/bounded-file.ts';
import { parseStoredContainers, type StoredContainer } from '../../runtimes/podman/stored-containers.ts';

/** Largest `containers.json` that is read: some 500 bytes a container. */
const MOST_BYTES = 16 * 1024 * 1024;

/** Where root's Podman and CRI-O keep containers, and where a user's Podman does below the home folder: containers-storage.conf(5). */
const OF_ROOT = '/var/lib/containers/storage';
const OF_USER = '.local/share/containers/storage';

/** The names of containers in the storages of Podman and CRI-O, `containers.json`. A file is read again when it changed. */
export class ContainerStorage {
  #read = new Map<string, { version: string; stored: ReadonlyMap<string, StoredContainer> }>();

  /**
   * The containers of a storage by id; empty where there is none that may be read.
   *
   * @param folder `…/overlay-containers`
   */
  containersIn(folder: string): ReadonlyMap<string, StoredContainer> {
    const path = `${folder}/containers.json`;
    const version = versionOf(path);
    if (version === undefined) return NONE;
    const known = this.#read.get(path);
    if (known?.version === version) return known.stored;
    const stored = parseStoredContainers(regularJson(path, MOST_BYTES));
    this.#read.set(path, { version, stored });
    return stored;
  }

  /**
   * The name of a container by the storage at its usual place.
   *
   * @param home folder of the user whose Podman it is; undefined for root's
   * @returns undefined where no such storage has it
   */
  nameOf(id: string, home: string | undefined): string | undefined {
    const storage = home === undefined ? OF_ROOT : `${home}/${OF_USER}`;
    for (const folder of foldersIn(storage)) {
      const name = this.containersIn(`${storage}/${folder}`).get(id)?.name;
      if (name !== undefined) return name;
    }
    return undefined;
  }
}

const NONE: ReadonlyMap<string, StoredContainer> = new Map();

/** One for each storage driver: `overlay-containers`, `vfs-containers`. */
function foldersIn(storage: string): string[] {
  try {
    return fs.readdirSync(storage).filter((name) => /^[a-z]+-containers$/.test(name));
  } catch {
    return [];
  }
}

/** What changes with every change of a file; undefined where there is none that may be looked up. */
function versionOf(path: string): string | undefined {
  try {
    const { dev, ino, size, mtimeNs } = fs.lstatSync(path, { bigint: true });
    return `${dev}:${ino}:${size}:${mtimeNs}`;
  } catch {
    return undefined;
  }
}
