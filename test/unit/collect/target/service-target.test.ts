import { describe, expect, it } from 'vitest';
import { noSuchService } from '../../../../src/collect/target/service-target.ts';
import { parseTargets } from '../../../../src/collect/target/target-spec.ts';

const compose = (project: string, service: string) => ({
  labels: { 'com.docker.compose.project': project, 'com.docker.compose.service': service },
});

describe('a service as TARGET', () => {
  it('is a project, a family or a task, and one service or container in it', () => {
    expect(parseTargets('compose:shop, ecs:hooks/receiver')).toEqual([
      { kind: 'service', of: 'compose', group: 'shop', name: undefined },
      { kind: 'service', of: 'ecs', group: 'hooks', name: 'receiver' },
    ]);
  });

  it.each(['compose:', 'compose:/api', 'compose:shop/', 'ecs:hooks/receiver/x'])(
    '%s is refused with the form',
    (text) => {
      expect(() => parseTargets(text)).toThrowError(expect.objectContaining({ kind: 'usage' }));
    },
  );

  it.each([
    ['compose:shop/apj', 'did you mean compose:shop/api?'],
    ['compose:shopp', 'did you mean compose:shop?'],
    ['compose:shop/frontend', 'there is compose:other/worker, compose:shop/api'],
    ['ecs:hooks', 'none has its labels'],
  ])('%s, of which nothing runs: %s', (text, hint) => {
    const [spec] = parseTargets(text);
    if (spec?.kind !== 'service') throw new Error('not a service');
    const error = noSuchService(spec, [compose('shop', 'api'), compose('other', 'worker'), { labels: {} }]);
    expect(error).toMatchObject({ kind: 'no-target' });
    expect(error.message).toContain(hint);
  });
});
