import fs from 'node:fs';
import type { SystemCalls } from '../../kernel/system-calls.ts';
import type {
  BalancerSettings,
  DatabaseSettings,
  LoaderSettings,
  ProgramSettings,
  WebhookSettings,
} from '../../model/report/lab-settings.ts';
import type { LoadPlan, LoadReport, LoadSecond } from '../../model/report/load-report.ts';
import { LabProcess } from './lab-process.ts';
import { LoadDriver } from './load-driver.ts';
import { makeNamesFolder, nameNetns, removeStaleNames } from './netns-names.ts';
import { type IncidentPlan, planIncident, turnsOf } from './plan.ts';
import { type LabNetns, PrivateNetwork } from './private-network.ts';
import type { ProgramFile } from './program-files.ts';

/** How the lab is set. */
export interface LabOptions {
  /** Before the names of its namespaces: `lab` makes `lab-web-1`. */
  name: string;
  /** Where `ip netns` keeps its names. */
  namesFolder: string;
  /** Webhook receivers, 1 to 99. */
  instances: number;
  /** Of each receiver's pool: idle connections that are kept. */
  maxIdle: number;
  /** Of each receiver's pool: connections at most; 0 for no limit. */
  maxOpen: number;
  /** Each receiver's limit of open files, soft and hard. */
  nofile: number;
  /** Connections that the database lets in. */
  maxConnections: number;
  /** Queries that the database works on at a time. */
  workers: number;
}

/** Somebody in the lab. */
export interface LabMember {
  role: 'database' | 'webhook' | 'balancer' | 'load';
  /** As tables of processes show it: `db`, `webhook-1`, `balancer`, `load`. */
  title: string;
  pid: number;
  /** Dotted quad: what the others see. */
  address: string;
  /** A TARGET: `netns:lab-web-1`, or `pid:N` where no name could be made. */
  target: string;
}

/** Addresses inside the lab; nobody outside sees them. */
const NETWORK = [10, 133, 8] as const;
const HOST = { database: 2, balancer: 3, load: 4, firstInstance: 11 } as const;

/** Of the database until it is told otherwise. */
const FAST_QUERY_MS = 1;

/** A running lab. */
export class Lab {
  readonly options: LabOptions;
  /** Database, receivers, balancer, load. */
  readonly members: LabMember[] = [];
  readonly #calls: SystemCalls;
  readonly #network: PrivateNetwork;
  readonly #processes = new Map<string, LabProcess>();
  readonly #names: string[] = [];

  constructor(options: LabOptions, calls: SystemCalls) {
    this.options = options;
    this.#calls = calls;
    this.#network = new PrivateNetwork(calls);
  }

  /** Makes everything; called once, by `startLab`. */
  async start(): Promise<void> {
    const { name, namesFolder, instances, maxIdle, maxOpen, maxConnections, workers, nofile } = this.options;
    makeNamesFolder(namesFolder);
    removeStaleNames(namesFolder, name);
    const home = (host: number) => this.#network.add(Uint8Array.of(...NETWORK, host));
    const [database, balancer, load] = [home(HOST.database), home(HOST.balancer), home(HOST.load)];
    const receivers = Array.from({ length: instances }, (_, index) => home(HOST.firstInstance + index));
    this.#network.join(load, balancer, { left: 'eth0', right: 'load' });
    for (const [index, receiver] of receivers.entries()) {
      this.#network.join(receiver, database, { left: 'eth0', right: `web-${index + 1}` });
      this.#network.join(receiver, balancer, { left: 'eth1', right: `web-${index + 1}` });
    }

    this.#run<DatabaseSettings>('database', database, 'db', {
      title: 'db',
      maxConnections,
      workers,
      queryMs: FAST_QUERY_MS,
    });
    for (const [index, receiver] of receivers.entries()) {
      const settings = { title: `webhook-${index + 1}`, database: dotted(database.address), maxIdle, maxOpen };
      this.#run<WebhookSettings>('webhook', receiver, `web-${index + 1}`, settings, nofile);
    }
    const turns = turnsOf(receivers.map(({ address }) => dotted(address)));
    this.#run<BalancerSettings>('balancer', balancer, 'balancer', { title: 'balancer', turns });
    this.#run<LoaderSettings>('load', load, 'load', { title: 'load', balancer: dotted(balancer.address) });
    await Promise.all([...this.#processes.values()].map((process) => process.ask(undefined, 'ready')));
  }

  /** Calls `listener` with what a member tells each second: its counts. @returns what ends that */
  listen(title: string, listener: (message: { type: string }) => void): () => void {
    return this.#process(title).listen(listener);
  }

  /**
   * Finds out what this machine can do: senders that never pause, and a fast database.
   *
   * @returns requests per second through all of the lab
   */
  async calibrate(ms = 2000): Promise<number> {
    await this.setQueryTime(FAST_QUERY_MS);
    return this.#driver.calibrate(ms);
  }

  /** The incident's load for a machine that can do so much, whatever is mended in this lab. */
  plan(capacity: number, nofile = this.options.nofile): IncidentPlan {
    const { maxConnections, workers } = this.options;
    return planIncident({ capacity, maxConnections, nofile, workers });
  }

  /** Sets how many milliseconds a query takes. */
  async setQueryTime(queryMs: number): Promise<void> {
    await this.#process('db').ask({ queryMs }, 'done');
  }

  /** Runs a load to its end. @param onSecond is given each second when it is over */
  load(plan: LoadPlan, onSecond?: (second: LoadSecond) => void): Promise<LoadReport> {
    return this.#driver.run(plan, onSecond);
  }

  /** Ends all programs; nothing is left. Can be called twice. */
  async stop(): Promise<void> {
    await Promise.all([...this.#processes.values()].map((process) => process.end()));
    for (const file of this.#names.splice(0)) fs.rmSync(file, { force: true });
    this.#network.close();
  }

  #run<T extends ProgramSettings>(
    role: ProgramFile,
    labNetns: LabNetns,
    handle: string,
    settings: T,
    nofile?: number,
  ): void {
    const { name, namesFolder } = this.options;
    const netnsName = `${name}-${handle}`;
    const file = `${namesFolder}/${netnsName}`;
    const free = !fs.existsSync(file);
    const process = LabProcess.start(
      this.#calls,
      labNetns.netnsFd,
      role,
      free ? { ...settings, name: file } : settings,
      nofile,
    );
    this.#processes.set(settings.title, process);
    const { pid, title } = process;
    const named = free && nameNetns(file, pid);
    if (named) this.#names.push(file);
    const target = named ? `netns:${netnsName}` : `pid:${pid}`;
    this.members.push({ role, title, pid, address: dotted(labNetns.address), target });
  }

  get #driver(): LoadDriver {
    return new LoadDriver(this.#process('load'));
  }

  #process(title: string): LabProcess {
    const process = this.#processes.get(title);
    if (process === undefined) throw new Error(`nobody in the lab is called ${title}`);
    return process;
  }
}

function dotted(address: Uint8Array): string {
  return address.join('.');
}
