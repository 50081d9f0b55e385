/** Where a scene takes place: namespaces or containers with names, real servers in them, and client programs. */
import fs from 'node:fs';
import path from 'node:path';
import type { TestEngine } from '../../support/engine.ts';
import { connectNetns, createNetns, nodeProgram, type TestNetns, until } from '../../support/netns.ts';
import { type ContainerOptions, ContainerPlace } from '../../support/software/container-place.ts';
import { buildGo } from '../../support/software/go.ts';
import {
  launch,
  ownFolder,
  type Place,
  type Running,
  serviceUser,
  stopSoftware,
} from '../../support/software/program.ts';

/** Carries packets between a device `slow` of this namespace and one of another, after a time: NETNS-FILE DELAY-MS. */
const SLOW_LINK = `
import ctypes, fcntl, heapq, os, select, struct, sys, time
def tun():
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    IFF_TUN, IFF_NO_PI, TUNSETIFF = 1, 0x1000, 0x400454ca
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", b"slow", IFF_TUN | IFF_NO_PI))
    return fd
left = tun()
CLONE_NEWNET = 0x40000000
other = os.open(sys.argv[1], os.O_RDONLY)
if ctypes.CDLL(None, use_errno=True).setns(other, CLONE_NEWNET) != 0: raise OSError(ctypes.get_errno(), "setns")
right = tun()
delay = float(sys.argv[2]) / 1000
waiting = []
number = 0
print("ready")
while True:
    pause = max(0, waiting[0][0] - time.monotonic()) if waiting else None
    readable, _, _ = select.select([left, right], [], [], pause)
    for fd in readable:
        try: packet = os.read(fd, 65536)
        except OSError: continue
        number += 1
        heapq.heappush(waiting, (time.monotonic() + delay, number, right if fd == left else left, packet))
    while waiting and waiting[0][0] <= time.monotonic():
        _, _, to, packet = heapq.heappop(waiting)
        try: os.write(to, packet)
        except OSError: pass
`;

/** How a client program is started. */
export interface ScriptOptions {
  args?: readonly string[];
  nofile?: number;
  /** `/etc/resolv.conf` that it sees. */
  resolvConf?: string;
  /** As root; default as `nobody`. */
  root?: boolean;
  env?: Readonly<Record<string, string>>;
}

/** How a Go program is built and started. */
export interface GoOptions extends ScriptOptions {
  /** Debian's libraries that it imports, with their versions: see `GoBuild`. */
  modules?: Readonly<Record<string, string>>;
}

/** A running client program. */
export interface Script extends Running {
  /** Waits until it has printed a line that contains this text. */
  printed(text: string): Promise<void>;
}

export class Stage {
  readonly #netns = new Map<string, TestNetns>();
  readonly #places = new Map<string, ContainerPlace>();
  readonly #hidden = new Set<string>();
  readonly #scripts: Running[] = [];
  readonly #folders: string[] = [];
  readonly #timers: NodeJS.Timeout[] = [];
  #middle: TestNetns | undefined;
  readonly #engine: TestEngine | undefined;

  /** @param engine for scenes in containers */
  constructor(engine?: TestEngine) {
    this.#engine = engine;
  }

  /** Makes a namespace that has this name in the recording. */
  netns(name: string): TestNetns {
    const netns = createNetns();
    this.#netns.set(name, netns);
    return netns;
  }

  /**
   * Makes namespaces on one network: the first has the address 10.20.0.1, the second 10.20.0.2. They are joined by
   * the bridge of a further namespace, which is not recorded.
   */
  network<const N extends readonly string[]>(...names: N): { [K in keyof N]: TestNetns } {
    const middle = createNetns();
    this.#middle = middle;
    middle.run('ip', 'link', 'add', 'bridge', 'type', 'bridge');
    middle.run('ip', 'link', 'set', 'bridge', 'up');
    const made = names.map((name, index) => {
      const netns = this.netns(name);
      const device = `port${index}`;
      connectNetns({ netns: middle, device, addresses: [] }, { netns, addresses: [`10.20.0.${index + 1}/24`] });
      middle.run('ip', 'link', 'set', device, 'master', 'bridge');
      return netns;
    });
    return made as { [K in keyof N]: TestNetns };
  }

  /**
   * Joins two namespaces by a link with a latency, 10.21.0.1 and 10.21.0.2. Packets go through a program, since not
   * every kernel has a queueing discipline for it.
   */
  async slowLink(left: TestNetns, right: TestNetns, delayMs: number): Promise<void> {
    await this.python(left, SLOW_LINK, { args: [`/run/netns/${right.name}`, String(delayMs)], root: true });
    for (const [netns, address] of [
      [left, '10.21.0.1/24'],
      [right, '10.21.0.2/24'],
    ] as const) {
      netns.run('ip', 'address', 'add', address, 'dev', 'slow');
      netns.run('ip', 'link', 'set', 'slow', 'up');
    }
  }

  /** Leaves a namespace out of the recording: a host that the user cannot look into. */
  hide(netns: TestNetns): void {
    this.#hidden.add(netns.name);
  }

  /** Makes a container of this name, which starts with its program. */
  container(name: string, options: ContainerOptions = {}): ContainerPlace {
    if (this.#engine === undefined) throw new Error('this scene needs a Docker Engine');
    const place = new ContainerPlace(this.#engine, { ...options, name: this.#engine.uniqueName(name) });
    this.#places.set(name, place);
    return place;
  }

  /** The Engine of {@link container}, for networks. */
  get engine(): TestEngine {
    if (this.#engine === undefined) throw new Error('this scene needs a Docker Engine');
    return this.#engine;
  }

  /** Runs a Python program. It is ready when it prints a line with `ready`. */
  python(place: Place, source: string, options: ScriptOptions = {}): Promise<Script> {
    return this.#script(place, 'main.py', source, (file) => ['/usr/bin/python3', '-u', file], options);
  }

  /** Runs a program for Node, an ES module. It is ready when it prints a line with `ready`. */
  node(place: Place, source: string, options: ScriptOptions = {}): Promise<Script> {
    return this.#script(place, 'main.mjs', source, (file) => [fs.realpathSync(nodeProgram()), file], options);
  }

  /** Compiles and runs a Go program. It is ready when it prints a line with `ready`. */
  go(place: Place, source: string, { modules, ...options }: GoOptions = {}): Promise<Script> {
    return this.#script(place, 'main.go', source, (file) => [goProgram(file, modules)], options);
  }

  /** Runs a Java program of one file. It is ready when it prints a line with `ready`. */
  java(place: Place, source: string, options: ScriptOptions = {}): Promise<Script> {
    const command = ['/usr/bin/java', '-Xmx64m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
    return this.#script(place, 'Main.java', source, (file) => [...command, file], options);
  }

  /** A file that a program waits for: it exists after `set`. */
  signalFile(): { path: string; set(): void } {
    const folder = ownFolder('signal');
    this.#folders.push(folder);
    const file = `${folder}/now`;
    return { path: file, set: () => fs.writeFileSync(file, '') };
  }

  /** Does something again and again until the end of the scene. */
  every(intervalMs: number, act: () => void): void {
    this.#timers.push(setInterval(act, intervalMs));
  }

  /** Waits for a state. */
  reached(what: string, check: () => boolean): Promise<unknown> {
    return until(what, check, 60_000);
  }

  /** Number of TCP sockets inside that `ss` lists with this filter. */
  count(place: Place, ...filter: string[]): number {
    return place
      .run('ss', '-Htan', ...filter)
      .split('\n')
      .filter((line) => line !== '').length;
  }

  /** Number of connections in the accept queue of a TCP port, from `ss`. */
  queued(place: Place, port: number): number {
    return Number(place.run('ss', '-Hltn', 'sport', '=', `:${port}`).trim().split(/\s+/)[1]);
  }

  /** What a doctor examines: `netns:NAME,…`, or the names of the containers. */
  get target(): string {
    const namespaces = [...this.#netns.values()].filter(({ name }) => !this.#hidden.has(name));
    return [
      ...namespaces.map(({ name }) => `netns:${name}`),
      ...[...this.#places.values()].map(({ container }) => container.name),
    ].join(',');
  }

  /** Names of this run to the names that the scene gave. */
  get names(): ReadonlyMap<string, string> {
    return new Map([
      ...[...this.#netns].map(([name, netns]) => [netns.name, name] as const),
      ...[...this.#places].map(([name, place]) => [place.container.name, name] as const),
    ]);
  }

  /** Ends the scripts, then the servers, and removes the places. */
  async end(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all(this.#scripts.map((script) => script.stop()));
    const places = [...this.#netns.values(), ...this.#places.values()];
    await stopSoftware(places);
    for (const netns of this.#netns.values()) netns.remove();
    this.#middle?.remove();
    for (const folder of this.#folders) fs.rmSync(folder, { recursive: true, force: true });
    await Promise.all([...this.#places.values()].map((place) => place.remove()));
  }

  async #script(
    place: Place,
    name: string,
    source: string,
    command: (file: string) => string[],
    options: ScriptOptions,
  ): Promise<Script> {
    const folder = ownFolder('script');
    fs.writeFileSync(`${folder}/${name}`, source);
    const running: Running = await launch(place, {
      folder,
      unprivileged: !options.root && serviceUser() !== undefined,
      nofile: options.nofile,
      env: { PYTHONDONTWRITEBYTECODE: '1', ...options.env },
      resolvConf: options.resolvConf,
      command: [...command(`${folder}/${name}`), ...(options.args ?? [])],
      endSignal: 'SIGKILL',
      answers: () => fs.readFileSync(`${folder}.log`, 'utf8').includes('ready'),
    });
    const printed = async (text: string) => {
      await until(`the line ${text}`, () => running.log().includes(text), 60_000);
    };
    this.#scripts.push(running);
    return { ...running, printed };
  }
}

/** Compiles a Go program. @returns the executable, beside the source, with the name `app` */
function goProgram(file: string, modules?: GoOptions['modules']): string {
  const source = fs.readFileSync(file, 'utf8');
  const built = buildGo({ source, name: 'app', ...(modules !== undefined && { modules }) });
  const program = path.join(path.dirname(file), 'app');
  fs.renameSync(built, program);
  fs.rmSync(path.dirname(built), { recursive: true });
  return program;
}
