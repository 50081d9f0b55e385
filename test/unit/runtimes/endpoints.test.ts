import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dockerEndpoints } from '../../../src/runtimes/docker/endpoints.ts';

/** SHA-256 of `remote` by sha256sum(1): the folder that `docker context create remote` made. */
const REMOTE = 'b71199ebd070b36beab7317920c2c2f1d777df8d05e5527d8458fda57cb17a7a';

/** A machine of the test's own, independent of the real one. */
const MACHINE = {
  addresses: () => ['127.0.0.1', '192.0.2.2', 'fd00::2', 'fe80::1%eth0'],
  hostname: 'builder',
  hosts: () => '127.0.0.1 localhost\n192.0.2.2 builder.example builder # me\n203.0.113.9 far # 192.0.2.2 commented\n',
};

let home: string;
beforeEach(() => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'endpoints-test-'));
});
afterEach(() => fs.rmSync(home, { recursive: true }));

/** Endpoints of Docker alone, or of Podman alone. */
function endpoints(env: NodeJS.ProcessEnv, runtime?: string) {
  const all = dockerEndpoints(env, home, MACHINE);
  return runtime === undefined ? all : all.filter((endpoint) => endpoint.runtime === runtime);
}

/** The address of a DOCKER_HOST. */
function addressOf(host: string, env: NodeJS.ProcessEnv = {}) {
  return endpoints({ ...env, DOCKER_HOST: host })[0]?.address;
}

function write(file: string, content: string): void {
  fs.mkdirSync(path.dirname(`${home}/${file}`), { recursive: true });
  fs.writeFileSync(`${home}/${file}`, content);
}

describe('without settings', () => {
  test('the default sockets', () => {
    expect(endpoints({}).map(({ runtime, uri, source }) => [runtime, uri, source])).toEqual([
      ['docker', 'unix:///var/run/docker.sock', 'default'],
      ['podman', 'unix:///run/podman/podman.sock', 'default'],
    ]);
  });

  test('and those of the user', () => {
    expect(endpoints({ XDG_RUNTIME_DIR: '/run/user/7' }).map(({ address }) => address)).toEqual([
      { kind: 'unix', path: '/var/run/docker.sock' },
      { kind: 'unix', path: '/run/user/7/docker.sock' },
      { kind: 'unix', path: '/run/podman/podman.sock' },
      { kind: 'unix', path: '/run/user/7/podman/podman.sock' },
    ]);
  });

  test('empty variables are none', () => {
    const env = { DOCKER_HOST: '', DOCKER_CONTEXT: '', CONTAINER_HOST: '', XDG_RUNTIME_DIR: '', DOCKER_CONFIG: '' };
    expect(endpoints(env)).toEqual(endpoints({}));
  });
});

describe('DOCKER_HOST', () => {
  test('replaces the default of Docker and not that of Podman', () => {
    const found = endpoints({ DOCKER_HOST: 'unix:///tmp/d.sock', XDG_RUNTIME_DIR: '/run/user/7' });
    expect(found.map(({ uri, source }) => [uri, source])).toEqual([
      ['unix:///tmp/d.sock', 'DOCKER_HOST'],
      ['unix:///run/podman/podman.sock', 'default'],
      ['unix:///run/user/7/podman/podman.sock', 'default'],
    ]);
  });

  test("Podman's own socket is Podman's, once", () => {
    expect(endpoints({ DOCKER_HOST: 'unix:///run/podman/podman.sock' }).map(({ runtime }) => runtime)).toEqual([
      'podman',
    ]);
  });

  test('one socket under two names is asked once', () => {
    fs.writeFileSync(`${home}/podman.sock`, '');
    fs.symlinkSync(`${home}/podman.sock`, `${home}/docker.sock`);
    const env = { DOCKER_HOST: `unix://${home}/docker.sock`, CONTAINER_HOST: `unix://${home}/podman.sock` };
    expect(endpoints(env)).toHaveLength(1);
  });

  test.each([
    ['tcp://127.0.0.1:2375', '127.0.0.1', 2375],
    ['tcp://127.0.0.1', '127.0.0.1', 2375],
    ['tcp://127.8.9.1:1', '127.8.9.1', 1],
    ['tcp://localhost:2375/', '127.0.0.1', 2375],
    ['tcp://LocalHost:2375', '127.0.0.1', 2375],
    ['tcp://0.0.0.0:2375', '0.0.0.0', 2375],
    ['tcp://192.0.2.2:4000', '192.0.2.2', 4000],
    ['tcp://builder:4000', '192.0.2.2', 4000],
    ['tcp://[::1]:4000', '::1', 4000],
    ['tcp://[fd00:0:0::2]:4000', 'fd00:0:0::2', 4000],
    ['tcp://[::ffff:192.0.2.2]:4000', '::ffff:192.0.2.2', 4000],
    ['http://127.0.0.1:2375', '127.0.0.1', 2375],
    ['127.0.0.1:2375', '127.0.0.1', 2375],
  ])('%s is this machine', (host, connectTo, port) => {
    expect(addressOf(host)).toMatchObject({ kind: 'tcp', connectTo, port });
  });

  test.each([
    ['tcp://203.0.113.9:2375', 'is not an address of this machine; run socklens there'],
    ['tcp://[2001:db8::1]:2375', 'is not an address of this machine; run socklens there'],
    ['tcp://far:2375', 'is not an address of this machine; run socklens there'],
    ['tcp://commented:2375', 'is a host that /etc/hosts does not give an address of this machine; run socklens there'],
    [
      'tcp://engine.example:2375',
      'is a host that /etc/hosts does not give an address of this machine; run socklens there',
    ],
    ['ssh://me@far', 'is reached through ssh, so its containers are on another machine; run socklens there'],
    ['ssh://', 'is reached through ssh, so its containers are on another machine; run socklens there'],
  ])('%s is elsewhere', (host, reason) => {
    expect(addressOf(host)).toEqual({ kind: 'unusable', error: 'elsewhere', reason });
  });

  test.each([
    'npipe:////./pipe/docker_engine',
    'fd://3',
    'unix://relative.sock',
    'unix://',
    'tcp://',
    'tcp://[::1',
    'tcp://a b:1',
    'tcp://localhost:0',
    'tcp://localhost:99999',
    'tcp://localhost:port',
    'https://localhost:2376',
    '\u001b[2J',
    'x'.repeat(100_000),
  ])('%.40s is invalid, or not on this machine', (host) => {
    expect(addressOf(host)).toMatchObject({ kind: 'unusable' });
  });

  test('with TLS', () => {
    for (const part of ['ca', 'cert', 'key']) write(`certificates/${part}.pem`, part);
    const certificates = `${home}/certificates`;
    const files = { ca: `${certificates}/ca.pem`, cert: `${certificates}/cert.pem`, key: `${certificates}/key.pem` };
    expect(addressOf('tcp://localhost', { DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: certificates })).toEqual({
      kind: 'tcp',
      host: 'localhost',
      connectTo: '127.0.0.1',
      port: 2376,
      tls: { verify: true, ...files },
    });
    expect(addressOf('tcp://localhost:1', { DOCKER_TLS: '1', DOCKER_CERT_PATH: certificates })).toMatchObject({
      port: 1,
      tls: { verify: false, ...files },
    });
    expect(addressOf('tcp://localhost:1', { DOCKER_CERT_PATH: certificates })).not.toHaveProperty('tls');
  });
});

describe('contexts', () => {
  const meta = (host: unknown, more = {}) =>
    write(
      `.docker/contexts/meta/${REMOTE}/meta.json`,
      JSON.stringify({
        Name: 'remote',
        Metadata: {},
        Endpoints: { docker: { Host: host, SkipTLSVerify: false, ...more } },
      }),
    );
  const current = (name: unknown) => write('.docker/config.json', JSON.stringify({ auths: {}, currentContext: name }));

  test('the current one', () => {
    meta('unix:///tmp/other.sock');
    current('remote');
    expect(endpoints({}, 'docker')).toEqual([
      {
        runtime: 'docker',
        uri: 'unix:///tmp/other.sock',
        source: 'context "remote"',
        address: { kind: 'unix', path: '/tmp/other.sock' },
      },
    ]);
    expect(endpoints({}, 'podman')).toHaveLength(1);
  });

  test('one on another machine', () => {
    meta('ssh://me@far.example');
    current('remote');
    expect(endpoints({}, 'docker')[0]?.address).toMatchObject({ kind: 'unusable', error: 'elsewhere' });
  });

  test('DOCKER_CONTEXT comes before the current one, DOCKER_HOST before both', () => {
    meta('unix:///tmp/other.sock');
    expect(endpoints({ DOCKER_CONTEXT: 'remote' }, 'docker')[0]?.uri).toBe('unix:///tmp/other.sock');
    current('remote');
    expect(endpoints({ DOCKER_CONTEXT: 'default' }, 'docker')[0]?.uri).toBe('unix:///var/run/docker.sock');
    expect(endpoints({ DOCKER_HOST: 'unix:///tmp/d.sock' }, 'docker')[0]?.uri).toBe('unix:///tmp/d.sock');
  });

  test('DOCKER_CONFIG is the folder', () => {
    meta('unix:///tmp/other.sock');
    current('remote');
    fs.renameSync(`${home}/.docker`, `${home}/elsewhere`);
    expect(endpoints({ DOCKER_CONFIG: `${home}/elsewhere` }, 'docker')[0]?.uri).toBe('unix:///tmp/other.sock');
    expect(endpoints({}, 'docker')[0]?.uri).toBe('unix:///var/run/docker.sock');
  });

  test('with certificates', () => {
    meta('tcp://localhost:7');
    current('remote');
    write(`.docker/contexts/tls/${REMOTE}/docker/ca.pem`, 'ca');
    const ca = `${home}/.docker/contexts/tls/${REMOTE}/docker/ca.pem`;
    expect(endpoints({}, 'docker')[0]?.address).toMatchObject({ kind: 'tcp', port: 7, tls: { verify: true, ca } });
    meta('tcp://localhost:7', { SkipTLSVerify: true });
    expect(endpoints({}, 'docker')[0]?.address).toMatchObject({ tls: { verify: false } });
  });

  test('without one, and the default by name', () => {
    for (const name of [undefined, '', 'default', null]) {
      current(name);
      expect(endpoints({}, 'docker')[0]?.uri).toBe('unix:///var/run/docker.sock');
    }
  });

  test.each([
    ['a context that is not there', () => current('remote'), `is a context without `],
    [
      'a configuration that is not JSON',
      () => write('.docker/config.json', '{"curr'),
      'does not name the current context',
    ],
    ['one that is a list', () => write('.docker/config.json', '[]'), 'does not name the current context'],
    ['a current context that is no string', () => current({ toString: 1 }), 'does not name the current context'],
    [
      'a context that is not JSON',
      () => {
        current('remote');
        write(`.docker/contexts/meta/${REMOTE}/meta.json`, 'x');
      },
      'is a context that cannot be read',
    ],
    [
      'a context whose host is a number',
      () => {
        current('remote');
        meta(7);
      },
      'is a context that cannot be read',
    ],
    [
      'a context without a host',
      () => {
        current('remote');
        meta(undefined);
      },
      'is a context without a host',
    ],
  ])('%s', (_, arrange, reason) => {
    arrange();
    const [docker] = endpoints({}, 'docker');
    expect(docker?.address).toMatchObject({
      kind: 'unusable',
      error: 'nonsense',
      reason: expect.stringContaining(reason),
    });
  });
});

test('CONTAINER_HOST is for Podman', () => {
  const found = endpoints({ CONTAINER_HOST: 'unix:///tmp/p.sock' });
  expect(found.map(({ runtime, uri }) => [runtime, uri])).toEqual([
    ['docker', 'unix:///var/run/docker.sock'],
    ['podman', 'unix:///tmp/p.sock'],
  ]);
  expect(
    endpoints({ CONTAINER_HOST: 'ssh://core@127.0.0.1:53685/run/podman.sock' }, 'podman')[0]?.address,
  ).toMatchObject({ kind: 'unusable', error: 'elsewhere' });
});
