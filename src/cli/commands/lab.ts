import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { EXIT } from '../exit-status.ts';
import { TEXTS } from '../texts.ts';
import { flag, outputFlags } from './shared-flags.ts';

interface Flags {
  docker?: boolean;
  json?: boolean;
}

export const labCommand = buildCommand<Flags, [], CliContext>({
  docs: {
    brief: TEXTS.lab,
    fullDescription: `${TEXTS.lab}.\n\nStatus 1 when the fixed lab still shows a finding or an error.`,
  },
  parameters: { flags: { docker: flag(TEXTS.labDocker), json: outputFlags.json } },
  loader: async () => {
    const { lab } = await import('../../flows/lab/lab.ts');
    return async function (flags) {
      const ground = flags.docker
        ? (await import('../../flows/lab/container-ground.ts')).containerGround()
        : (await import('../../flows/lab/embedded-ground.ts')).embeddedGround;
      const mended = await lab(this.flow, ground, { format: flags.json ? 'json' : 'text' });
      if (!mended) this.process.exitCode = EXIT.FOUND;
    };
  },
});
