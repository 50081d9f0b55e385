import type { Fix } from '../../model/finding/finding.ts';
import type { Server } from './servers.ts';

/** Fixes of its clients and that of the server's limit: a pooler's is raised before its clients get fewer connections. */
export function withServerFix(server: Server, clients: readonly Fix[]): Fix[] {
  return server.pooler === undefined ? [...clients, serverFix(server)] : [serverFix(server), ...clients];
}

function serverFix({ database, pooler }: Server): Fix {
  const setting = database?.limitSetting ?? 'its limit of connections';
  const text =
    pooler === undefined
      ? `raise ${setting} only when its memory allows it; a pooler (ProxySQL, PgBouncer) shares few connections among many clients`
      : `raise ${setting}: clients of a pooler cost little; its connections to the server stay within its pool`;
  return {
    where: pooler ?? database?.name ?? 'the server',
    text,
    ...(database?.showsRefusals !== undefined && { snippet: database.showsRefusals }),
  };
}
