import { Failure } from '../../model/failure.ts';
import { command } from '../command.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

export const completionCommand = command({
  task: 'shell',
  brief: 'Print the completion script of a shell: bash, zsh or fish',
  details: `Completes commands, options, containers, services, pods and namespaces, words of a FILTER, states and rules.
The Debian package installs the scripts. Elsewhere, for bash: add the first line below to ~/.bashrc; for zsh: write the script to a file _socklens in a folder of fpath; for fish: write it to ~/.config/fish/completions/socklens.fish.`,
  operands: { fixed: [{ placeholder: 'SHELL', brief: SHELLS.join(', '), choices: SHELLS }] },
  examples: [
    ['completion bash', 'in ~/.bashrc: source <(socklens completion bash)'],
    ['completion zsh >~/.zsh/_socklens', 'for zsh'],
    ['completion fish >~/.config/fish/completions/socklens.fish', 'for fish'],
  ],
  load: async () => {
    const { completionScripts } = await import('./scripts.ts');
    return ({ flow }, _options, [given = '']) => {
      const shell = SHELLS.find((known) => known === given);
      if (shell === undefined)
        throw new Failure('usage', `no completion for "${given}"; available: ${SHELLS.join(', ')}`);
      flow.out.write(completionScripts[shell]);
    };
  },
});
