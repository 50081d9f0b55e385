import { expect, it } from 'vitest';
import { parseIgmpDevices } from '../../../src/procfs/igmp.ts';

it('igmp names the interfaces by their indexes; lines of groups are left out', () => {
  const text =
    'Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n' +
    '1\tlo        :     1      V3\n\t\t\t\t010000E0     1 0:00000000\t\t0\n' +
    '12\tbr-0123456789ab:     2      V3\n\t\t\t\tFB0000E0     1 0:00000000\t\t0\n';
  expect([...parseIgmpDevices(text)]).toEqual([
    [1, 'lo'],
    [12, 'br-0123456789ab'],
  ]);
});
