import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { DiagSocket, scratchStore } from '../../src/kernel/diag-socket.ts';
import { koffiSystemCalls } from '../../src/kernel/koffi-system-calls.ts';
import { connectUnixStream } from '../../src/kernel/unix-stream.ts';
import { ALL_STATES } from '../../src/model/socket/tcp-state.ts';
import { InetDiagCursor } from '../../src/netlink/inet-diag-cursor.ts';
import { AF, IPPROTO, inetDumpRequest } from '../../src/netlink/inet-diag-request.ts';
import { containerOfProcess, readCgroupId } from '../../src/procfs/cgroup.ts';
import type { EngineOptions } from '../../src/runtimes/docker/engine-runtime.ts';
import { type TestEngine, testEngine } from '../support/engine.ts';
import { until } from '../support/netns.ts';
import { describeContract } from '../support/runtimes/contract.ts';
import { dockerBed } from '../support/runtimes/docker-bed.ts';
import { describeEngine } from '../support/runtimes/engine-contract.ts';

const engine = testEngine();

if (typeof engine === 'string') test.skip(`Docker: ${engine}`, () => {});
else describeDocker(engine);

function describeDocker(docker: TestEngine): void {
  const bed = (options: EngineOptions) => dockerBed(docker, options);
  describeContract("docker over Node's sockets", bed({}));
  describeContract(
    'docker over blocking sockets',
    bed({ connectUnix: (path, ms) => connectUnixStream(koffiSystemCalls(), path, ms) }),
  );
  describeEngine('docker', bed({}));

  describe('cgroups of real containers', () => {
    afterAll(async () => {
      await docker.removeAll();
      removeCgroup(PARENT);
    });

    test("a process's cgroup names its container", async () => {
      const { id, pid } = await docker.run();
      expect(containerOfProcess(pid)).toEqual({ runtime: 'docker', id });
    });

    test('a container below a cgroup parent of its own is recognised', async () => {
      const { id, pid } = await docker.run({ hostConfig: { CgroupParent: `/${PARENT}` } });
      expect(containerOfProcess(pid)).toEqual({ runtime: 'docker', id });
    });

    test('the processes of this test are in no container', () => {
      // Unless the tests run in a container themselves.
      expect(containerOfProcess(process.pid)).toEqual(containerOfProcess(1));
    });

    test("the kernel puts the cgroup's id on a socket made in it", async (context) => {
      const { id, pid } = await docker.run({ script: 'exec /bin/busybox nc -l -p 8080' });
      const directory = findDirectory('/sys/fs/cgroup', id);
      // A host with version 1 alone gives every socket the root's id.
      if (directory === undefined) return context.skip('cgroup version 2 has no directory of the container');
      const listening = () => {
        const rows = execFileSync('nsenter', ['-t', String(pid), '-n', 'ss', '-tlnH'], { encoding: 'utf8' });
        return rows.includes(':8080');
      };
      await until('the listener', listening);
      expect(readCgroupId(pid)).toBe(cgroupIdOfListener(pid));
      expect(readCgroupId(pid)).toBe(fs.statSync(directory, { bigint: true }).ino);
    });
  });
}

/** A cgroup of this run's own, for containers to be made in. */
const PARENT = `sltest-${process.pid}`;

/** The Engine leaves the parents that it made. */
function removeCgroup(name: string): void {
  const found = execFileSync('find', ['/sys/fs/cgroup', '-maxdepth', '2', '-type', 'd', '-name', name], {
    encoding: 'utf8',
  });
  for (const directory of found.trim().split('\n').filter(Boolean)) fs.rmdirSync(directory);
}

/** The container's directory in the hierarchy of version 2, by find(1). */
function findDirectory(root: string, id: string): string | undefined {
  const mount = execFileSync('findmnt', ['-n', '-t', 'cgroup2', '-o', 'TARGET'], { encoding: 'utf8' })
    .trim()
    .split('\n')[0];
  const found = execFileSync('find', [mount || root, '-type', 'd', '-name', `*${id}*`], { encoding: 'utf8' });
  return found.trim().split('\n').find(Boolean);
}

/** The CGROUP_ID attribute of the one listening socket in a process's namespace. */
function cgroupIdOfListener(pid: number): bigint | undefined {
  const fd = fs.openSync(`/proc/${pid}/ns/net`, 'r');
  const socket = DiagSocket.open(koffiSystemCalls(), fd);
  const cursor = new InetDiagCursor('tcp');
  const ids: (bigint | undefined)[] = [];
  try {
    for (const family of [AF.INET, AF.INET6]) {
      const request = inetDumpRequest({ family, protocol: IPPROTO.TCP, states: ALL_STATES, ext: 0, sequence: 0 });
      socket.dump('dump', request, scratchStore(), (view, offset, length) => {
        cursor.moveTo(view, offset, length);
        ids.push(cursor.cgroupId());
      });
    }
  } finally {
    socket.close();
    fs.closeSync(fd);
  }
  expect(ids).toHaveLength(1);
  return ids[0];
}
