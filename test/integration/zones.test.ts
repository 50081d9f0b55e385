/** Bound interfaces, IPv6 zones and v6only of `ls`, against `ss`. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { socklens } from '../support/cli.ts';
import { connectNetns, createNetns, type TestNetns } from '../support/netns.ts';
import { AF, IPPROTO, OPT, SOCK } from '../support/recipes/constants.ts';
import { encodeAddress } from '../support/recipes/sockaddr.ts';
import { Workshop } from '../support/recipes/workshop.ts';

const LINK_LOCAL = 'fe80::a:1';
const PORTS = { linkLocal: 7001, bound: 7002, only6: 7003, both: 7004, plain: 7005, udp: 7006 };

let netns: TestNetns;
let other: TestNetns;
let workshop: Workshop;
let folder: string;

/** `struct sockaddr_in6` with a scope. */
function scoped(host: string, port: number, index: number): { raw: Uint8Array } {
  const raw = encodeAddress({ host, port });
  new DataView(raw.buffer).setUint32(24, index, os.endianness() === 'LE');
  return { raw };
}

interface Row {
  local: { address: string; zone?: string; port: number };
  peer: { address: string; zone?: string; port: number };
  device?: string;
  v6only?: boolean;
  state: string;
}

function ls(...args: string[]): Row[] {
  const { status, stdout, stderr } = socklens(['ls', `netns:${netns.name}`, '-tu', '--json', ...args]);
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout).sockets;
}

const localPorts = (rows: readonly Row[]) => rows.map(({ local }) => local.port).sort();

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'zones-'));
  netns = createNetns();
  other = createNetns();
  connectNetns(
    { netns, addresses: [`${LINK_LOCAL}/64`, '10.80.0.1/24'] },
    { netns: other, addresses: ['fe80::a:2/64'] },
  );
  const index = Number(netns.run('ip', '-o', 'link', 'show', 'eth0').split(':')[0]);
  workshop = await Workshop.start(netns);
  const listener = async (family: number, address: Parameters<Workshop['bind']>[1], v6only?: number) => {
    const fd = await workshop.socket(family, SOCK.STREAM);
    if (v6only !== undefined) await workshop.setsockopt(fd, IPPROTO.IPV6, OPT.IPV6_V6ONLY, v6only);
    await workshop.bind(fd, address);
    await workshop.listen(fd, 8);
    return fd;
  };
  const server = await listener(AF.INET6, scoped(LINK_LOCAL, PORTS.linkLocal, index));
  const bound = await listener(AF.INET, { host: '0.0.0.0', port: PORTS.bound });
  await workshop.setsockopt(bound, OPT.SOL_SOCKET, OPT.SO_BINDTOIFINDEX, index);
  await listener(AF.INET6, { host: '::', port: PORTS.only6 }, 1);
  await listener(AF.INET6, { host: '::', port: PORTS.both }, 0);
  await listener(AF.INET, { host: '0.0.0.0', port: PORTS.plain });
  const udp = await workshop.socket(AF.INET6, SOCK.DGRAM);
  await workshop.setsockopt(udp, IPPROTO.IPV6, OPT.IPV6_V6ONLY, 1);
  await workshop.bind(udp, scoped(LINK_LOCAL, PORTS.udp, index));
  const client = await workshop.socket(AF.INET6, SOCK.STREAM);
  await workshop.connect(client, scoped(LINK_LOCAL, PORTS.linkLocal, index));
  await workshop.accept(server);
});
afterAll(async () => {
  await workshop?.stop();
  netns?.remove();
  other?.remove();
  fs.rmSync(folder, { recursive: true, force: true });
});

describe('bound interfaces, zones and v6only', () => {
  it('the table has the local addresses that ss prints', () => {
    const { stdout } = socklens(['ls', `netns:${netns.name}`, '-tun']);
    const ours = stdout.trim().split('\n').slice(1);
    const theirs = netns.run('ss', '-tuanH').trim().split('\n');
    expect(ours.map((line) => line.trim().split(/\s+/)[3]).sort()).toEqual(
      theirs.map((line) => line.trim().split(/\s+/)[4]).sort(),
    );
    expect(stdout).toContain(`[${LINK_LOCAL}]%eth0:${PORTS.linkLocal}`);
    expect(stdout).toContain(`0.0.0.0%eth0:${PORTS.bound}`);
    expect(stdout).toContain(`[::]:${PORTS.only6}`);
    expect(stdout).toContain(` *:${PORTS.both}`);
  });

  it('JSON has the interface, the zone and v6only', () => {
    const rows = ls();
    const at = (port: number, state = 'LISTEN') => rows.find((row) => row.local.port === port && row.state === state);
    const zoned = { address: LINK_LOCAL, zone: 'eth0' };
    expect(at(PORTS.linkLocal)).toMatchObject({ local: zoned, device: 'eth0' });
    expect(at(PORTS.linkLocal)?.peer).not.toHaveProperty('zone');
    expect(at(PORTS.linkLocal, 'ESTABLISHED')).toMatchObject({ local: zoned, peer: zoned, device: 'eth0' });
    expect(at(PORTS.linkLocal, 'ESTABLISHED')).not.toHaveProperty('v6only');
    expect(at(PORTS.bound)).toMatchObject({ local: { address: '0.0.0.0' }, device: 'eth0' });
    expect(at(PORTS.bound)?.local).not.toHaveProperty('zone');
    expect(at(PORTS.only6)).toMatchObject({ v6only: true });
    expect(at(PORTS.both)).toMatchObject({ v6only: false });
    expect(at(PORTS.udp, 'CLOSE')).toMatchObject({ local: zoned, v6only: true });
    // bind(2) to an address sets it too: ss tells what the kernel made of it.
    const listeners = netns.run('ss', '-6tlneH').trim().split('\n');
    const ofSs = listeners.map((line) => [Number(/:(\d+) /.exec(line)?.[1]), line.includes('v6only:1')]);
    const ours = rows.filter(({ state, v6only }) => state === 'LISTEN' && v6only !== undefined);
    expect(ours.map(({ local, v6only }) => [local.port, v6only]).sort()).toEqual(ofSs.sort());
    expect(at(PORTS.plain)).not.toHaveProperty('device');
    expect(at(PORTS.plain)).not.toHaveProperty('v6only');
  });

  it('filters take a zone', () => {
    const bound = [PORTS.linkLocal, PORTS.linkLocal, PORTS.udp].sort();
    const servers = `src ${LINK_LOCAL}%eth0 and sport < 8000`;
    expect(localPorts(ls(servers))).toEqual(bound);
    expect(localPorts(ls(`src [${LINK_LOCAL}]%eth0:${PORTS.linkLocal}`))).toEqual(bound.slice(0, 2));
    expect(localPorts(ls(`src [${LINK_LOCAL}%eth0]:${PORTS.udp}`))).toEqual([PORTS.udp]);
    expect(localPorts(ls('src %eth0 and sport < 8000'))).toEqual([...bound, PORTS.bound].sort());
    expect(ls(`src ${LINK_LOCAL}%lo`)).toEqual([]);
    const unknown = socklens(['ls', `netns:${netns.name}`, `src ${LINK_LOCAL}%eth7`]);
    expect(unknown).toMatchObject({ status: 2 });
    expect(unknown.stderr).toContain('no interface "eth7" in this network namespace');
  });

  it('a recording has them too', () => {
    const file = path.join(folder, 'zones.slr');
    expect(socklens(['record', `netns:${netns.name}`, '-o', file, '--for', '2s', '--full'])).toMatchObject({
      status: 0,
    });
    const key = ({ local, peer, device, v6only, state }: Row) => ({ local, peer, device, v6only, state });
    const sorted = (rows: readonly Row[]) => rows.map((row) => JSON.stringify(key(row))).sort();
    expect(sorted(ls('--from', file))).toEqual(sorted(ls()));
    expect(localPorts(ls(`src ${LINK_LOCAL}%eth0 and sport < 8000`, '--from', file))).toHaveLength(3);
  });
});
