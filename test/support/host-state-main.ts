/** Prints the state of the machine as JSON. */
import { readHostState } from './read-host-state.ts';

process.stdout.write(`${JSON.stringify(readHostState())}\n`);
