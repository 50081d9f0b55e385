/**
 * The containers of README.md: two replicas of a web service whose pools are not capped, their database, and a sidecar
 * in the database's network namespace.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { RunningContainer, TestEngine } from './engine.ts';
import { nodeProgram } from './netns.ts';

const CHECKOUT = path.resolve(import.meta.dirname, '../..');
/** As in the founding incident: the usual limit inside containers. */
const NOFILE = 1024;
/**
 * Requests to each of the two a second, two seconds each: together they need more than the 151 connections that the
 * database takes.
 */
const BURST = 48;
const QUERY_MS = 2000;

/**
 * Starts them, as `db`, `exporter`, `web-1` and `web-2`.
 *
 * @param calmSeconds for so long the database takes all that they need
 * @returns by name
 */
export async function startShop(
  docker: TestEngine,
  calmSeconds = 0,
): Promise<Record<'db' | 'web-1' | 'web-2', RunningContainer>> {
  const node = fs.realpathSync(nodeProgram());
  const folders = ['/usr', '/lib', '/lib64', CHECKOUT, path.dirname(node)].filter((folder) => fs.existsSync(folder));
  const service = async (name: string, own: string, args: string, more: object = {}) =>
    docker.run({
      name,
      labels: { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': own },
      script: `exec ${node} --disable-warning=ExperimentalWarning ${args}`,
      ulimits: [{ Name: 'nofile', Soft: NOFILE, Hard: NOFILE }],
      hostConfig: { Binds: folders.map((folder) => `${folder}:${folder}:ro`) },
      ...more,
    });
  const db = await service('db', 'db', `${CHECKOUT}/scripts/demo/db.ts ${QUERY_MS}`);
  const details = (await docker.ask('GET', `/containers/${db.id}/json`)) as {
    NetworkSettings: { Networks: { bridge: { IPAddress: string } } };
  };
  const address = details.NetworkSettings.Networks.bridge.IPAddress;
  const web = `${CHECKOUT}/scripts/demo/web.ts ${address} unlimited ${BURST} ${calmSeconds}`;
  const web1 = await service('web-1', 'web', web);
  const web2 = await service('web-2', 'web', web);
  const exporter = "require('node:http').createServer().listen(9104)";
  await service('exporter', 'exporter', `-e "${exporter}"`, { network: 'container:db' });
  return { db, 'web-1': web1, 'web-2': web2 };
}
