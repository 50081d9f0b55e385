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
import type { LabProgram } from './lab-program.ts';
import { LoadDriver } from './load-driver.ts';
import { makeNamesFolder, nameNetns, removeStaleNames } from './netns-names.ts';
import { type IncidentPlan, planIncident, turnsOf } from './plan.ts';
import { type LabNetns, PrivateNetwork } from './private-network.ts';

/** Settings of the lab. */
export interface LabOptions {
  /** Prefix of its namespaces' names: `lab` gives `lab-web-1`. */
  name: string;
  /** Folder of named network namespaces, ip-netns(8). */
  namesFolder: string;
  /** Number of webhook receivers, 1 to 99. */
  instances: number;
  /** Largest number of idle connections in each receiver's pool. */
  maxIdle: number;
  /** Largest number of connections in each receiver's pool; 0 for no limit. */
  maxOpen: number;
  /** Each receiver's limit of open files, soft and hard. */
  nofile: number;
  /** Connections that the database accepts. */
  maxConnections: number;
  /** Queries that the database processes at the same time. */
  workers: number;
}

/** A process of the lab. */
export interface LabMember {
  role: 'database' | 'webhook' | 'balancer' | 'load';
  /** Its process title: `db`, `webhook-1`, `balancer`, `load`. */
  title: string;
  pid: number;
  /** Its address in the lab's network, a dotted quad. */
  address: string;
  /** Its TARGET: `netns:lab-web-1`, or `pid:N` where a name could not be created. */
  target: string;
}

/** Network and host parts of the addresses inside the lab; they are not visible outside it. */
const NETWORK = [10, 133, 8] as const;
const HOST = { database: 2, balancer: 3, load: 4, firstInstance: 11 } as const;

/** Milliseconds of a query until {@link Lab.setQueryTime}. */
const FAST_QUERY_MS = 1;

/** A running lab. */
export class Lab {
  readonly options: LabOptions;
  /** In the order database, receivers, balancer, load. */
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

  /** Creates the namespaces and starts the programs; called once, by `startLab`. */
  async start(): Promise<void> {
    const { name, namesFolder, instances, maxIdle, maxOpen, maxConnections, workers, nofile } = this.options;
    makeNamesFolder(namesFolder);
    removeStaleNames(namesFolder, name);
    const add = (host: number) => this.#network.add(Uint8Array.of(...NETWORK, host));
    const [database, balancer, load] = [add(HOST.database), add(HOST.balancer), add(HOST.load)];
    const receivers = Array.from({ length: instances }, (_, index) => add(HOST.firstInstance + index));
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

  /** Calls `listener` with a member's counts each second. @returns a function that stops this */
  listen(title: string, listener: (message: { type: string }) => void): () => void {
    return this.#process(title).listen(listener);
  }

  /**
   * Measures the capacity of this machine, with senders that never pause and a fast database.
   *
   * @param ms duration of the measurement, milliseconds
   * @returns requests per second through the whole lab
   */
  async calibrate(ms = 2000): Promise<number> {
    await this.setQueryTime(FAST_QUERY_MS);
    return this.#driver.calibrate(ms);
  }

  /**
   * The incident's load for a machine of this capacity, whichever fixes this lab has.
   *
   * @param capacity requests per second
   */
  plan(capacity: number, nofile = this.options.nofile): IncidentPlan {
    const { maxConnections, workers } = this.options;
    return planIncident({ capacity, maxConnections, nofile, workers });
  }

  /** Sets how many milliseconds a query takes. */
  async setQueryTime(queryMs: number): Promise<void> {
    await this.#process('db').ask({ queryMs }, 'done');
  }

  /** Runs a load to its end. @param onSecond called with the counts of each second */
  load(plan: LoadPlan, onSecond?: (second: LoadSecond) => void): Promise<LoadReport> {
    return this.#driver.run(plan, onSecond);
  }

  /** Stops all programs and removes namespaces and names. Can be called twice. */
  async stop(): Promise<void> {
    await Promise.all([...this.#processes.values()].map((process) => process.end()));
    for (const file of this.#names.splice(0)) fs.rmSync(file, { force: true });
    this.#network.close();
  }

  #run<T extends ProgramSettings>(
    role: LabProgram,
    labNetns: LabNetns,
    suffix: string,
    settings: T,
    nofile?: number,
  ): void {
    const { name, namesFolder } = this.options;
    const netnsName = `${name}-${suffix}`;
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
    if (process === undefined) throw new Error(`the lab has no process ${title}`);
    return process;
  }
}

function dotted(address: Uint8Array): string {
  return address.join('.');
}
