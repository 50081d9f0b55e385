import { hostSysctl, type PlatformFixes, type PlatformOf, ulimitOption, unitDropIn, unitLimit } from './parts.ts';

const RESTART = 'restart the unit';

/** systemd.exec(5), systemd.resource-control(5). */
export const systemdFixes: PlatformFixes<PlatformOf<'systemd'>> = {
  limit: ({ unit }, name, soft, hard) => [unitDropIn(unit, unitLimit(name, soft, hard), RESTART)],
  sysctl: (_platform, key, value) => [hostSysctl(key, value, 'a unit uses the sysctls of its network namespace')],
  pids: ({ unit }, max) => [unitDropIn(unit, `TasksMax=${max}`, RESTART)],
};

/** A process that was started from a shell or a login. */
export const processFixes: PlatformFixes<PlatformOf<'process'>> = {
  limit: (_platform, name, soft, hard) => [
    {
      where: 'where it is started',
      text: 'a process inherits the limits of its parent; raising the hard limit needs CAP_SYS_RESOURCE',
      snippet: `prlimit --${name}=${ulimitOption(name, soft, hard).slice(name.length + 1)} COMMAND …`,
    },
    {
      where: '/etc/security/limits.d/90-sockets.conf',
      text: 'for login sessions (PAM); log in again',
      snippet: `* soft ${name} ${word(soft)}\n* hard ${name} ${word(hard)}`,
    },
  ],
  sysctl: (_platform, key, value) => [hostSysctl(key, value, 'a process uses the sysctls of its network namespace')],
  pids: (_platform, max) => [
    {
      where: 'where it is started',
      text: 'the limit belongs to its cgroup: start it in its own scope',
      snippet: `systemd-run --scope -p TasksMax=${max} COMMAND …`,
    },
  ],
};

function word(value: number): string {
  return Number.isFinite(value) ? String(value) : 'unlimited';
}
