import { command } from '../command.ts';
import { TARGET_HELP } from '../options.ts';

/**
 * `netstat` as the help lists it. The command parses its own arguments (see `main.ts`): netstat has forms
 * that the command tree does not know, such as `-4an` and repeated letters.
 */
export const netstatCommand = command({
  brief: 'Print exactly what `nsenter -t PID -n netstat FLAGS` prints',
  details: TARGET_HELP,
  operands: {
    many: {
      placeholder: 'TARGET FLAGS',
      brief: 'TARGET and the flags of netstat: -a -l -t -u -w -x -n -p -e -o -W -c -4 -6',
    },
  },
  examples: [['netstat web-1 -tanp', 'TCP sockets with programs']],
  load: async () => () => {},
});
