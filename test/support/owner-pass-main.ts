/**
 * Prints how many descriptors a pass for owners sees, or why it cannot be made. With the inode of a socket: the PIDs of
 * its holders, and how many processes may not be read, whichever source is taken.
 */
import { localMachine } from '../../src/collect/local-machine.ts';
import { HostOwners } from '../../src/collect/owners/host-owners.ts';
import { ownerPass } from '../../src/collect/owners/owner-pass.ts';

const machine = localMachine({});
const [, , inode] = process.argv;
if (inode === undefined) {
  const pass = ownerPass(machine);
  console.log(typeof pass === 'string' ? pass : `${pass.read().rows} rows`);
} else {
  const owners = new HostOwners(machine).find(new Set([Number(inode)]));
  const pids = owners.processesOf(Number(inode)).map(({ pid }) => pid);
  console.log(JSON.stringify({ pids, denied: owners.denied.length }));
}
