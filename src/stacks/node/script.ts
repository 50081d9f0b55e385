/** Options of node whose value is the next argument. */
const WITH_VALUE: ReadonlySet<string> = new Set([
  ...['-r', '--require', '--import', '--loader', '--experimental-loader', '-C', '--conditions'],
  ...['--env-file', '--title', '--icu-data-dir', '--openssl-config', '--inspect-port'],
]);

/** The script of a node command line: the first argument that is no option; undefined for none (`-e`, a prompt). */
export function scriptOf(argv: readonly string[]): string | undefined {
  const words = wordsOf(argv);
  for (let at = 1; at < words.length; at++) {
    const word = words[at] ?? '';
    if (/^(-e|--eval|-p|--print|-i)$/.test(word)) return undefined;
    if (WITH_VALUE.has(word)) at++;
    else if (!word.startsWith('-')) return word;
  }
  return undefined;
}

/** PM2 writes its own text over the arguments: all of them as one. */
function wordsOf(argv: readonly string[]): readonly string[] {
  const [only = ''] = argv;
  return argv.length === 1 && /^node \//.test(only) ? only.trim().split(' ') : argv;
}
