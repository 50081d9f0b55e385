/**
 * Makes the pictures of README.md in docs/pictures from what socklens prints: `npm run pictures`. A web service in two
 * containers, whose pools are not capped, its database, and a sidecar run in a private Engine; nothing is pulled.
 * Runs in a process id namespace of its own, so that no other container is seen. Needs root, a Docker Engine's program and tmux.
 */
import fs from 'node:fs';
import path from 'node:path';
import { startOwnEngine, type TestEngine } from '../../test/support/engine.ts';
import { startShop } from '../../test/support/shop-scene.ts';
import { TestTerminal } from '../../test/support/terminal.ts';
import { terminalSvg } from './svg.ts';

const CHECKOUT = path.resolve(import.meta.dirname, '../..');
const PICTURES = path.join(CHECKOUT, 'docs/pictures');
/** Types a command into a shell of the Engine's host. @returns the lines from the command to its end */
async function shot(
  docker: TestEngine,
  { columns, rows = 60 }: { columns: number; rows?: number },
  command: string,
  isShown: (lines: readonly string[]) => boolean,
): Promise<string[]> {
  const terminal = await TestTerminal.start(
    { columns, rows },
    { DOCKER_HOST: docker.endpoint, CONTAINER_HOST: '', COLUMNS: '' },
  );
  try {
    const shell = [
      ...docker.asMachine,
      'env',
      `PATH=${CHECKOUT}/bin:${process.env.PATH}`,
      'PROMPT_COMMAND=',
      'PS1=$ ',
      'bash',
      '--norc',
      '--noprofile',
    ];
    terminal.run(`exec ${shell.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')}`);
    await terminal.until('the prompt', (lines) => lines.some((line) => line === '$'));
    terminal.run('clear');
    await terminal.until('an empty screen', (lines) => lines.filter((line) => line !== '').join() === '$');
    terminal.run(command);
    await terminal.until('the output', isShown);
    const lines = terminal.colouredText().trimEnd().split('\n');
    return lines.at(-1) === '$' ? lines.slice(0, -1) : lines;
  } finally {
    terminal.close();
  }
}

const hasEnded = (lines: readonly string[]) => lines.findLast((line) => line !== '') === '$';

const engine = await startOwnEngine([]);
try {
  await startShop(engine.docker);
  fs.mkdirSync(PICTURES, { recursive: true });
  const write = (name: string, title: string, lines: readonly string[]) =>
    fs.writeFileSync(path.join(PICTURES, `${name}.svg`), terminalSvg(lines, title));
  const run = (columns: number, command: string) => shot(engine.docker, { columns }, command, hasEnded);
  write('doctor', 'socklens doctor: a problem, and its fix', await run(96, 'socklens doctor --pool db:3306=50'));
  // The trend of some seconds.
  const isTop = (lines: readonly string[]) => lines.some((line) => /web-2 .*[▁-█]{6}/.test(line));
  const top = await shot(engine.docker, { columns: 112, rows: 14 }, 'socklens top', isTop);
  write('top', 'socklens top: live counts in full-screen mode', top);
  write('ps', 'socklens ps: a row for each container', await run(118, 'socklens ps'));
} finally {
  await engine.docker.removeAll();
  await engine.stop();
}
