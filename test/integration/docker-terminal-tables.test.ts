/** Twenty containers of long, similar names on real pseudo-terminals: nothing wraps, and every name can be told from the others. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { LAUNCHER } from '../support/cli.ts';
import { type RunningContainer, type TestEngine, testEngine } from '../support/engine.ts';
import { TestTerminal } from '../support/terminal.ts';

const engine = testEngine();

if (typeof engine === 'string') test.skip(`Docker: ${engine}`, () => {});
else describe('docker: tables on a terminal', () => describeTables(engine));

const WIDTHS = [80, 100, 120, 200];
const ROWS = 120;
const CONTAINERS = 20;

function describeTables(docker: TestEngine): void {
  let containers: RunningContainer[] = [];
  let terminal: TestTerminal | undefined;

  beforeAll(async () => {
    const names = Array.from({ length: CONTAINERS }, (_, index) =>
      index % 2 === 0
        ? `webhook-dispatcher-production-${docker.uniqueName()}-${index}`
        : `${docker.uniqueName()}-webhook-${index}-dispatcher-production`,
    );
    containers = await Promise.all(names.map((name) => docker.run({ name })));
  }, 240_000);
  afterEach(() => {
    terminal?.close();
    terminal = undefined;
  });
  afterAll(() => docker.removeAll());

  async function start(columns: number, args: string): Promise<TestTerminal> {
    terminal = await TestTerminal.start({ columns, rows: ROWS }, { DOCKER_HOST: docker.endpoint });
    terminal.run(`clear; ${LAUNCHER} ${args} 2>/dev/null; echo status $?`);
    return terminal;
  }

  const targets = () => containers.map(({ name }) => name).join(',');

  /** The containers that a shortened name can stand for. */
  function meantBy(cell: string): string[] {
    const parts = cell.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    const pattern = new RegExp(`^${parts.join('.+')}$`);
    return containers.filter(({ name }) => pattern.test(name)).map(({ name }) => name);
  }

  /** Each container has a row of its own, whose name stands for it. */
  function expectDistinct(cells: readonly string[]): void {
    expect(new Set(cells).size).toBe(cells.length);
    for (const { name } of containers) {
      expect([name, cells.some((cell) => meantBy(cell).includes(name))]).toEqual([name, true]);
    }
  }

  test.each(WIDTHS)('ps in %d columns', async (columns) => {
    const shown = await start(columns, 'ps');
    const lines = await shown.until('the end', (seen) => seen.some((line) => /^status \d+$/.test(line)));
    const header = lines.findIndex((line) => line.startsWith('Name '));
    const rows = lines.slice(
      header + 1,
      lines.findIndex((line) => line.startsWith('status ')),
    );
    expect(lines[header]).toMatch(/Sockets.* CloseWait.* Descriptors/);
    // A wrapped row would be two lines, of which one has no descriptors.
    for (const row of rows) expect(row).toMatch(/ (\d+\/(\d+|unlimited)( \(\d+%\))?|-)( |$)/);
    // Containers of other tests have rows too.
    expectDistinct(rows.map((row) => row.split(' ')[0] ?? '').filter((cell) => meantBy(cell).length > 0));
  });

  test.each(WIDTHS)('watch in %d columns', async (columns) => {
    const shown = await start(columns, `watch ${targets()} --interval 500ms`);
    const isRow = (line: string) => /^\d\d:\d\d:\d\d/.test(line);
    const lines = await shown.until('a tick', (seen) => seen.filter(isRow).length >= CONTAINERS);
    shown.press('C-c');
    const header = lines.findIndex((line) => line.startsWith('Time '));
    expect(lines[header]).toMatch(/Target.* TIME_WAIT +CLOSE_WAIT.* Descriptors/);
    const rows = lines.slice(header + 1, header + 1 + CONTAINERS);
    for (const row of rows) expect(row).toMatch(/^\d\d:\d\d:\d\d.* (\d+\/\d+|\d+|-)( |$)/);
    expectDistinct(rows.map((row) => row.split(/ +/)[1] ?? ''));
  });

  test.each(WIDTHS)('top in %d columns', async (columns) => {
    const shown = await start(columns, `top ${targets()}`);
    const rowsOf = (seen: readonly string[]) => {
      const header = seen.findIndex((line) => line.startsWith('Name '));
      return header < 0 ? [] : seen.slice(header + 1, header + 1 + CONTAINERS);
    };
    const lines = await shown.until(
      'all rows',
      (seen) => rowsOf(seen).filter((row) => row.includes('/')).length === CONTAINERS,
    );
    expect(lines.find((line) => line.startsWith('Name '))).toMatch(/ CloseWait .*Descriptors/);
    expectDistinct(rowsOf(lines).map((row) => row.split(' ')[0] ?? ''));
    // The process nearest to its limit is named with its container.
    const files = lines.find((line) => line.startsWith('  Files')) ?? '';
    const [, name = '', pid = ''] = /\] (\S+) PID (\d+)/.exec(files) ?? [];
    expect(meantBy(name)).toContain(containers.find((container) => container.pid === Number(pid))?.name);
    shown.press('F10');
  });
}
