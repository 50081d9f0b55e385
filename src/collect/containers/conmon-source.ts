import { grouped } from '../../base/lists.ts';
import { CONMON, type Conmon } from '../../procfs/conmon.ts';
import { ConmonRuntime } from '../../runtimes/podman/conmon-runtime.ts';
import type { RuntimeSource } from '../../runtimes/runtime-source.ts';
import type { ConmonTable } from './conmon-table.ts';

/** Every Podman and CRI-O whose containers run, by their conmons: one for each user and storage. */
export function conmonSource(table: ConmonTable): RuntimeSource {
  return {
    processNames: [CONMON],
    find: () =>
      [...grouped(table.conmons(), keyOf)].flatMap(([key, [first]]) => {
        if (first === undefined) return [];
        const ofKey = () => table.containers(table.conmons().filter((conmon) => keyOf(conmon) === key));
        const where = first.storage?.replace(/\/[^/]+$/, '') ?? CONMON;
        return { key, open: () => new ConmonRuntime(first.manager, where, ofKey) };
      }),
  };
}

function keyOf({ manager, uid, storage = '' }: Conmon): string {
  return `conmon:${manager}:${uid}:${storage}`;
}
