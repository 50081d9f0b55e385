import { unixListenerPid } from '../../kernel/unix-stream.ts';
import { TCP_STATE } from '../../model/socket/tcp-state.ts';
import { eachSocketDescriptor } from '../../procfs/descriptors.ts';
import { ProcInetTable } from '../../procfs/net-inet.ts';
import { listPids } from '../../procfs/pids.ts';
import { readProcText } from '../../procfs/read.ts';
import { readStat } from '../../procfs/stat.ts';
import { parseEngineAddress } from '../../runtimes/docker/engine-address.ts';
import type { Machine } from '../machine.ts';
import { ENGINE } from '../owners/related-processes.ts';

/** How long connecting to an Engine's socket may take, in milliseconds. */
const CONNECT_MS = 1000;

/**
 * The `dockerd` process that answers at an endpoint. A machine can run several Engines, each with settings of its own.
 *
 * @param endpoint `unix:///var/run/docker.sock`, `tcp://127.0.0.1:2375`
 * @returns undefined where it cannot be determined: the Engine runs on another machine or in a PID namespace that
 *   cannot be seen, or another program (a proxy) listens there
 */
export function engineProcess(machine: Machine, endpoint: string): number | undefined {
  const address = parseEngineAddress(endpoint);
  if (address.kind === 'unix') return behindSocketFile(machine, address.path);
  // Without a port in the text the default depends on TLS.
  if (address.kind === 'tcp' && /:\d+\/?$/.test(endpoint)) return behindPort(machine, address.port);
  return undefined;
}

function behindSocketFile(machine: Machine, path: string): number | undefined {
  const listener = listenerPid(machine, path);
  if (listener === undefined || isEngine(machine, listener)) return listener;
  // Socket activation: systemd listens and starts the Engine, `dockerd -H fd://`, as its child.
  return onlyOne(
    listPids(machine.proc).filter((pid) => {
      const stat = readStat(pid, machine.proc);
      return stat?.name === ENGINE && stat.parentPid === listener && isActivatedBySocket(machine, pid);
    }),
  );
}

function listenerPid(machine: Machine, path: string): number | undefined {
  try {
    return unixListenerPid(machine.systemCalls(), path, CONNECT_MS);
  } catch {
    // No foreign-function library, or the Engine has stopped since it answered.
    return undefined;
  }
}

/** The Engine that has every listening socket of a port open, in the reader's network namespace. */
function behindPort(machine: Machine, port: number): number | undefined {
  const inodes = new Set<number>();
  for (const [file, family] of [
    ['tcp', 'inet'],
    ['tcp6', 'inet6'],
  ] as const) {
    const text = readProcText(`${machine.proc}/thread-self/net/${file}`);
    new ProcInetTable(Buffer.from(text ?? '', 'latin1'), 'tcp', family).each(({ state, localPort, inode }) => {
      if (state === TCP_STATE.LISTEN && localPort === port) inodes.add(inode);
    });
  }
  if (inodes.size === 0) return undefined;
  return onlyOne(
    listPids(machine.proc).filter((pid) => {
      if (!isEngine(machine, pid)) return false;
      const open = new Set<number>();
      eachSocketDescriptor(pid, (_fd, inode) => inodes.has(inode) && open.add(inode), machine.proc);
      return open.size === inodes.size;
    }),
  );
}

function isEngine(machine: Machine, pid: number): boolean {
  return readStat(pid, machine.proc)?.name === ENGINE;
}

function isActivatedBySocket(machine: Machine, pid: number): boolean {
  return readProcText(`${machine.proc}/${pid}/cmdline`)?.includes('fd://') ?? false;
}

function onlyOne(pids: readonly number[]): number | undefined {
  return pids.length === 1 ? pids[0] : undefined;
}
