/** Completion in the real shells: what they put on the command line is what socklens would get. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: text for shells
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LAUNCHER } from '../support/cli.ts';
import { until } from '../support/netns.ts';
import { missingProgram } from '../support/software/program.ts';
import { TestTerminal } from '../support/terminal.ts';
import { type FakeEngine, httpAnswer, startFakeEngine } from './fake-engine.ts';

const BASH_COMPLETION = '/usr/share/bash-completion/bash_completion';

/** A shell, and how it is made ready to complete. */
interface Shell {
  name: string;
  start: string;
  setUp: (folder: string) => string[];
  missing: string | undefined;
}

const SHELLS: Shell[] = [
  {
    name: 'bash',
    start: 'exec bash --norc --noprofile',
    setUp: () => ['source <(socklens completion bash)'],
    missing: missingProgram('bash'),
  },
  {
    name: 'bash with bash-completion',
    start: 'exec bash --norc --noprofile',
    setUp: () => [`source ${BASH_COMPLETION}; source <(socklens completion bash)`],
    missing: fs.existsSync(BASH_COMPLETION) ? undefined : `${BASH_COMPLETION} is missing`,
  },
  {
    name: 'zsh',
    start: 'exec zsh -f',
    setUp: (folder) => [
      `mkdir -p ${folder}/functions; socklens completion zsh >${folder}/functions/_socklens`,
      `fpath=(${folder}/functions $fpath); autoload -Uz compinit; compinit -u -D`,
    ],
    missing: missingProgram('zsh'),
  },
  {
    name: 'fish',
    start: 'exec fish --no-config',
    setUp: () => ['function fish_prompt; end; socklens completion fish | source'],
    missing: missingProgram('fish'),
  },
];

/** Names that do something where a shell evaluates them, or where a terminal gets them. */
const HOSTILE = {
  command: 'quote$(touch${IFS}MARK1)end',
  backtick: 'tick`touch${IFS}MARK2`',
  quotes: `mixed'"name`,
  sequence: 'semi;touch${IFS}MARK3&',
};
const TITLE = '\u001b]0;owned\u0007';
const WITH_TITLE = 'a1b2c3d4e5f6';
const WITH_BLANK = 'b1b2c3d4e5f6';
const WITH_COLON = 'c1b2c3d4e5f6';

function container(name: string, index: number, more: { id?: string; labels?: Record<string, string> } = {}): object {
  const id = (more.id ?? `0000${String(index).padStart(2, '0')}`).padEnd(64, '0');
  return { Id: id, Names: [`/${name}`], Image: 'x', State: 'running', Labels: more.labels ?? {} };
}

/** What Compose, the agent of ECS and the kubelet put on a container. */
const COMPOSE = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'webhook' };
const ECS = {
  'com.amazonaws.ecs.task-definition-family': 'hooks',
  'com.amazonaws.ecs.container-name': 'receiver',
  'com.amazonaws.ecs.task-arn': 'arn:aws:ecs:eu-west-1:1:task/prod/0123456789abcdef0123456789abcdef',
};
const POD = {
  'io.kubernetes.pod.name': 'cart-7c9d8b6f5d-x2x4f',
  'io.kubernetes.pod.namespace': 'prod',
  'io.kubernetes.pod.uid': '11111111-2222-3333-4444-555555555555',
  'io.kubernetes.container.name': 'app',
};

const CONTAINERS = [
  ...['plain', ...Object.values(HOSTILE)].map((name, index) => container(name, index)),
  container(`title${TITLE}`, 7, { id: WITH_TITLE }),
  container('with blank', 8, { id: WITH_BLANK }),
  container('with:colon', 9, { id: WITH_COLON }),
  container('shop-web-1', 10, { labels: COMPOSE }),
  container('ecs-hooks-7-receiver-00', 12, { labels: ECS }),
  container('k8s_app_cart-7c9d8b6f5d-x2x4f_prod_1_0', 13, { labels: POD }),
  container('state', 11),
];

let engine: FakeEngine;
beforeAll(async () => {
  const answer = httpAnswer(CONTAINERS);
  engine = await startFakeEngine({ '/containers/json': answer, '*': answer });
});
afterAll(() => engine.remove());

describe.each(SHELLS)('$name', ({ name, start, setUp, missing }) => {
  if (missing !== undefined) {
    test.skip(missing, () => {});
    return;
  }
  let folder: string;
  let terminal: TestTerminal;
  let count = 1;

  beforeAll(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'completion-'));
    fs.mkdirSync(`${folder}/bin`);
    fs.mkdirSync(`${folder}/work`);
    fs.writeFileSync(`${folder}/work/incident one.slr`, '');
    fs.writeFileSync(`${folder}/bin/load-the-test`, '#!/bin/sh\n', { mode: 0o755 });
    // What is completed is answered by socklens; what is run is written down, in ran.1, ran.2 and so on.
    fs.writeFileSync(
      `${folder}/bin/socklens`,
      `#!/bin/sh
case $1 in __complete|completion) exec ${LAUNCHER} "$@";; esac
for word; do printf '%s\\0' "$word"; done >"${folder}/ran.new"
mv "${folder}/ran.new" "${folder}/ran.$(ls ${folder} | grep -c '^ran\\.')"
`,
      { mode: 0o755 },
    );
    terminal = await TestTerminal.start(
      { columns: 120, rows: 40 },
      {
        DOCKER_HOST: engine.endpoint,
        CONTAINER_HOST: '',
        HOME: folder,
        XDG_CONFIG_HOME: folder,
        LC_ALL: 'C.UTF-8',
      },
    );
    terminal.run(`export PATH=${folder}/bin:$PATH; cd ${folder}/work; ${start}`);
    for (const line of setUp(folder)) terminal.run(line);
    terminal.run('socklens ready');
    expect(await ran()).toEqual(['ready']);
  });
  afterAll(() => {
    terminal?.close();
    // The shell that was closed may still write its history.
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  });

  /** The arguments of the next run of socklens. */
  async function ran(): Promise<string[]> {
    const file = `${folder}/ran.${count++}`;
    try {
      await until('socklens to run', () => fs.existsSync(file));
    } catch (error) {
      throw new Error(`${(error as Error).message}; the screen shows\n${terminal.lines().join('\n')}`);
    }
    return fs.readFileSync(file, 'utf8').split('\0').slice(0, -1);
  }

  /** Types a text, TAB and Enter. @returns the arguments that socklens got */
  async function complete(text: string, ending = ''): Promise<string[]> {
    terminal.type(text);
    terminal.press('Tab');
    if (ending !== '') terminal.type(ending);
    terminal.press('Enter');
    return ran();
  }

  test.each<[string, string[]]>([
    ['socklens doc', ['doctor']],
    ['socklens help netst', ['help', 'netstat']],
    ['socklens ls pla', ['ls', 'plain']],
    ['socklens ls plain,shop-w', ['ls', 'plain,shop-web-1']],
    ['socklens ls -t docker:sta', ['ls', '-t', 'docker:state']],
    ['socklens ls webh', ['ls', 'webhook']],
    ['socklens ls compose:shop/w', ['ls', 'compose:shop/webhook']],
    ['socklens ls ecs:hooks/r', ['ls', 'ecs:hooks/receiver']],
    ['socklens ls pod:pr', ['ls', 'pod:prod/cart-7c9d8b6f5d-x2x4f']],
    ['socklens ls plain,pod:prod/c', ['ls', 'plain,pod:prod/cart-7c9d8b6f5d-x2x4f']],
    ['socklens ls plain state CLOSE_', ['ls', 'plain', 'state', 'CLOSE_WAIT']],
    ['socklens ls plain state established,close-w', ['ls', 'plain', 'state', 'established,close-wait']],
    ['socklens ls plain idle gt 3s and unacc', ['ls', 'plain', 'idle', 'gt', '3s', 'and', 'unaccepted']],
    ['socklens ls plain dst pla', ['ls', 'plain', 'dst', 'plain']],
    ['socklens ls plain --explain-f', ['ls', 'plain', '--explain-filter']],
    ['socklens ls plain --by peer-a', ['ls', 'plain', '--by', 'peer-address']],
    ['socklens ls plain --by=state,peer-a', ['ls', 'plain', '--by=state,peer-address']],
    ['socklens explain POOL_OV', ['explain', 'POOL_OVERRUN']],
    ['socklens doctor --rule zombie', ['doctor', '--rule', 'zombie_socket_fds']],
    ['socklens netstat plain --numeric-u', ['netstat', 'plain', '--numeric-users']],
    ['socklens ps --from inc', ['ps', '--from', 'incident one.slr']],
    ['socklens guard plain -b x -- load-the-t', ['guard', 'plain', '-b', 'x', '--', 'load-the-test']],
  ])('%s', async (text, args) => {
    expect(await complete(text)).toEqual(args);
  });

  test('a filter in quotes', async () => {
    // Which shell closes the quote itself differs.
    terminal.type("socklens ls plain 'state close-w");
    terminal.press('Tab');
    await terminal.until('the completion', (lines) => lines.some((line) => line.includes("'state close-wait")));
    if (!terminal.lines().some((line) => line.includes("'state close-wait'"))) terminal.type("'");
    terminal.press('Enter');
    expect((await ran()).map((word) => word.trim())).toEqual(['ls', 'plain', 'state close-wait']);
  });

  test.each(Object.entries(HOSTILE))(
    'a name that a shell would evaluate is that argument: %s',
    async (_what, value) => {
      expect(await complete(`socklens ls ${value.slice(0, 4)}`)).toEqual(['ls', value]);
      expect(fs.readdirSync(`${folder}/work`)).toEqual(['incident one.slr']);
    },
  );

  test.each([
    ['control characters', WITH_TITLE],
    ['a blank', WITH_BLANK],
    ['a colon', WITH_COLON],
  ])('a container with %s in its name is proposed by its id', async (_what, id) => {
    expect(await complete(`socklens ls ${id.slice(0, 4)}`)).toEqual(['ls', id]);
  });

  test('the list of proposals acts on no shell and no terminal', async () => {
    using output = terminal.captureOutput();
    terminal.type('socklens ls ');
    terminal.press('Tab');
    if (name.startsWith('bash')) terminal.press('Tab');
    await terminal.until('the list', (lines) => lines.some((line) => line.includes('shop-web-1')));
    // Not Ctrl-C, at which the terminal drops what is typed after it.
    terminal.press('C-u');
    terminal.run('socklens done');
    await ran();
    expect(output.text()).not.toContain(TITLE);
    expect(output.text()).not.toContain('owned\u0007');
    expect(fs.readdirSync(`${folder}/work`)).toEqual(['incident one.slr']);
  });
});
