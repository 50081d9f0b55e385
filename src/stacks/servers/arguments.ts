import type { StackSetting } from '../../model/stack/stack-facts.ts';
import { type KnownSetting, settingFrom } from './settings.ts';

/** The value of an option: `-c FILE`, `-cFILE` for one letter; `--file FILE`, `--file=FILE` for a word. The last one. */
export function optionOf(argv: readonly string[], ...names: readonly string[]): string | undefined {
  return optionsOf(argv, ...names).at(-1);
}

/** All values of an option, as {@link optionOf}. */
export function optionsOf(argv: readonly string[], ...names: readonly string[]): string[] {
  const values: string[] = [];
  argv.forEach((word, at) => {
    if (at === 0) return;
    for (const name of names) {
      const next = argv[at + 1];
      if (word === name && next !== undefined) values.push(next);
      else if (name.startsWith('--') && word.startsWith(`${name}=`)) values.push(word.slice(name.length + 1));
      else if (!name.startsWith('--') && word.startsWith(name) && word.length > name.length) {
        values.push(word.slice(name.length).replace(/^=/, ''));
      }
    }
  });
  return values;
}

/** Settings that the command line gives. @param names the options of each, by the name of the setting */
export function argumentSettings(
  argv: readonly string[],
  known: readonly KnownSetting[],
  names: Readonly<Record<string, readonly string[]>>,
): StackSetting[] {
  return known.flatMap((setting) => {
    const value = optionOf(argv, ...(names[setting.name] ?? []));
    return (value === undefined ? undefined : settingFrom(setting, value, { proof: 'command line' })) ?? [];
  });
}
