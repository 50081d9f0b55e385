import { command } from '../command.ts';
import { option } from '../option.ts';
import { TARGET_HELP } from '../options.ts';
import { proposeTargets } from '../proposals.ts';

/**
 * `netstat` as help and completion know it. The command parses its own arguments (see `main.ts`): netstat has forms
 * that the command tree does not know, such as `-4an` and repeated letters.
 */
export const netstatCommand = command({
  task: 'look',
  brief: 'Print exactly what `nsenter -t PID -n netstat FLAGS` prints',
  details: `${TARGET_HELP.replace(/ A container means.*/, '')} One network namespace, and always all of it. Letters can be combined: -tan.`,
  usage: 'TARGET [FLAGS]',
  options: {
    tcp: option.boolean('TCP; without a protocol all of them', { letter: 't' }),
    udp: option.boolean('UDP', { letter: 'u' }),
    udplite: option.boolean('UDP-Lite', { letter: 'U' }),
    raw: option.boolean('RAW sockets', { letter: 'w' }),
    unix: option.boolean('UNIX sockets', { letter: 'x' }),
    inet: option.boolean('IPv4 (also -4); without a family both'),
    inet6: option.boolean('IPv6 (also -6)'),
    protocol: option.value('FAMILY', 'inet, inet6 or unix; separate several with commas', String, {
      letter: 'A',
      choices: ['inet', 'inet6', 'unix'],
    }),
    all: option.boolean('Also listening sockets', { letter: 'a' }),
    listening: option.boolean('Only listening sockets', { letter: 'l' }),
    numeric: option.boolean('Numbers instead of names', { letter: 'n' }),
    numericHosts: option.boolean('Addresses instead of names'),
    numericPorts: option.boolean('Port numbers instead of names'),
    numericUsers: option.boolean('User ids instead of names'),
    programs: option.boolean('PID and program', { letter: 'p' }),
    extend: option.boolean('User and inode', { letter: 'e' }),
    timers: option.boolean('Timers', { letter: 'o' }),
    wide: option.boolean('Do not truncate addresses', { letter: 'W' }),
    continuous: option.boolean('Print again every second', { letter: 'c' }),
  },
  operands: {
    many: { placeholder: 'TARGET', brief: 'a container, a process or a namespace', propose: proposeTargets },
    usage: 'TARGET',
  },
  examples: [
    ['netstat web-1 -tanp', 'TCP sockets with programs'],
    ['netstat pid:4242 -l', 'what listens in the namespace of a process'],
    ['netstat web-1 -t | grep mysql | wc -l', 'an existing pipeline'],
  ],
  load: async () => () => {},
});
