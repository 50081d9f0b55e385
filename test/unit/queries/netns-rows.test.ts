import { expect, it } from 'vitest';
import { identitiesOf } from '../../../src/queries/rows/netns-rows.ts';

it('the row of a namespace that a container made inside itself names the container', () => {
  const namespace = { netns: 7, name: 'pid:42', targets: ['pid:42'], host: false, containers: [] };
  const row = { id: 'pid:42', runtime: 'netns', owner: undefined };
  expect(identitiesOf({ ...namespace, madeBy: ['web-1'] })).toEqual([{ ...row, name: 'pid:42 in web-1' }]);
  expect(identitiesOf(namespace)).toEqual([{ ...row, name: 'pid:42' }]);
});
