import type { Fix } from '../../model/finding/finding.ts';

/** Why a program lets clients in and drops them, where it is no limit of connections. */
interface DropReason {
  programs: RegExp;
  /** As the end of a sentence: `protected mode, probably`. */
  because: string;
  fix: Fix;
}

const REASONS: readonly DropReason[] = [
  {
    programs: /^(redis-server|valkey-server|keydb-server)/,
    because: 'protected mode, probably',
    fix: {
      where: 'redis.conf',
      text: 'without a password it takes clients of its own host only (protected-mode): set one, or an ACL, and bind to the address that clients use; its answer to them, and its log, say so',
      snippet: 'requirepass …\nbind 0.0.0.0',
    },
  },
  {
    programs: /^docker-proxy/,
    because: 'nothing listens in the container, probably',
    fix: {
      where: 'the container',
      text: 'docker-proxy accepts for the published port, and cannot connect to the port inside: have the server listen there, on 0.0.0.0',
    },
  },
  {
    programs: /^sshd/,
    because: 'its limit of connections without a login, probably',
    fix: {
      where: 'sshd_config',
      text: 'MaxStartups drops a part of those that have not logged in: find who connects (scans), or raise it',
      snippet: 'MaxStartups N',
    },
  },
  {
    programs: /^haproxy/,
    because: 'it has no server to give them to, probably',
    fix: {
      where: 'haproxy.cfg',
      text: 'in mode tcp it drops clients while no server of the backend is up, or a rule rejects them: look at its log',
      snippet: 'echo "show stat" | socat stdio /run/haproxy/admin.sock',
    },
  },
  {
    programs: /^(mariadbd|mysqld)/,
    because: 'the host of the client is not allowed, or blocked, probably',
    fix: {
      where: 'the server',
      text: 'it refuses a client before the login: no account for its host (error 1130), or too many failed attempts (error 1129): look at its log',
      snippet: 'FLUSH HOSTS;',
    },
  },
];

const GENERAL: DropReason = {
  programs: /^/,
  because: 'its log says why',
  fix: {
    where: 'the server',
    text: 'it closes them itself, before it has read anything: a rule about who may connect, a limit for each client or in all, a backend that is missing; look at its log',
  },
};

/** Why a program drops all clients, or some of them; the general answer for one that is not known. */
export function dropReason(program: string | undefined): Omit<DropReason, 'programs'> {
  return REASONS.find(({ programs }) => programs.test(program ?? '')) ?? GENERAL;
}
