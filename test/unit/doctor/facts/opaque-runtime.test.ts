import { expect, test } from 'vitest';
import { opaqueRuntime } from '../../../../src/doctor/rules/facts/opaque-runtime.ts';
import { container, judge, series, spaceSeries } from '../../../support/series.ts';

const under = (ociRuntime: string) => container({ declared: { limits: [], sysctls: {}, published: [], ociRuntime } });

const running = (name: string, ociRuntime = 'runc') => {
  const process = { pid: 8, name, startTicks: 1, container: 'web', used: 3, softLimit: 1024, hardLimit: 1024 };
  return series([spaceSeries([{ processes: [process] }], { containers: [under(ociRuntime)] })]);
};

test.each(['kata-runtime', 'io.containerd.kata.v2', 'runsc', 'io.containerd.runsc.v1', 'kata-fc'])(
  'a container under %s is named with its runtime',
  (ociRuntime) => {
    const seen = series([spaceSeries([{}], { containers: [under(ociRuntime)] })]);
    expect(judge(opaqueRuntime, seen)).toMatchObject([
      { rule: 'OPAQUE_RUNTIME', severity: 'info', scope: { container: 'web' }, evidence: [{ value: ociRuntime }] },
    ]);
  },
);

test.each(['qemu-system-x86', 'firecracker', 'cloud-hyperviso', 'runsc-sandbox'])(
  'a process %s is named with its PID',
  (name) => {
    expect(judge(opaqueRuntime, running(name))).toMatchObject([
      { scope: { kind: 'process', pid: 8 }, evidence: [{ value: `8/${name}` }] },
    ]);
  },
);

test('the process of a container that its runtime already gave away is not named again', () => {
  expect(judge(opaqueRuntime, running('qemu-system-x86', 'kata-runtime'))).toMatchObject([
    { scope: { kind: 'container' }, evidence: [{ value: 'kata-runtime' }] },
  ]);
});

test('look-alike: ordinary runtimes and ordinary programs', () => {
  expect(judge(opaqueRuntime, running('nginx'))).toEqual([]);
  expect(judge(opaqueRuntime, running('qemu-img', 'crun'))).toEqual([]);
  expect(judge(opaqueRuntime, series([spaceSeries([{}], { containers: [under('sakatana')] })]))).toEqual([]);
});
