/** Virtual machines whose only program, guest/, loads programs into their kernel and says what they and `/proc` give. */
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { BpfProgram } from '../../../src/bpf/program.ts';
import { hex } from '../../support/hex.ts';
import { type ProcRow, parseProcRows } from '../../support/proc-net.ts';

const MOST_GUEST_SECONDS = 180;
/** An old processor: newer ones make more work for the emulation. */
const MACHINE = '-accel tcg -cpu Nehalem -m 512 -smp 1 -display none -nodefaults -no-reboot'.split(' ');
const LOG_LINES = 20;

/** Descriptors that the maps of the guest have, for the programs that use them. */
export const GUEST_MAPS = { netnsFd: 900, ringFd: 901, recordedFd: 902 } as const;

/** A program that the kernel has accepted, and what it gave. */
export interface Loaded {
  /** Of an iterator over all processes. */
  records: Uint8Array;
  /** Of a program at a tracepoint or function, one after the other, during {@link connections} or {@link faults}. */
  events: Uint8Array[];
  /** Of an iterator over process 1 alone, or the errno of a kernel that has none; empty for a tracepoint. */
  chosen: Uint8Array | string;
  /**
   * For a tracepoint: ports of the connections that the guest made during it, one with five bytes from client to
   * listener, whose client closed first, and one that was refused. Times are CLOCK_MONOTONIC, nanoseconds.
   */
  connections: Numbers<typeof CONNECTIONS> | undefined;
  /**
   * For a program named `packet-…`: ports of a connection that was refused, of one whose client discarded it, of
   * datagrams that had no room in a receive buffer, and their number, and of a SYN that was sent again.
   */
  faults: Numbers<typeof FAULTS> | undefined;
}

const CONNECTIONS = [
  ...(['listener', 'client', 'refused', 'cookie', 'connectedNs', 'acceptFromNs', 'acceptToNs'] as const),
] as const;
const FAULTS = [
  ...(['refused', 'refusedClient', 'listener', 'aborting', 'receiver', 'sender', 'drops', 'full', 'waiting'] as const),
] as const;

type Numbers<Names extends readonly string[]> = Record<Names[number], number>;

export type Outcome = Loaded | { refused: string; log: string[] };

export interface GuestProcess {
  pid: number;
  name: string;
  startTicks: number;
  /** Inodes of its network namespace and its cgroup. */
  netns: number;
  cgroup: number;
  sockets: { fd: number; inode: number }[];
  /** Sockets of its network namespace by `/proc/PID/net`. */
  internet: ProcRow[];
  unixInodes: number[];
}

export interface GuestFacts {
  /** As `uname -r`. */
  release: string;
  processes: GuestProcess[];
  outcomes: Map<string, Outcome>;
}

/**
 * Starts a virtual machine, at most one at a time, and waits for its end: some 3 seconds where everything is emulated.
 *
 * @param kernel its image
 * @param programs to load, by a name for the outcome
 * @param parameter of the kernel's command line, besides the usual ones
 * @throws when the guest fails or exceeds its time, with the end of what its kernel printed
 */
export function runGuest(kernel: string, programs: ReadonlyMap<string, BpfProgram>, parameter = ''): GuestFacts {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'socklens-guest-'));
  try {
    const [files, facts, log] = ['files.cpio', 'facts', 'log'].map((name) => path.join(folder, name)) as [
      string,
      string,
      string,
    ];
    fs.writeFileSync(files, guestFiles(path.join(folder, 'root'), programs));
    const serial = ['-serial', `file:${log}`, '-serial', `file:${facts}`];
    const boot = ['-kernel', kernel, '-initrd', files, '-append', `console=ttyS0 panic=-1 rdinit=/init ${parameter}`];
    const command = [
      '-n',
      '10',
      'timeout',
      '--kill-after=10',
      String(MOST_GUEST_SECONDS),
      'qemu-system-x86_64',
      ...MACHINE,
    ];
    const { stderr, status } = spawnSync('nice', [...command, ...boot, ...serial], { encoding: 'utf8' });
    const read = (file: string) => (fs.existsSync(file) ? fs.readFileSync(file, 'latin1').split('\n') : []);
    const lines = read(facts).slice(0, -1);
    if (lines.at(-1) !== 'end')
      throw new Error([`status ${status}`, stderr, ...read(log).slice(-LOG_LINES), ...lines.slice(-1)].join('\n'));
    return parseFacts(lines);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/** The guest's first files: the guest as its first process, and the programs. */
function guestFiles(root: string, programs: ReadonlyMap<string, BpfProgram>): Buffer {
  for (const name of ['dev', 'proc', 'sys', 'programs']) fs.mkdirSync(path.join(root, name), { recursive: true });
  const folder = path.join(import.meta.dirname, 'guest');
  const sources = fs.readdirSync(folder).filter((name) => name.endsWith('.c'));
  const options = ['-static', '-O1', '-Wall', '-Wextra', '-Werror'];
  execFileSync('gcc', [...options, '-o', path.join(root, 'init'), ...sources], { cwd: folder });
  for (const [name, { attachType, attachTypeId, instructions }] of programs) {
    const header = Buffer.alloc(8);
    header.writeUInt32LE(attachType, 0);
    header.writeUInt32LE(attachTypeId, 4);
    fs.writeFileSync(path.join(root, 'programs', name), Buffer.concat([header, instructions]));
  }
  return execFileSync('cpio', ['--quiet', '-o', '-H', 'newc'], {
    cwd: root,
    input: fs.readdirSync(root, { recursive: true }).join('\n'),
    maxBuffer: 64 * 1024 * 1024,
  });
}

/** Lines as the head of guest/main.c lists them. */
function parseFacts(lines: readonly string[]): GuestFacts {
  const words = (kind: string) =>
    lines.filter((line) => line.startsWith(`${kind} `)).map((line) => line.slice(kind.length + 1).split(' '));
  const rest = (kind: string, of: string) =>
    lines.filter((line) => line.startsWith(`${kind} ${of} `)).map((line) => line.slice(kind.length + of.length + 2));
  const processes = words('process').map(([pid = '', netns, cgroup, ...stat]) => {
    const [, name = '', after = ''] = /\((.*)\) (.*)/.exec(stat.join(' ')) ?? [];
    const table = (name: string) => rest(`net ${pid}`, name);
    return {
      pid: Number(pid),
      name,
      // Field 22 of proc_pid_stat(5); the third one is the first after the name.
      startTicks: Number(after.split(' ')[22 - 3]),
      netns: Number(netns),
      cgroup: Number(cgroup),
      sockets: rest('socket', pid).map((line) => {
        const [fd, inode] = line.split(' ').map(Number);
        return { fd: fd ?? -1, inode: inode ?? -1 };
      }),
      internet: ['tcp', 'tcp6', 'udp'].flatMap((name) => parseProcRows(table(name).join('\n'))),
      unixInodes: table('unix').map((line) => Number(line.trim().split(/\s+/)[6])),
    };
  });
  const outcomes = new Map<string, Outcome>();
  for (const [name = '', errno = ''] of words('refused'))
    outcomes.set(name, { refused: errno, log: rest('log', name) });
  for (const [name = ''] of words('loaded')) {
    const [chosen = ''] = rest('chosen', name);
    const [records = ''] = rest('records', name);
    const [connections] = rest('connections', name);
    const [faults] = rest('faults', name);
    outcomes.set(name, {
      records: hex(records),
      events: rest('event', name).map(hex),
      chosen: chosen.startsWith('E') ? chosen : hex(chosen),
      connections: connections === undefined ? undefined : numbersOf(CONNECTIONS, connections),
      faults: faults === undefined ? undefined : numbersOf(FAULTS, faults),
    });
  }
  return { release: words('release')[0]?.[0] ?? '', processes, outcomes };
}

function numbersOf<Names extends readonly string[]>(names: Names, text: string): Numbers<Names> {
  const values = text.split(' ').map(Number);
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? -1])) as Numbers<Names>;
}

/** @throws when the kernel has refused the program, with the verifier's log */
export function loaded(outcome: Outcome | undefined): Loaded {
  if (outcome === undefined || 'refused' in outcome)
    throw new Error(`refused: ${outcome?.refused}\n${outcome?.log.join('\n')}`);
  return outcome;
}
