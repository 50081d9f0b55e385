/** Go programs that are built here: what is read of them, and what never is. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { settingOf } from '../../../src/model/stack/stack-facts.ts';
import { buildGo, type GoBuild, missingGo } from '../../support/software/go.ts';
import { lookAt } from '../../support/stacks.ts';

const MYSQL = 'github.com/go-sql-driver/mysql';
const SQLX = 'github.com/jmoiron/sqlx';
const SECRET = 'hunter2-secret';

const started: { child: ChildProcess; folder: string }[] = [];

afterEach(() => {
  for (const { child, folder } of started.splice(0)) {
    child.kill('SIGKILL');
    fs.rmSync(folder, { recursive: true, force: true });
  }
});

/** Builds and starts a program, which ends with its stdin. */
function run(build: GoBuild, after?: (program: string) => void) {
  const program = buildGo(build);
  after?.(program);
  const child = spawn(program, [`-password=${SECRET}`], {
    env: { DSN: `root:${SECRET}@tcp(db:3306)/shop` },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  started.push({ child, folder: path.dirname(program) });
  return { program, facts: lookAt(child.pid ?? 0) };
}

/** A program with a pool; `statements` set it up. */
function source(statements = '', imports = '', open = 'sql.Open("mysql", dsn)'): string {
  return `package main
import (
  "database/sql"
  "io"
  "os"
  _ "${MYSQL}"
  ${imports}
)
var key string
func main() {
  dsn := os.Getenv("DSN") + key
  db, err := ${open}
  if err != nil { panic(err) }
  ${statements}
  go db.Ping()
  var _ *sql.DB
  io.Copy(io.Discard, os.Stdin)
}
`;
}

const SETTERS = ['SetMaxOpenConns', 'SetMaxIdleConns', 'SetConnMaxIdleTime', 'SetConnMaxLifetime'];
const absentOf = (...names: string[]) => names.map((name) => `database/sql.(*DB).${name}`);

describe.skipIf(missingGo(MYSQL, SQLX))('a Go program', () => {
  test('without modules: driver and version of Go; no setter is called', () => {
    const { program, facts } = run({ source: source() });
    const version = /go([\d.]+)/.exec(execFileSync('go', ['version'], { encoding: 'utf8' }))?.[1];
    expect(facts).toMatchObject({ stack: 'Go', version, path: program, settings: [] });
    expect(facts.libraries).toEqual([{ name: 'go-sql-driver/mysql', proof: 'linked', path: program }]);
    expect(facts.absent).toEqual(absentOf(...SETTERS));
    expect(settingOf(facts, 'max_connections')).toBeUndefined();
  });

  test('a setter that is called is not absent', () => {
    const { facts } = run({ source: source('db.SetMaxOpenConns(10)') });
    // SetMaxOpenConns calls SetMaxIdleConns.
    expect(facts.absent).toEqual(absentOf('SetConnMaxIdleTime', 'SetConnMaxLifetime'));
  });

  test('a setter that is only called when a variable says so is not absent', () => {
    const { facts } = run({ source: source('if key != "" { db.SetMaxIdleConns(len(key)) }') });
    expect(facts.absent).toEqual(absentOf('SetMaxOpenConns', 'SetConnMaxIdleTime', 'SetConnMaxLifetime'));
  });

  test('methods that are called by a computed name are not absent', () => {
    const { facts } = run({
      source: source('reflect.ValueOf(db).MethodByName(os.Args[0])', '"reflect"'),
    });
    expect(facts.absent).toEqual([]);
  });

  test('with modules: versions of the driver and of the wrapper', () => {
    const modules = { [MYSQL]: 'v1.7.1', [SQLX]: 'v1.3.5' };
    const { facts, program } = run({
      source: source('', `"${SQLX}"`, 'sqlx.Open("mysql", dsn)'),
      modules: { ...modules, 'github.com/jmoiron/sqlx/reflectx': 'v1.3.5' },
      name: 'webhook',
    });
    expect(facts.libraries).toEqual([
      { name: 'sqlx', version: 'v1.3.5', proof: 'linked', path: program },
      { name: 'go-sql-driver/mysql', version: 'v1.7.1', proof: 'linked', path: program },
    ]);
  });

  test.each([
    ['stripped', ['-ldflags=-s -w']],
    ['position-independent', ['-buildmode=pie']],
  ])('%s: the same', (_, flags) => {
    const { facts } = run({ source: source(), modules: { [MYSQL]: 'v1.7.1' }, flags });
    expect(facts.libraries).toMatchObject([{ name: 'go-sql-driver/mysql', version: 'v1.7.1' }]);
    expect(facts.absent).toEqual(absentOf(...SETTERS));
  });

  test('without section headers: modules are known, and nothing is proven absent', () => {
    const { facts } = run({ source: source(), modules: { [MYSQL]: 'v1.7.1' } }, (program) => {
      // e_shoff, e_shnum and e_shstrndx of the ELF header, as sstrip(1) leaves them.
      const fd = fs.openSync(program, 'r+');
      fs.writeSync(fd, Buffer.alloc(8), 0, 8, 40);
      fs.writeSync(fd, Buffer.alloc(4), 0, 4, 60);
      fs.closeSync(fd);
    });
    expect(facts.libraries).toMatchObject([{ name: 'go-sql-driver/mysql', version: 'v1.7.1' }]);
    expect(facts.absent).toEqual([]);
  });

  test('a program that was replaced while it runs is still known', () => {
    const program = buildGo({ source: source() });
    const child = spawn(program, { stdio: ['pipe', 'ignore', 'ignore'] });
    started.push({ child, folder: path.dirname(program) });
    fs.rmSync(program);
    expect(lookAt(child.pid ?? 0)).toMatchObject({ stack: 'Go', path: program });
  });

  test('secrets of the linker, of arguments and of the environment are nowhere', () => {
    const flags = [`-ldflags=-X main.key=${SECRET}`];
    const { facts, program } = run({ source: source('println(key)'), modules: { [MYSQL]: 'v1.7.1' }, flags });
    expect(fs.readFileSync(program, 'latin1')).toContain(SECRET);
    expect(JSON.stringify(facts)).not.toContain(SECRET);
  });
});
