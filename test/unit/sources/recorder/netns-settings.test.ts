import { expect, test } from 'vitest';
import type { WatchedNetns } from '../../../../src/model/netns/netns.ts';
import { NetnsSettings } from '../../../../src/sources/recorder/netns-settings.ts';

/** Settings that change with time, of namespaces that are counted. */
class Machine {
  value = 'a';
  read: string[] = [];

  sysctls({ name }: WatchedNetns): Record<string, string> {
    this.read.push(name);
    return { somaxconn: `${name} ${this.value}` };
  }

  devices(): ReadonlyMap<number, string> {
    return new Map([[1, this.value]]);
  }
}

function namespaces(...names: string[]): WatchedNetns[] {
  return names.map((name, index) => ({ netns: index + 1, name, targets: [name], host: false, containers: [] }));
}

const names = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => `n${from + index}`);

test('of a thousand namespaces those that are new are read, and of the others ten by turns', () => {
  const machine = new Machine();
  const settings = new NetnsSettings(({ name }) => name);
  expect(Object.keys(settings.read(namespaces(...names(0, 1000)), machine).sysctls)).toHaveLength(1000);
  machine.read = [];
  machine.value = 'b';
  settings.read(namespaces(...names(0, 1001)), machine);
  expect(machine.read).toEqual([...names(0, 10), 'n1000']);
  machine.read = [];
  settings.read(namespaces(...names(0, 1001)), machine);
  expect(machine.read).toEqual(names(10, 20));
  const { sysctls, devices } = settings.all;
  expect(Object.keys(sysctls)).toHaveLength(1001);
  expect([sysctls[1], sysctls[1001], sysctls[1000]]).toEqual(
    ['n0 b', 'n1000 b', 'n999 a'].map((somaxconn) => ({ somaxconn })),
  );
  expect(devices[1]).toEqual({ 1: 'b' });
});

test('what is gone is forgotten, and another namespace with its number is read', () => {
  const machine = new Machine();
  const settings = new NetnsSettings(({ name }) => name);
  settings.read(namespaces('old', 'stays'), machine);
  machine.read = [];
  const read = settings.read(namespaces('new', 'stays'), machine);
  expect(machine.read.sort()).toEqual(['new', 'stays']);
  expect(read.sysctls[1]).toEqual({ somaxconn: 'new a' });
  settings.read([], machine);
  expect(settings.all).toEqual({ sysctls: {}, devices: {} });
});
