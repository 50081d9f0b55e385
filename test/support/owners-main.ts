/** Reads who holds the sockets of the arguments, as another user than the test's, and prints it as JSON. */
import { localMachine } from '../../src/collect/local-machine.ts';
import { ProcOwners } from '../../src/collect/owners/proc-owners.ts';

const source = new ProcOwners(localMachine({}));
const inodes = process.argv.slice(2).map(Number);
source.round({ atMs: Date.now(), sockets: inodes, likely: [], foreground: true });
const holders = inodes.map((inode) => source.processesOf(inode).map(({ pid }) => pid));
process.stdout.write(JSON.stringify({ holders, denied: source.denied }));
