import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { dockerRuntimes } from '../../src/runtimes/docker/docker-runtimes.ts';

const ID = '71d919762bb95b397f05e2622ffd2bfdd5c536dfb69a0bdab4557e139678e28a';
const LIST = JSON.stringify([{ Id: ID, Names: ['/web'] }]);

/** Subject name of the client's certificate; undefined without one. */
let askedBy: string | undefined;
const respond: http.RequestListener = (request, response) => {
  const socket = request.socket as TLSSocket;
  askedBy = socket.encrypted ? (socket.getPeerCertificate().subject?.CN as string | undefined) : undefined;
  // Without a length: chunked.
  response.write(LIST.slice(0, 10));
  response.end(LIST.slice(10));
};

let server: http.Server | https.Server | undefined;
afterEach(() => new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve())));

async function listen(made: http.Server | https.Server): Promise<number> {
  server = made;
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  return (made.address() as AddressInfo).port;
}

/** The names of the containers, asked as these variables say. */
async function names(env: NodeJS.ProcessEnv): Promise<string[]> {
  const [runtime] = dockerRuntimes(env, '/nonexistent');
  return (await runtime?.list())?.map(({ name }) => name) ?? [];
}

test('plain TCP', async () => {
  const port = await listen(http.createServer(respond));
  expect(await names({ DOCKER_HOST: `tcp://localhost:${port}` })).toEqual(['web']);
  expect(await names({ DOCKER_HOST: `tcp://127.0.0.1:${port}` })).toEqual(['web']);
});

test('a port without a listener', async () => {
  const port = await listen(http.createServer(respond));
  await new Promise((resolve) => server?.close(resolve));
  server = undefined;
  await expect(names({ DOCKER_HOST: `tcp://localhost:${port}` })).rejects.toMatchObject({ kind: 'absent' });
});

const noOpenssl = spawnSync('openssl', ['version']).status !== 0;

describe.skipIf(noOpenssl)('TLS (skipped where there is no openssl program)', () => {
  let folder: string;
  const file = (name: string) => path.join(folder, name);
  /** A key and a certificate that the authority `ca` has signed; the authority itself without one. */
  const certify = (name: string, subject: string, ...more: string[]) => {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', file(`${name}.key`)];
    const args = [
      'req',
      '-x509',
      ...key,
      '-out',
      file(`${name}.pem`),
      '-subj',
      `/CN=${subject}`,
      '-days',
      '2',
      ...more,
    ];
    execFileSync('openssl', args, { stdio: 'ignore' });
  };

  beforeAll(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'fake-engine-tls-'));
    certify('ca', 'authority');
    const signed = ['-CA', file('ca.pem'), '-CAkey', file('ca.key')];
    certify('server', 'server', ...signed, '-addext', 'subjectAltName=DNS:localhost');
    certify('cert', 'somebody', ...signed);
    // As Docker calls them.
    fs.renameSync(file('cert.key'), file('key.pem'));
  });
  afterAll(() => fs.rmSync(folder, { recursive: true }));

  const engine = () =>
    https.createServer(
      {
        key: fs.readFileSync(file('server.key')),
        cert: fs.readFileSync(file('server.pem')),
        ca: fs.readFileSync(file('ca.pem')),
        requestCert: true,
        rejectUnauthorized: true,
      },
      respond,
    );

  test('both sides show a certificate', async () => {
    const port = await listen(engine());
    const env = { DOCKER_HOST: `tcp://localhost:${port}`, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: folder };
    expect(await names(env)).toEqual(['web']);
    expect(askedBy).toBe('somebody');
  });

  test('a certificate for another name is refused, unless it is not to be verified', async () => {
    const port = await listen(engine());
    const env = { DOCKER_HOST: `tcp://127.0.0.1:${port}`, DOCKER_CERT_PATH: folder };
    await expect(names({ ...env, DOCKER_TLS_VERIFY: '1' })).rejects.toThrow('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(await names({ ...env, DOCKER_TLS: '1' })).toEqual(['web']);
  });

  test("a certificate that another authority signed is refused, by the system's authorities and by a given one", async () => {
    const port = await listen(engine());
    const other = fs.mkdtempSync(path.join(os.tmpdir(), 'fake-engine-tls-'));
    for (const name of ['cert.pem', 'key.pem']) fs.copyFileSync(file(name), path.join(other, name));
    const env = { DOCKER_HOST: `tcp://localhost:${port}`, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: other };
    const refused = { kind: 'nonsense', message: expect.stringContaining('has a certificate that is not trusted (') };
    await expect(names(env)).rejects.toMatchObject(refused);
    certify('other-ca', 'another authority');
    fs.copyFileSync(file('other-ca.pem'), path.join(other, 'ca.pem'));
    await expect(names(env)).rejects.toMatchObject(refused);
    fs.rmSync(other, { recursive: true });
  });

  test('a certificate that cannot be read', async () => {
    const port = await listen(engine());
    const other = fs.mkdtempSync(path.join(os.tmpdir(), 'fake-engine-tls-'));
    fs.mkdirSync(path.join(other, 'ca.pem'));
    const env = { DOCKER_HOST: `tcp://localhost:${port}`, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: other };
    await expect(names(env)).rejects.toThrow(`cannot be asked: ${other}/ca.pem cannot be read: EISDIR`);
    fs.rmSync(other, { recursive: true });
  });

  test('plain TCP to an Engine with TLS', async () => {
    const port = await listen(engine());
    await expect(names({ DOCKER_HOST: `tcp://localhost:${port}` })).rejects.toMatchObject({ kind: 'nonsense' });
  });
});
