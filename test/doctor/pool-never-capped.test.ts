/** A Go program built twice, with and without a cap, on a MySQL port: what the linker left out proves the fault. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import type { Diagnosis } from '../../src/model/finding/diagnosis.ts';
import { socklens } from '../support/cli.ts';
import { diagnose, prove } from '../support/doctor.ts';
import { createNetns, removeAllNetns, type TestNetns, until } from '../support/netns.ts';
import { buildGo, missingGo } from '../support/software/go.ts';
import { startMariadb } from '../support/software/mariadb.ts';
import { missingProgram, stopSoftware } from '../support/software/program.ts';

const DRIVER = 'github.com/go-sql-driver/mysql';
const SECRET = 'hunter2-secret';
const OPEN = 12;

afterEach(async () => {
  await stopSoftware();
  removeAllNetns();
});

/** Holds connections to a database until its stdin ends. @param cap statement that caps the pool */
function program(cap: string): string {
  return buildGo({
    name: 'webhook',
    modules: { [DRIVER]: 'v1.7.1' },
    flags: [`-ldflags=-X main.key=${SECRET}`],
    source: `package main
import (
  "context"
  "database/sql"
  "io"
  "os"
  _ "${DRIVER}"
)
var key string
func main() {
  db, err := sql.Open("mysql", os.Getenv("DSN"))
  if err != nil { panic(err) }
  ${cap}
  var held []*sql.Conn
  for len(held) < ${OPEN} && key != "" {
    conn, err := db.Conn(context.Background())
    if err != nil { panic(err) }
    held = append(held, conn)
  }
  io.Copy(io.Discard, os.Stdin)
}
`,
  });
}

/** The program with its connections to a MariaDB that takes so many. */
async function connected(netns: TestNetns, cap: string, maxConnections: number) {
  await startMariadb(netns, { address: '127.0.0.1', maxConnections });
  const file = program(cap);
  netns.spawn(file, [], { env: { DSN: `root:${SECRET}@tcp(127.0.0.1:3306)/` }, stdio: ['pipe', 'ignore', 'inherit'] });
  const filter = ['-Htn', 'state', 'established', 'dport', '=', ':3306'];
  await until(
    'the connections',
    () =>
      netns
        .run('ss', ...filter)
        .trim()
        .split('\n').length === OPEN,
  );
  return { file, remove: () => fs.rmSync(path.dirname(file), { recursive: true, force: true }) };
}

async function judged(cap: string, maxConnections = 300) {
  const netns = createNetns();
  const { file, remove } = await connected(netns, cap, maxConnections);
  try {
    const diagnosis = await diagnose(`netns:${netns.name}`, { for: '1s' });
    expect(JSON.stringify(diagnosis)).not.toContain(SECRET);
    return { findings: diagnosis.findings, file };
  } finally {
    remove();
  }
}

const missing = missingGo(DRIVER) ?? missingProgram('mariadbd', 'mariadb');

if (missing === undefined) {
  prove({
    rule: 'POOL_NEVER_CAPPED',
    how: 'namespace: a Go program with go-sql-driver/mysql that never calls SetMaxOpenConns',
    lookAlike: 'the same program with a cap of 12',
    timeoutMs: 180_000,
    fault: async () => (await judged('')).findings,
    healthy: async () => (await judged(`db.SetMaxOpenConns(${OPEN})`)).findings,
    check: (finding) => {
      expect(finding).toMatchObject({ severity: 'info', confidence: 'high' });
      expect(finding.summary).toMatch(
        /^unlimited pool to .*:(3306|mysql): SetMaxOpenConns is never called in .*\/webhook$/,
      );
      expect(finding.evidence[0]?.value).toMatch(/^go-sql-driver\/mysql v1\.7\.1 in .*\/webhook, Go 1\./);
      expect(finding.fixes[0]).toMatchObject({ where: 'Go database/sql, go-sql-driver/mysql' });
    },
  });
}

test.skipIf(missing)(
  'POOL_NEVER_CAPPED: a warning with half of the running limit in use, and a cap that fits',
  async () => {
    const { findings } = await judged('', 20);
    const finding = findings.find(({ rule }) => rule === 'POOL_NEVER_CAPPED');
    expect(finding).toMatchObject({ severity: 'warning' });
    expect(finding?.summary).toContain(`${OPEN} of the 20 that the server accepts are in use`);
    // 20 less the tenth that is kept for others.
    expect(finding?.fixes[0]?.snippet).toBe('db.SetMaxOpenConns(18)\ndb.SetMaxIdleConns(18)');
  },
  180_000,
);

/** Runs socklens and checks that nothing that it prints has the secret. */
function run(...args: string[]) {
  const result = socklens(args);
  expect(result.stdout + result.stderr).not.toContain(SECRET);
  return result;
}

const named = (stdout: string) =>
  (JSON.parse(stdout) as Diagnosis).findings.find(({ rule }) => rule === 'POOL_NEVER_CAPPED');

test.skipIf(missing)(
  'POOL_NEVER_CAPPED: a recording has it too, redacted or not; --no-stack looks at nothing',
  async () => {
    const netns = createNetns();
    const target = `netns:${netns.name}`;
    const { file, remove } = await connected(netns, '', 300);
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-recorded-'));
    try {
      run('record', target, '-o', `${folder}/plain.slr`, '--for', '1s');
      run('record', target, '-o', `${folder}/redacted.slr`, '--for', '1s', '--redact');
      run('record', target, '-o', `${folder}/without.slr`, '--for', '1s', '--no-stack');
      expect(named(run('doctor', target, '--for', '1s', '--json', '--no-stack').stdout)).toBeUndefined();
      const text = run('doctor', target, '--for', '1s', '--all', '--verbose').stdout;
      expect(text.replace(/\s+/g, ' ')).toContain(`go-sql-driver/mysql v1.7.1 in ${file}`);
      const redactedText = run('doctor', target, '--for', '1s', '--all', '--verbose', '--redact').stdout;
      expect(redactedText).toContain('POOL_NEVER_CAPPED');
      expect(redactedText).not.toContain(path.dirname(file));
    } finally {
      remove();
    }
    const content = (name: string) => gunzipSync(fs.readFileSync(`${folder}/${name}.slr`)).toString();
    for (const name of ['plain', 'redacted', 'without']) expect(content(name)).not.toContain(SECRET);
    expect(content('plain')).toContain(file);
    expect(content('redacted')).not.toContain(path.dirname(file));
    const from = (name: string) => named(run('doctor', '--from', `${folder}/${name}.slr`, '--json').stdout);
    expect(from('plain')?.summary).toContain(`SetMaxOpenConns is never called in ${file}`);
    // 300 less the tenth that is kept for others: the running limit is in the recording, too.
    expect(from('redacted')?.fixes).toMatchObject([
      { where: 'Go database/sql, go-sql-driver/mysql', snippet: 'db.SetMaxOpenConns(270)\ndb.SetMaxIdleConns(270)' },
    ]);
    expect(from('without')).toBeUndefined();
    fs.rmSync(folder, { recursive: true });
  },
  180_000,
);
