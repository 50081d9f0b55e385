import type { StackSetting } from '../../model/stack/stack-facts.ts';
import { baseName, joined } from '../paths.ts';
import type { ProcessView } from '../process-view.ts';
import type { Stack } from '../stack.ts';
import { optionOf, optionsOf } from './arguments.ts';
import { binaryVersion } from './binary-version.ts';
import { configLines, matching } from './config-files.ts';
import { type KnownSetting, placeOf, settingFrom, strongest } from './settings.ts';

const MAXCONN: KnownSetting = { name: 'maxconn', kind: 'count' };
const MILLISECONDS = { msOf: 1 };
const TIMEOUTS: readonly KnownSetting[] = [
  ...['timeout connect', 'timeout client', 'timeout server', 'timeout queue', 'timeout http-keep-alive'],
  ...['timeout http-request', 'timeout tunnel'],
].map((name) => ({ name, kind: MILLISECONDS }));

const SECTION =
  /^(global|defaults|frontend|backend|listen|userlist|peers|resolvers|cache|program|ring|mailers)\b\s*(\S*)/;

/** HAProxy: its files are always named on the command line; `-n` beats them. */
export const haproxy: Stack = {
  name: 'HAProxy',
  read(process) {
    const { executable, argv, name } = process;
    if (baseName(executable?.path ?? argv[0] ?? name) !== 'haproxy') return undefined;
    const version = binaryVersion(executable, /\0(\d+\.\d+\.\d+)[\w.+~-]*\0/);
    const given = optionOf(argv, '-n');
    const command =
      given === undefined ? undefined : settingFrom(MAXCONN, given, { proof: 'command line', of: 'global' });
    return {
      ...(version !== undefined && { version }),
      settings: strongest(command === undefined ? [] : [command], fileSettings(process)),
      keepsAlive: true,
    };
  },
};

/** Those of `global` first: they are the limits of the process. */
function fileSettings(process: ProcessView): StackSetting[] {
  const base = optionOf(process.argv, '-C') ?? process.cwd ?? '';
  const files = optionsOf(process.argv, '-f').flatMap((name) => {
    const path = joined(base, name);
    return process.folder(path) === undefined ? [path] : matching(process, `${path.replace(/\/$/, '')}/*.cfg`);
  });
  const found: StackSetting[] = [];
  for (const path of files) {
    let section = '';
    for (const { text, ...place } of configLines(process, path, () => undefined) ?? []) {
      const line = text.replace(/(^|\s)#.*$/, '').trim();
      const [, kind, name = ''] = SECTION.exec(line) ?? [];
      if (kind !== undefined) section = `${kind} ${/^[\w.:-]{1,64}$/.test(name) ? name : ''}`.trim();
      else {
        const where = { proof: 'configuration file', of: section, ...placeOf(place) } as const;
        found.push(...lineSettings(line, where));
      }
    }
  }
  return found.sort((a, b) => Number(b.of === 'global') - Number(a.of === 'global'));
}

function lineSettings(line: string, where: Parameters<typeof settingFrom>[2]): StackSetting[] {
  const [, maxconn] = /^maxconn\s+(\S+)/.exec(line) ?? [];
  if (maxconn !== undefined) return listed(settingFrom(MAXCONN, maxconn, where));
  const [, ofServer] = /^(?:server|default-server)\s.*\smaxconn\s+(\d+)/.exec(line) ?? [];
  if (ofServer !== undefined) return listed(settingFrom({ name: 'server maxconn', kind: 'count' }, ofServer, where));
  const known = TIMEOUTS.find(({ name }) => line.replace(/\s+/g, ' ').startsWith(`${name} `));
  return listed(known && settingFrom(known, line.split(/\s+/)[2] ?? '', where));
}

function listed(setting: StackSetting | undefined): StackSetting[] {
  return setting === undefined ? [] : [setting];
}
