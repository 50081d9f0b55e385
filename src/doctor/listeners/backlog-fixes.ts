import type { Fix } from '../../model/finding/finding.ts';
import type { WatchedNetns } from '../../model/netns/netns.ts';
import type { Series } from '../../model/sample/series.ts';
import type { StoredSocket } from '../../model/socket/stored-socket.ts';
import { namespaceSysctlFixes } from '../fixes/namespace-commands.ts';
import { backlogSetting, stackOf } from '../stacks/stack-of.ts';

/** The backlog that a program passes to listen(2) by default. */
interface BacklogHabit {
  /** Command names. */
  programs: readonly string[];
  asks: number;
  where: string;
  snippet: string;
}

/** From the source code of each. Go programs are absent: they ask for net.core.somaxconn. */
const HABITS: readonly BacklogHabit[] = [
  { programs: ['nginx'], asks: 511, where: 'nginx', snippet: 'listen 80 backlog=4096;' },
  { programs: ['node', 'nodejs'], asks: 511, where: 'Node', snippet: 'server.listen({ port, backlog: 4096 })' },
  { programs: ['gunicorn'], asks: 2048, where: 'gunicorn', snippet: '--backlog 4096' },
  { programs: ['uvicorn'], asks: 2048, where: 'uvicorn', snippet: '--backlog 4096' },
  { programs: ['java'], asks: 50, where: 'Java', snippet: 'new ServerSocket(port, 4096)' },
  { programs: ['python', 'python3'], asks: 5, where: 'Python http.server', snippet: 'request_queue_size = 4096' },
  { programs: ['redis-server'], asks: 511, where: 'redis.conf', snippet: 'tcp-backlog 4096' },
  { programs: ['apache2', 'httpd'], asks: 511, where: 'Apache', snippet: 'ListenBacklog 4096' },
];

/** The backlog that a program asks for by default; undefined for a program that is not known. */
export function usualBacklog(program: string | undefined): number | undefined {
  return habitOf(program)?.asks;
}

function habitOf(program: string | undefined): BacklogHabit | undefined {
  return HABITS.find(({ programs }) => programs.some((name) => program === name || program?.startsWith(`${name}:`)));
}

/** A longer backlog, asked for by the application: where its program says that it was set, else as the program does it. */
export function backlogFix(series: Series, { process, localPort }: StoredSocket): Fix {
  // Servers in Python have the interpreter's name.
  const habit = habitOf(stackOf(series, process)?.server) ?? habitOf(process?.name);
  const text = 'ask for a longer backlog and restart: listen() fixes its length';
  const setting = backlogSetting(series, process, localPort);
  if (setting !== undefined && setting.proof !== 'default') {
    const { name, value, path, line, proof } = setting;
    const where = path === undefined ? proof : `${path}${line === undefined ? '' : `:${line}`}`;
    return { where, text: `${text} (${name} is ${value} there)`, snippet: habit?.snippet ?? `${name} = 4096` };
  }
  if (habit === undefined) return { where: 'the application', text, snippet: 'listen(fd, 4096)' };
  const { asks, where, snippet } = habit;
  return { where, text: `${text} (default ${asks})`, snippet };
}

/** The kernel's own default since 5.4. */
export const ROOMY = 4096;

/** A higher maximum of the namespace; the host's value does not apply to a container. */
export function somaxconnFixes(namespace: WatchedNetns, somaxconn: number | undefined): Fix[] {
  const wanted = Math.max(ROOMY, (somaxconn ?? 0) * 2);
  const now = somaxconn === undefined ? '' : ` (${somaxconn} now)`;
  const why = `raise the maximum of this namespace${now}, for which the host's value does not count, and restart: listen() must be called again`;
  return namespaceSysctlFixes(namespace, 'net.core.somaxconn', String(wanted), why);
}
