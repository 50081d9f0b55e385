import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Platform, PlatformFacts } from '../../../src/model/container/platform.ts';
import { isNamespaced, limitFixes, pidsLimitFixes, sysctlFixes } from '../../../src/platform/fixes.ts';
import { platformOf } from '../../../src/platform/platform-of.ts';

const ID = '71d919762bb95b397f05e2622ffd2bfdd5c536dfb69a0bdab4557e139678e28a';

function platform(parts: Partial<PlatformFacts>): Platform {
  return platformOf({ runtime: 'docker', name: 'web', labels: {}, cgroupPaths: [`/docker/${ID}`], ...parts });
}

const ECS_LABELS = {
  'com.amazonaws.ecs.cluster': 'prod',
  'com.amazonaws.ecs.container-name': 'receiver',
  'com.amazonaws.ecs.task-arn': 'arn:aws:ecs:eu-west-1:1:task/prod/4b1d',
  'com.amazonaws.ecs.task-definition-family': 'hooks',
  'com.amazonaws.ecs.task-definition-version': '7',
};
const COMPOSE_LABELS = {
  'com.docker.compose.project': 'shop',
  'com.docker.compose.service': 'api',
  'com.docker.compose.project.config_files': '/srv/shop/compose.yaml,/srv/shop/prod.yaml',
};
const POD_LABELS = {
  'io.kubernetes.pod.namespace': 'shop',
  'io.kubernetes.pod.name': 'api-1',
  'io.kubernetes.container.name': 'api',
};
const POD_PATH = `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/cri-containerd-${ID}.scope`;

/** One of each kind. */
const PLATFORMS = {
  docker: platform({}),
  compose: platform({ labels: COMPOSE_LABELS }),
  swarm: platform({ labels: { 'com.docker.swarm.service.name': 'shop_api' } }),
  ecs: platform({ labels: ECS_LABELS }),
  fargate: platform({
    runtime: 'ecs',
    cgroupPaths: ['/ecs/4b1d3ab4f9f04b4e8a4fbb6d0e3b3c11/4b1d3ab4f9f04b4e8a4fbb6d0e3b3c11-7'],
  }),
  kubernetes: platform({ runtime: 'containerd', cgroupPaths: [POD_PATH] }),
  crio: platform({ runtime: 'cri-o', cgroupPaths: [`/kubepods.slice/crio-${ID}.scope`] }),
  podman: platform({ runtime: 'podman', cgroupPaths: [`/machine.slice/libpod-${ID}.scope`] }),
  quadlet: platform({ runtime: 'podman', labels: { PODMAN_SYSTEMD_UNIT: 'web.service' } }),
  containerd: platform({ runtime: 'containerd', cgroupPaths: [`/default/${ID}`] }),
  nspawn: platform({
    runtime: 'nspawn',
    cgroupPaths: ['/machine.slice/systemd-nspawn@web.service/payload/system.slice/nginx.service'],
  }),
  lxc: platform({ runtime: 'lxc', cgroupPaths: ['/lxc.payload.web'] }),
  lxd: platform({ runtime: 'lxd', cgroupPaths: ['/lxc.payload.web/system.slice/nginx.service'] }),
  incus: platform({ runtime: 'incus', cgroupPaths: ['/lxc.payload.web'] }),
  systemd: platform({ runtime: 'pid', cgroupPaths: ['/system.slice/nginx.service'] }),
  process: platform({ runtime: 'pid', cgroupPaths: ['/'], process: { pid: 42, name: 'app' } }),
};

describe('the platform', () => {
  test.each([
    ['docker', { kind: 'docker', name: 'web', hostNetwork: false }],
    [
      'compose',
      { kind: 'compose', project: 'shop', service: 'api', files: ['/srv/shop/compose.yaml', '/srv/shop/prod.yaml'] },
    ],
    ['swarm', { kind: 'swarm', service: 'shop_api' }],
    ['ecs', { kind: 'ecs-ec2', family: 'hooks', revision: '7', container: 'receiver', cluster: 'prod', task: '4b1d' }],
    ['fargate', { kind: 'ecs-fargate' }],
    ['kubernetes', { kind: 'kubernetes', runtime: 'containerd' }],
    ['crio', { kind: 'kubernetes', runtime: 'cri-o' }],
    ['podman', { kind: 'podman', name: 'web' }],
    ['quadlet', { kind: 'podman', unit: 'web.service' }],
    ['containerd', { kind: 'containerd' }],
    ['systemd', { kind: 'systemd', unit: 'nginx.service' }],
    ['nspawn', { kind: 'nspawn', name: 'web', unit: 'nginx.service' }],
    ['lxc', { kind: 'lxc', name: 'web' }],
    ['lxd', { kind: 'lxd', name: 'web', unit: 'nginx.service' }],
    ['incus', { kind: 'incus', name: 'web' }],
    ['process', { kind: 'process', pid: 42, name: 'app' }],
  ] as const)('%s', (name, expected) => {
    expect(PLATFORMS[name]).toMatchObject(expected);
  });

  test('ECS is recognised from the path alone, with both cgroup drivers', () => {
    for (const path of [`/ecs/prod/4b1d/${ID}`, `/ecstasks.slice/ecstasks-4b1d.slice/docker-${ID}.scope`]) {
      expect(platform({ cgroupPaths: [path] })).toEqual({ kind: 'ecs-ec2', hostNetwork: false });
    }
  });

  test("Kubernetes on Docker is recognised from kubelet's labels", () => {
    const labels = POD_LABELS;
    expect(platform({ labels })).toMatchObject({
      kind: 'kubernetes',
      namespace: 'shop',
      pod: 'api-1',
      container: 'api',
      runtime: 'docker',
    });
  });

  test('a unit of a user, and a container engine that is a unit itself', () => {
    const path = '/user.slice/user-1000.slice/user@1000.service/app.slice/editor.service';
    expect(platform({ runtime: 'pid', cgroupPaths: [path] })).toEqual({ kind: 'systemd', unit: 'editor.service' });
    // Podman in a unit: the container comes first.
    expect(
      platform({ runtime: 'podman', cgroupPaths: [`/system.slice/web.service/libpod-payload-${ID}`] }),
    ).toMatchObject({ kind: 'podman' });
  });
});

/** `where` and snippet of the first fix that has a snippet. */
const snippet = (fixes: readonly { snippet?: string }[]) =>
  fixes.find((fix) => fix.snippet !== undefined)?.snippet ?? '';

describe('fixes for a limit', () => {
  const nofile = (name: keyof typeof PLATFORMS) => limitFixes(PLATFORMS[name], 'nofile', 16_384, 65_536);

  test('docker run, and the daemon: its JSON is JSON', () => {
    const [run, daemon] = nofile('docker');
    expect(run?.snippet).toBe('docker run --name web --ulimit nofile=16384:65536 …');
    expect(daemon?.where).toBe('/etc/docker/daemon.json');
    expect(JSON.parse(`{${daemon?.snippet}}`)).toEqual({
      'default-ulimits': { nofile: { Name: 'nofile', Soft: 16_384, Hard: 65_536 } },
    });
  });

  test('compose: the file, the service and the block', () => {
    const [fix] = nofile('compose');
    expect(fix?.where).toBe('/srv/shop/compose.yaml');
    expect(fix?.snippet).toBe(
      'services:\n  api:\n    ulimits:\n      nofile:\n        soft: 16384\n        hard: 65536',
    );
    expect(fix?.text).toContain('docker compose -p shop -f /srv/shop/compose.yaml -f /srv/shop/prod.yaml up -d api');
  });

  test('ECS: the ulimits block of the container definition, as JSON', () => {
    const [fix] = nofile('ecs');
    expect(fix?.where).toContain('hooks');
    expect(fix?.where).toContain('revision 7');
    expect(fix?.where).toContain('"receiver"');
    expect(JSON.parse(`{${fix?.snippet}}`)).toEqual({
      ulimits: [{ name: 'nofile', softLimit: 16_384, hardLimit: 65_536 }],
    });
    expect(nofile('ecs')[2]?.snippet).toBe('--default-ulimit nofile=16384:65536');
    // Fargate has no instance to configure.
    expect(nofile('fargate')).toHaveLength(1);
  });

  test.skipIf(spawnSync('jq', ['--version']).status !== 0)(
    'ECS: the commands change that limit and nothing else',
    () => {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-aws-'));
      const sidecar = { name: 'envoy', image: 'envoy:1', ulimits: [{ name: 'nofile', softLimit: 1, hardLimit: 2 }] };
      const core = { name: 'core', softLimit: 0, hardLimit: 0 };
      const before = { name: 'nofile', softLimit: 1024, hardLimit: 4096 };
      const described = {
        family: 'hooks',
        cpu: '256',
        revision: 7,
        status: 'ACTIVE',
        taskDefinitionArn: 'arn:aws:ecs:eu-west-1:1:task-definition/hooks:7',
        containerDefinitions: [{ name: 'receiver', image: 'hooks:1', ulimits: [core, before] }, sidecar],
      };
      fs.writeFileSync(path.join(folder, 'described.json'), JSON.stringify(described));
      // A stand-in for the AWS CLI that answers as the API is documented to.
      fs.writeFileSync(
        path.join(folder, 'aws'),
        '#!/bin/sh\necho "$*" >> asked\ncase $2 in\ndescribe-task-definition) cat described.json;;\ndescribe-tasks) echo service:hooks-web;;\nesac\n',
        { mode: 0o755 },
      );
      try {
        const env = { PATH: `${folder}:${process.env.PATH}` };
        execFileSync('sh', ['-ec', nofile('ecs')[1]?.snippet ?? ''], { cwd: folder, env });
        expect(JSON.parse(fs.readFileSync(path.join(folder, 'task-definition.json'), 'utf8'))).toEqual({
          family: 'hooks',
          cpu: '256',
          containerDefinitions: [
            {
              name: 'receiver',
              image: 'hooks:1',
              ulimits: [core, { name: 'nofile', softLimit: 16_384, hardLimit: 65_536 }],
            },
            sidecar,
          ],
        });
        expect(fs.readFileSync(path.join(folder, 'asked'), 'utf8').trim().split('\n')).toEqual([
          'ecs describe-task-definition --task-definition hooks:7 --query taskDefinition',
          'ecs register-task-definition --cli-input-json file://task-definition.json',
          'ecs describe-tasks --cluster prod --tasks 4b1d --query tasks[0].group --output text',
          'ecs update-service --cluster prod --service hooks-web --task-definition hooks',
        ]);
      } finally {
        fs.rmSync(folder, { recursive: true });
      }
    },
  );

  test('swarm, podman, Quadlet, containerd, systemd, a process', () => {
    expect(snippet(nofile('swarm'))).toBe('docker service update --ulimit-add nofile=16384:65536 shop_api');
    expect(snippet(nofile('podman'))).toBe('podman run --name web --ulimit nofile=16384:65536 …');
    expect(snippet(nofile('quadlet'))).toBe('[Container]\nUlimit=nofile=16384:65536');
    expect(snippet(nofile('containerd'))).toBe('nerdctl run --name web --ulimit nofile=16384:65536 …');
    expect(snippet(nofile('systemd'))).toBe('[Service]\nLimitNOFILE=16384:65536');
    expect(snippet(nofile('process'))).toBe('prlimit --nofile=16384:65536 COMMAND …');
  });

  test('Kubernetes: no field of the pod', () => {
    for (const name of ['kubernetes', 'crio'] as const) {
      const fixes = nofile(name);
      // The first fix is the one that a problem shows: what to change, and why there.
      expect(fixes[0]?.snippet).toBeDefined();
      expect(fixes[0]?.text).toContain('a pod has no field for it');
      for (const { snippet: text = '' } of fixes) expect(text).not.toMatch(/securityContext|resources:|initContainers/);
    }
    const docker = limitFixes(
      platform({ runtime: 'docker', labels: POD_LABELS, cgroupPaths: [`/kubepods/pod1/${ID}`] }),
      'nofile',
      16384,
      65536,
    );
    expect(docker.map(({ where }) => where)).toEqual([
      '/etc/docker/daemon.json on every node',
      "the command of container api, in the pod's template",
    ]);
    expect(snippet(nofile('kubernetes'))).toBe('[Service]\nLimitNOFILE=16384:65536');
    expect(snippet(nofile('crio'))).toContain('default_ulimits = ["nofile=16384:65536"]');
  });

  test('Kubernetes: a limit in the specification wins over the unit of containerd, and the container shows which it is', () => {
    const fixed = (declared: string[] | undefined) =>
      limitFixes(platform({ runtime: 'containerd', cgroupPaths: [POD_PATH], declared }), 'nofile', 16384, 65536).map(
        ({ where }) => where,
      );
    const [unit, base, eks, command] = fixed(undefined);
    expect([unit, base]).toEqual(['systemctl edit containerd.service', "containerd's base_runtime_spec"]);
    expect(fixed(['nofile'])).toEqual([base, eks, command]);
    expect(fixed([])).toEqual([unit, base, command]);
    expect(fixed(['nproc'])).toEqual([unit, base, command]);
  });

  test('unlimited, as each platform writes it', () => {
    const unlimited = Number.POSITIVE_INFINITY;
    expect(snippet(limitFixes(PLATFORMS.docker, 'memlock', unlimited, unlimited))).toContain('memlock=-1:-1');
    expect(snippet(limitFixes(PLATFORMS.systemd, 'memlock', unlimited, unlimited))).toContain('LimitMEMLOCK=infinity');
    expect(limitFixes(PLATFORMS.process, 'memlock', unlimited, unlimited)[1]?.snippet).toContain(
      'hard memlock unlimited',
    );
  });

  test('names are quoted: a container can choose them', () => {
    const hostile = platform({ labels: { 'com.docker.compose.service': 'a: b\n"c' } });
    expect(snippet(limitFixes(hostile, 'nofile', 1, 2))).toContain('  "a: b\\n\\"c":');
    const swarm = platform({ labels: { 'com.docker.swarm.service.name': "x; reboot 'y" } });
    expect(snippet(limitFixes(swarm, 'nofile', 1, 2))).toContain("'x; reboot '\\''y'");
  });
});

describe('fixes for a sysctl', () => {
  const somaxconn = (name: keyof typeof PLATFORMS) => sysctlFixes(PLATFORMS[name], 'net.core.somaxconn', '8192');

  test('of the container', () => {
    expect(snippet(somaxconn('docker'))).toBe('docker run --name web --sysctl net.core.somaxconn=8192 …');
    expect(snippet(somaxconn('compose'))).toContain('    sysctls:\n      net.core.somaxconn: "8192"');
    expect(snippet(somaxconn('swarm'))).toContain('--sysctl-add net.core.somaxconn=8192 ');
    expect(snippet(somaxconn('quadlet'))).toBe('[Container]\nSysctl=net.core.somaxconn=8192');
    for (const name of ['ecs', 'fargate'] as const) {
      expect(JSON.parse(`{${snippet(somaxconn(name))}}`)).toEqual({
        systemControls: [{ namespace: 'net.core.somaxconn', value: '8192' }],
      });
    }
    expect(snippet(somaxconn('systemd'))).toBe('net.core.somaxconn = 8192');
  });

  test('Kubernetes: unsafe ones need the kubelet first, safe ones do not', () => {
    expect(somaxconn('kubernetes').map((fix) => fix.snippet)).toEqual([
      'allowedUnsafeSysctls:\n  - net.core.somaxconn',
      'securityContext:\n  sysctls:\n    - name: net.core.somaxconn\n      value: "8192"',
    ]);
    const range = sysctlFixes(PLATFORMS.kubernetes, 'net.ipv4.ip_local_port_range', '1024 65000');
    expect(range).toHaveLength(1);
    expect(range[0]?.snippet).toContain('value: "1024 65000"');
  });

  test("on the host's network, and of the host alone: on the host", () => {
    const onHost = platform({ networkMode: 'host' });
    expect(sysctlFixes(onHost, 'net.core.somaxconn', '8192')[0]?.where).toContain('/etc/sysctl.d/');
    for (const key of ['net.ipv4.tcp_mem', 'net.netfilter.nf_conntrack_max', 'net.core.rmem_max', 'fs.nr_open']) {
      expect(isNamespaced(key)).toBe(false);
      expect(sysctlFixes(PLATFORMS.docker, key, '1')[0]?.where).toContain('/etc/sysctl.d/');
    }
  });
});

describe('fixes for the number of tasks', () => {
  test.each([
    ['docker', 'docker update --pids-limit 500 web'],
    ['compose', 'services:\n  api:\n    pids_limit: 500'],
    ['swarm', 'docker service update --limit-pids 500 shop_api'],
    ['ecs', 'ECS_TASK_PIDS_LIMIT=500'],
    ['fargate', ''],
    ['kubernetes', 'podPidsLimit: 500'],
    ['quadlet', '[Container]\nPidsLimit=500'],
    ['containerd', 'nerdctl run --name web --pids-limit 500 …'],
    ['systemd', '[Service]\nTasksMax=500'],
    ['process', 'systemd-run --scope -p TasksMax=500 COMMAND …'],
  ] as const)('%s', (name, expected) => {
    expect(snippet(pidsLimitFixes(PLATFORMS[name], 500))).toBe(expected);
  });
});

test('a machine has its limits from its manager, and its units have theirs from the systemd inside', () => {
  const snippets = (name: keyof typeof PLATFORMS) =>
    limitFixes(PLATFORMS[name], 'nofile', 1024, 4096).map(({ where, snippet }) => `${where}: ${snippet}`);
  expect(snippets('nspawn')).toEqual([
    'systemctl edit nginx.service: [Service]\nLimitNOFILE=1024:4096',
    '/etc/systemd/nspawn/web.nspawn: [Exec]\nLimitNOFILE=1024:4096',
  ]);
  expect(snippets('lxc')).toEqual(['/var/lib/lxc/web/config: lxc.prlimit.nofile = 1024:4096']);
  expect(snippets('lxd')).toContain('lxc config set: lxc config set web limits.kernel.nofile 1024:4096');
  expect(snippets('incus')).toEqual(['incus config set: incus config set web limits.kernel.nofile 1024:4096']);
});
