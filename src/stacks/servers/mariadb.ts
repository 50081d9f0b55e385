import type { StackSetting } from '../../model/stack/stack-facts.ts';
import { baseName, folderOf, joined } from '../paths.ts';
import type { ProcessView } from '../process-view.ts';
import type { Stack } from '../stack.ts';
import { optionOf } from './arguments.ts';
import { configLines } from './config-files.ts';
import { defaults, type KnownSetting, lastOfEach, placeOf, settingFrom, strongest } from './settings.ts';

const SETTINGS: readonly KnownSetting[] = [
  { name: 'max_connections', kind: 'count' },
  { name: 'max_user_connections', kind: 'count' },
  { name: 'back_log', kind: 'count' },
  { name: 'wait_timeout', kind: { msOf: 1000 } },
  { name: 'interactive_timeout', kind: { msOf: 1000 } },
];

/** Files that are read in this order where the command line names none. */
const DEFAULT_FILES = ['/etc/my.cnf', '/etc/mysql/my.cnf'];
const GROUPS = /^(mysqld|server|mariadb|mariadbd)(-\d+\.\d+)?$/;
const VERSION = /^(\d+\.\d+\.\d+)(-MariaDB)?/;

/** MariaDB and MySQL. Values that SET GLOBAL changed are not seen. */
export const mariadb: Stack = {
  name: 'MariaDB',
  read(process) {
    const { executable, argv, name } = process;
    const program = baseName(executable?.path ?? argv[0] ?? name);
    if (program !== 'mariadbd' && program !== 'mysqld') return undefined;
    const files = fileSettings(process);
    const folder = optionOf(argv, '--datadir', '-h') ?? files.dataFolder ?? '/var/lib/mysql';
    // MariaDB writes it; MySQL has no such file.
    const [, version, maria] = VERSION.exec(process.text(`${folder}/mysql_upgrade_info`)?.text.trim() ?? '') ?? [];
    return {
      ...(program === 'mysqld' && maria === undefined && { stack: 'MySQL' as const }),
      ...(version !== undefined && { version }),
      settings: strongest(commandSettings(argv), files.settings, defaults({ max_connections: 151 })),
    };
  },
};

/** `--max-connections=60`, `--max_connections 60`. */
function commandSettings(argv: readonly string[]): StackSetting[] {
  return SETTINGS.flatMap((known) => {
    const dashed = `--${known.name.replaceAll('_', '-')}`;
    const value = optionOf(argv, dashed, `--${known.name}`);
    return (value === undefined ? undefined : settingFrom(known, value, { proof: 'command line' })) ?? [];
  });
}

function fileSettings(process: ProcessView): { settings: StackSetting[]; dataFolder: string | undefined } {
  const { argv } = process;
  const named = optionOf(argv, '--defaults-file');
  const extra = optionOf(argv, '--defaults-extra-file');
  const usual = argv.includes('--no-defaults') || named !== undefined ? [] : DEFAULT_FILES;
  const found: StackSetting[] = [];
  let dataFolder: string | undefined;
  for (const path of [...usual, ...(named === undefined ? [] : [named]), ...(extra === undefined ? [] : [extra])]) {
    let group = '';
    for (const { text, ...place } of configLines(process, path, included) ?? []) {
      const [, section] = /^\s*\[([^\]]+)\]/.exec(text) ?? [];
      if (section !== undefined) group = section.trim();
      const [, key, value = ''] = /^\s*(?:loose[-_])?([\w-]+)\s*=\s*([^#]*)/.exec(text) ?? [];
      if (key === undefined || !GROUPS.test(group)) continue;
      const name = key.replaceAll('-', '_');
      if (name === 'datadir') dataFolder = value.trim();
      const known = SETTINGS.find((setting) => setting.name === name);
      const proof = path === named || path === extra ? 'configuration file' : 'default path';
      const setting = known && settingFrom(known, value, { proof, ...placeOf(place) });
      if (setting !== undefined) found.push(setting);
    }
  }
  return { settings: lastOfEach(found), dataFolder };
}

/** `!include FILE`, and `!includedir FOLDER`: its files that end in `.cnf`. */
function included(line: string, file: string): string | undefined {
  const [, word, path = ''] = /^\s*!(include|includedir)\s+(\S+)/.exec(line) ?? [];
  if (word === undefined) return undefined;
  const whole = joined(folderOf(file), path);
  return word === 'include' ? whole : `${whole.replace(/\/$/, '')}/*.cnf`;
}
