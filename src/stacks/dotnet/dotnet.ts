import type { StackLibrary } from '../../model/stack/stack-facts.ts';
import { baseName } from '../paths.ts';
import type { Stack } from '../stack.ts';

const ASSEMBLIES = [
  ...['Npgsql', 'MySqlConnector', 'MySql.Data', 'Microsoft.Data.SqlClient', 'System.Data.SqlClient'],
  'StackExchange.Redis',
];

/** Programs of .NET: the assemblies that they have mapped. A program in a single file has none. */
export const dotnet: Stack = {
  name: '.NET',
  read(process) {
    const { executable, argv, name } = process;
    const isHost = baseName(executable?.path ?? argv[0] ?? name) === 'dotnet';
    const mapped = process.mapped();
    const core = mapped.find((path) => baseName(path) === 'libcoreclr.so');
    if (!isHost && core === undefined) return undefined;
    // `…/shared/Microsoft.NETCore.App/8.0.4/libcoreclr.so`.
    const version = core === undefined ? undefined : /\/Microsoft\.NETCore\.App\/(\d+\.\d+\.\d+)\//.exec(core)?.[1];
    return {
      ...(version !== undefined && { version }),
      libraries: ASSEMBLIES.flatMap((assembly): StackLibrary[] => {
        const path = mapped.find((file) => baseName(file) === `${assembly}.dll`);
        return path === undefined ? [] : [{ name: assembly, proof: 'loaded', path }];
      }),
    };
  },
};
