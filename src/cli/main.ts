import { errorLine, exitStatus, showStacks } from '../commands/errors.ts';
import { processContext } from './context.ts';
import { descriptorOutput } from './output.ts';
import { prepareArguments } from './prepare-arguments.ts';

/** Runs the command line and sets the exit status. */
async function main(args: string[]): Promise<void> {
  const prepared = prepareArguments(args);
  if (prepared.noColor) process.env.NO_COLOR = '1';
  const context = processContext();
  // netstat parses its own arguments and does not load the command tree.
  if (prepared.args[0] === 'netstat') {
    const { netstat } = await import('../commands/netstat/netstat.ts');
    const own = args[0] === 'netstat' ? args.filter((arg) => arg !== '--no-color') : prepared.args;
    await netstat(context.flow, own.slice(1));
    return;
  }
  if (args[0] === '__complete') {
    const { complete } = await import('./completion/complete.ts');
    await complete(context, args.slice(1));
    return;
  }
  const [{ run }, { buildApp, refuseUnknownVerb, statusOf }] = await Promise.all([
    import('@stricli/core'),
    import('./app.ts'),
  ]);
  refuseUnknownVerb(prepared.args[0]);
  if (prepared.debug) showStacks();
  await run(buildApp(prepared.args[0]), prepared.args, { ...context, behind: prepared.behind });
  process.exitCode = statusOf(context.process.exitCode);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.exitCode = exitStatus(error);
  descriptorOutput(2).write(`${errorLine(error)}\n`);
});
