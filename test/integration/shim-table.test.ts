/** What processes that call themselves shims of containerd are believed. Real ones are in the suite `runtimes`. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ShimTable } from '../../src/collect/containers/shim-table.ts';
import { forked, PythonProcess } from '../support/python-process.ts';

const USER = 65_534;
const WORDS = ['-namespace', 'default', '-id', 'web', '-address', '/tmp/socklens-no-such.sock'];

describe('whose word a shim is', () => {
  let shim: PythonProcess;
  let pid: number;

  beforeEach(async () => {
    shim = new PythonProcess(undefined, WORDS);
    pid = await shim.run<number>('answer = os.getpid()');
  });
  afterEach(() => shim.kill());

  function seen() {
    return new ShimTable(() => [pid], '/proc').shims();
  }

  test('one that root has started is trusted', () => {
    expect(seen()).toMatchObject([{ pid, uid: 0, namespace: 'default', id: 'web', isTrusted: true }]);
  });

  test("a user's is not, although root owns its folder in /proc, as that of any set-user-ID program", async () => {
    await shim.run(`os.setresuid(${USER}, 0, 0)`);
    expect(fs.statSync(`/proc/${pid}`).uid).toBe(0);
    expect(seen()).toMatchObject([{ pid, uid: USER, isTrusted: false }]);
  });

  test('one whose user cannot be read is none', async () => {
    await shim.kill();
    expect(seen()).toEqual([]);
  });
});

describe('hostile bundles', () => {
  let folder: string;
  let shim: PythonProcess;
  let child: number;

  beforeEach(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-bundles-'));
    fs.mkdirSync(`${folder}/web`);
    shim = new PythonProcess(undefined, WORDS);
    await shim.run(`os.chdir(${JSON.stringify(`${folder}/web`)})`);
    child = await shim.run<number>(forked());
    fs.writeFileSync(`${folder}/web/init.pid`, String(child));
  });
  afterEach(async () => {
    process.kill(child, 'SIGKILL');
    await shim.kill();
    fs.rmSync(folder, { recursive: true });
  });

  async function containers() {
    const pid = await shim.run<number>('answer = os.getpid()');
    const table = new ShimTable(() => [pid], '/proc');
    return table.containers(table.shims());
  }

  const config = () => `${folder}/web/config.json`;
  const SECRET = { annotations: { 'nerdctl/name': 'secret' } };

  test('a specification of a real container is read', async () => {
    fs.writeFileSync(config(), JSON.stringify({ process: { args: ['sleep', '9'] }, linux: { namespaces: [] } }));
    expect(await containers()).toMatchObject([
      { isDescribed: true, details: { id: 'web', pid: child, command: ['sleep', '9'], networkMode: 'host' } },
    ]);
  });

  test.each<[string, () => void]>([
    ['missing', () => {}],
    ['of many megabytes', () => fs.truncateSync(fileWith('{}'), 1 << 30)],
    ['a pipe that nobody writes to', () => execFileSync('mkfifo', [config()])],
    ['a device without an end', () => execFileSync('mknod', [config(), 'c', '1', '5'])],
    ['a link to another file', () => fs.symlinkSync(elsewhere(), config())],
    ['a socket', () => execFileSync('python3', ['-c', SOCKET, config()])],
    ['a folder', () => fs.mkdirSync(config())],
    ['cut off', () => fileWith('{"process": {"args": ["sl')],
    ['no object', () => fileWith('[1, 2]')],
    ['nested ten thousand deep', () => fileWith(`${'['.repeat(10_000)}${']'.repeat(10_000)}`)],
    [
      'of wrong types',
      () =>
        fileWith(
          JSON.stringify({
            annotations: [7],
            process: { args: 'sleep', rlimits: { type: 1 } },
            linux: { namespaces: 'net', sysctl: [null], resources: { pids: { limit: {} } } },
          }),
        ),
    ],
  ])('config.json is %s: the container is there, with what its shim alone tells', async (_, make) => {
    make();
    const [found, ...others] = await containers();
    expect(others).toEqual([]);
    expect(found?.details).toMatchObject({ id: 'web', name: 'web', pid: child, limits: [], command: [] });
    expect(JSON.stringify(found)).not.toContain('secret');
  });

  test('the folder of another bundle is a link: it is left out', async () => {
    fs.symlinkSync(path.dirname(elsewhere()), `${folder}/linked`);
    expect((await containers()).map(({ details }) => details.id)).toEqual(['web']);
  });

  test.each(['1', '-1', '0', '99999999999999999999', '1 2', ''])(
    'init.pid is %j, no child of a shim: it is not believed',
    async (text) => {
      fs.writeFileSync(`${folder}/web/init.pid`, text);
      fs.mkdirSync(`${folder}/other`);
      fs.writeFileSync(`${folder}/other/init.pid`, text);
      // The only child is the container of the shim's command line.
      expect((await containers()).map(({ details: { id, pid } }) => [id, pid])).toEqual([['web', child]]);
    },
  );

  test('a name with control characters is a text like any other', async () => {
    fileWith(JSON.stringify({ annotations: { 'nerdctl/name': '\u001b[2J\nweb' } }));
    expect(await containers()).toMatchObject([{ details: { name: '\u001b[2J\nweb' } }]);
  });

  function fileWith(text: string): string {
    fs.writeFileSync(config(), text);
    return config();
  }

  function elsewhere(): string {
    fs.mkdirSync(`${folder}/web/elsewhere`);
    fs.writeFileSync(`${folder}/web/elsewhere/config.json`, JSON.stringify(SECRET));
    return `${folder}/web/elsewhere/config.json`;
  }
});

const SOCKET = 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])';
