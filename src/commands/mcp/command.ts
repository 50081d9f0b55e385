import { command } from '../command.ts';
import { dataFolder, defaultFolder } from '../data-folder.ts';

export const mcpCommand = command({
  task: 'watch',
  brief: 'Answer a language model over the Model Context Protocol',
  details: `Speaks the protocol on stdin and stdout, for a program that starts it: its configuration names the command "socklens mcp".
The tools (ps, ls, limits, watch, events, doctor, explain; incidents, incident_doctor of what serve has kept) only read. docs/mcp.md`,
  options: { data: dataFolder },
  examples: [['mcp', 'for the configuration of a client']],
  load: async () => {
    const { mcp } = await import('./mcp.ts');
    return (context, { data }) => mcp(context, data ?? defaultFolder());
  },
});
