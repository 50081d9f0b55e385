/** Prints how many descriptors a pass for owners sees, or why it cannot be made. */
import { localMachine } from '../../src/collect/local-machine.ts';
import { ownerPass } from '../../src/collect/owners/owner-pass.ts';

const pass = ownerPass(localMachine({}));
console.log(typeof pass === 'string' ? pass : `${pass.read().rows} rows`);
