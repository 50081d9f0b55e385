import fs from 'node:fs';
import { SHIM } from '../../procfs/shim.ts';
import { ContainerdRuntime } from '../../runtimes/containerd/containerd-runtime.ts';
import type { RuntimePlace, RuntimeSource } from '../../runtimes/runtime-source.ts';
import type { KnownShim, ShimTable } from './shim-table.ts';

/** How many are asked that are not root's of this machine: nodes in containers, rootless ones. Anybody can start processes. */
const MOST_OTHERS = 32;

/**
 * Every containerd whose containers run, wherever its socket is: its shims name it. One without shims has no running
 * container and is not asked: that of a host with Docker alone has none but Docker's.
 *
 * @param env CONTAINERD_ADDRESS is asked in any case; CONTAINERD_NAMESPACE decides between containers of one name
 */
export function containerdSource(
  shims: ShimTable,
  env: Readonly<Record<string, string | undefined>>,
  proc: string,
): RuntimeSource {
  const preferred = env.CONTAINERD_NAMESPACE;
  const set = env.CONTAINERD_ADDRESS?.replace(/^unix:\/\//, '');
  const ofKey = (key: string) => shims.shims().filter((each) => keyOf(each) === key);
  const place = (key: string, socket: string, shim: KnownShim | undefined): RuntimePlace => ({
    key,
    socket: { path: socket, protocol: 'grpc' },
    open: () => {
      let last = socket;
      return new ContainerdRuntime({
        get socket() {
          const [now] = ofKey(key);
          if (now?.address !== undefined) last = socketOf(now.pid, now.address, proc);
          return last;
        },
        ...(shim?.node !== undefined && { node: shim.node }),
        isTrusted: shim?.isTrusted ?? true,
        isSet: shim === undefined,
        ...(preferred && { preferred }),
        fromShims: () => shims.containers(ofKey(key)),
      });
    },
  });
  return {
    processNames: [SHIM],
    find: () => {
      const groups = [...Map.groupBy(shims.shims(), keyOf)];
      // Of several places of one socket the first is taken: no other one can be in the way of root's.
      const trusted = groups.filter(([, [shim]]) => shim?.isTrusted);
      const others = groups.filter(([, [shim]]) => !shim?.isTrusted).slice(0, MOST_OTHERS);
      const places = [...trusted, ...others].flatMap(([key, [shim]]) =>
        shim?.address === undefined ? [] : [place(key, socketOf(shim.pid, shim.address, proc), shim)],
      );
      // After those of shims: it may be one of them.
      return set ? [...places, place(`containerd:set:${set}`, set, undefined)] : places;
    },
  };
}

/** The same for all shims of one containerd, as far as can be told without looking at its socket. */
function keyOf({ node = '', uid, address = '' }: KnownShim): string {
  return `containerd:${node}:${uid}:${address}`;
}

/** The path that leads to the socket of a shim's containerd: another container, such as a node of kind, has its own files. */
function socketOf(pid: number, address: string, proc: string): string {
  const through = `${proc}/${pid}/root${address}`;
  return isSameFile(through, address) ? address : through;
}

/** True as well where only the plain path can be looked up. */
function isSameFile(through: string, plain: string): boolean {
  const [a, b] = [through, plain].map((path) => {
    try {
      return fs.statSync(path, { bigint: true, throwIfNoEntry: false });
    } catch {
      return undefined;
    }
  });
  return a === undefined || (b !== undefined && a.dev === b.dev && a.ino === b.ino);
}
