/** Facts about namespaces, in namespaces of the test's own. */
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'vitest';
import { localMachine } from '../../src/collect/local-machine.ts';
import { doctor } from '../../src/commands/doctor/doctor.ts';
import type { Diagnosis } from '../../src/model/finding/diagnosis.ts';
import type { Finding } from '../../src/model/finding/finding.ts';
import { diagnose, prove } from '../support/doctor.ts';
import { until } from '../support/netns.ts';
import { AF, IPPROTO, OPT, SOCK } from '../support/recipes/constants.ts';
import { type RecipeContext, V4, withRecipeContext } from '../support/recipes/recipe-context.ts';
import { familyOf } from '../support/recipes/sockaddr.ts';

async function findings({ netns }: RecipeContext, rule: string): Promise<readonly Finding[]> {
  return (await diagnose(`netns:${netns.name}`, { rules: [rule], for: '1s' })).findings;
}

prove({
  rule: 'V4MAPPED_MIX',
  how: 'namespace: an IPv4 client of a dual-stack listener',
  fault: () =>
    withRecipeContext(async (context) => {
      const { workshop } = context;
      const fd = await workshop.socket(familyOf('::'), SOCK.STREAM);
      await workshop.setsockopt(fd, IPPROTO.IPV6, OPT.IPV6_V6ONLY, 0);
      await workshop.bind(fd, { host: '::', port: 0 });
      await workshop.listen(fd, 128);
      await workshop.tcpPair({ fd, host: V4, port: await workshop.port(fd) });
      return findings(context, 'V4MAPPED_MIX');
    }),
  check: ({ evidence }) => expect(evidence.map(({ value }) => value)).toEqual([1, 1]),
});

prove({
  rule: 'MPTCP_DUPLICATE',
  how: 'namespace: an MPTCP listener',
  fault: () =>
    withRecipeContext(async (context) => {
      const { workshop } = context;
      const fd = await workshop.socket(AF.INET, SOCK.STREAM, IPPROTO.MPTCP);
      await workshop.bind(fd, { host: V4, port: 0 });
      await workshop.listen(fd, 128);
      return findings(context, 'MPTCP_DUPLICATE');
    }),
  check: ({ evidence }) => expect(evidence.map(({ value }) => value)).toEqual([1, 1]),
});

prove({
  rule: 'OPAQUE_RUNTIME',
  how: 'namespace: a program by the name of a virtual machine monitor',
  fault: () =>
    withRecipeContext(async (context) => {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-guest-'));
      try {
        const monitor = path.join(folder, 'firecracker');
        fs.copyFileSync('/bin/sleep', monitor);
        const child = context.netns.spawn(monitor, ['1000'], { stdio: 'ignore' });
        await until('the program', () => fs.readFileSync(`/proc/${child.pid}/comm`, 'latin1').trim() === 'firecracker');
        return await findings(context, 'OPAQUE_RUNTIME');
      } finally {
        fs.rmSync(folder, { recursive: true });
      }
    }),
  check: (finding) => expect(finding).toMatchObject({ severity: 'info', scope: { kind: 'process' } }),
});

/** Too small for a burst: the kernel rounds it to about 2 KiB, the size of two events. */
const TINY_BUFFER = 1024;

prove({
  rule: 'EVENT_LOSS',
  how: 'namespace: 3,000 connections a second, and a buffer for two events',
  fault: () =>
    withRecipeContext(async ({ netns }) => {
      const script = path.join(import.meta.dirname, '../support/recipes/churn-main.ts');
      const child = netns.spawnNode(script, ['3000', '3'], { stdio: ['pipe', 'pipe', 'inherit'] });
      if (child.stdout !== null) await once(child.stdout, 'data');
      let text = '';
      const out = {
        columns: undefined,
        write: (piece: string | Uint8Array) => {
          text += typeof piece === 'string' ? piece : new TextDecoder().decode(piece);
        },
      };
      child.stdin?.write('begin\n');
      await doctor(
        { machine: localMachine(process.env), out, err: out },
        {
          target: `netns:${netns.name}`,
          intervalMs: 500,
          forMs: 3000,
          events: true,
          numeric: true,
          rules: ['EVENT_LOSS'],
          skip: [],
          settings: {},
          declared: { pools: [], serverLimits: [], replicas: [] },
          format: 'json',
          eventBufferBytes: TINY_BUFFER,
        },
      );
      return (JSON.parse(text) as Diagnosis).findings;
    }),
  check: ({ summary }) => expect(summary).toContain('is a lower bound'),
});
