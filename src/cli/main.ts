import { errorLine, exitStatus, showStacks } from '../commands/errors.ts';

/** Runs the command line and sets the exit status. */
async function main(args: string[]): Promise<void> {
  const { processContext } = await import('./context.ts');
  const context = processContext();
  const [verb, ...rest] = args;
  // netstat parses its own arguments and does not load the command tree.
  if (verb === 'netstat') {
    const { netstat } = await import('../commands/netstat/netstat.ts');
    await netstat(context.flow, rest);
    return;
  }
  const [{ run }, { buildApp, refuseUnknownVerb, statusOf }, { prepareArguments }] = await Promise.all([
    import('@stricli/core'),
    import('./app.ts'),
    import('./prepare-arguments.ts'),
  ]);
  const prepared = prepareArguments(args);
  refuseUnknownVerb(prepared.args[0]);
  if (prepared.debug) showStacks();
  await run(buildApp(prepared.args[0]), prepared.args, { ...context, behind: prepared.behind });
  process.exitCode = statusOf(context.process.exitCode);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${errorLine(error)}\n`);
  process.exitCode = exitStatus(error);
});
