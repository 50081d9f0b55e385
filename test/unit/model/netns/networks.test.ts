import { expect, test } from 'vitest';
import type { WatchedContainer, WatchedNetns } from '../../../../src/model/netns/netns.ts';
import { networkOf } from '../../../../src/model/netns/networks.ts';

const container = (name: string, ...networks: string[]): WatchedContainer => ({
  name,
  runtime: 'docker',
  id: name,
  labels: {},
  addresses: networks.map((network, at) => ({ network, address: `10.0.${at}.2` })),
  pid: 1,
});

const namespace = (host: boolean, ...containers: WatchedContainer[]): WatchedNetns => ({
  netns: 1,
  name: 'x',
  targets: [],
  host,
  containers,
});

test('the network of a row: its own, all of several, that of whom it shares with, the host, none', () => {
  const web = container('web', 'shop_default', 'shop_default');
  expect(networkOf(namespace(false, web), web)).toBe('shop_default');
  const proxy = container('proxy', 'front', 'back');
  expect(networkOf(namespace(false, proxy), proxy)).toBe('back + front');
  const sidecar = container('sidecar');
  expect(networkOf(namespace(false, sidecar, web), sidecar)).toBe('shop_default');
  expect(networkOf(namespace(true), undefined)).toBe('host');
  expect(networkOf(namespace(true, sidecar), sidecar)).toBe('host');
  expect(networkOf(namespace(false, sidecar), sidecar)).toBeUndefined();
  expect(networkOf(namespace(false), undefined)).toBeUndefined();
});
