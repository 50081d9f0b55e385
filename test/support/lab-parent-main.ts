/** Starts a small lab whose names begin with its argument, prints its members as JSON, and waits to be killed. */
import { startLab } from '../../src/act/lab/start-lab.ts';

const lab = await startLab({ name: process.argv[2] ?? 'sltestlab', instances: 2 });
console.log(JSON.stringify(lab.members));
setInterval(() => {}, 1000);
