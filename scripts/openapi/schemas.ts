import path from 'node:path';
import ts from 'typescript';

/** A part of JSON Schema, as OpenAPI 3.1 has it. */
export type Schema = Readonly<Record<string, unknown>>;

/** The schemas of docs/openapi.json that are types of `src/serve`: by name, the file and the type. */
export const ANSWERS: Readonly<Record<string, readonly [file: string, type: string]>> = {
  Error: ['protocol.ts', 'ErrorAnswer'],
  Session: ['protocol.ts', 'SessionAnswer'],
  Row: ['protocol.ts', 'ContainerRow'],
  Port: ['protocol.ts', 'ListeningPort'],
  Overview: ['protocol.ts', 'OverviewAnswer'],
  Lane: ['protocol/container.ts', 'PoolLane'],
  Container: ['protocol/container.ts', 'ContainerAnswer'],
  Problem: ['protocol.ts', 'ServedProblem'],
  Problems: ['protocol.ts', 'ProblemsAnswer'],
  ProblemWithCourse: ['protocol.ts', 'ProblemAnswer'],
  Alerts: ['protocol.ts', 'AlertsAnswer'],
  History: ['protocol/history.ts', 'HistoryAnswer'],
  Edges: ['protocol/history.ts', 'EdgesAnswer'],
  Incident: ['protocol.ts', 'StoredIncident'],
  Incidents: ['protocol.ts', 'IncidentsAnswer'],
  Connections: ['protocol/connections.ts', 'ConnectionsAnswer'],
  Hosts: ['protocol/hosts.ts', 'HostsAnswer'],
  FleetContainers: ['protocol/hosts.ts', 'FleetContainersAnswer'],
  FleetPeers: ['protocol/hosts.ts', 'FleetPeersAnswer'],
};

const SERVE = path.resolve(import.meta.dirname, '../../src/serve');

/** The schemas of {@link ANSWERS}, made of the types: what is optional, null or one of some words, and what each is. */
export function answerSchemas(): Record<string, Schema> {
  const files = [...new Set(Object.values(ANSWERS).map(([file]) => path.join(SERVE, file)))];
  const program = ts.createProgram(files, { strict: true, noEmit: true, allowImportingTsExtensions: true });
  return new SchemaWriter(program.getTypeChecker(), program).all();
}

class SchemaWriter {
  readonly #checker: ts.TypeChecker;
  readonly #program: ts.Program;
  /** Names of schemas, by the declaration of their type. */
  readonly #named = new Map<ts.Symbol, string>();

  constructor(checker: ts.TypeChecker, program: ts.Program) {
    this.#checker = checker;
    this.#program = program;
    for (const name of Object.keys(ANSWERS)) this.#named.set(this.#resolved(this.#symbolOf(name)), name);
  }

  all(): Record<string, Schema> {
    return Object.fromEntries(
      Object.keys(ANSWERS).map((name) => {
        const symbol = this.#symbolOf(name);
        return [
          name,
          { ...textOf(symbol, this.#checker), ...this.#objectOf(this.#checker.getDeclaredTypeOfSymbol(symbol)) },
        ];
      }),
    );
  }

  #symbolOf(name: string): ts.Symbol {
    const [file, type] = ANSWERS[name] ?? ['', ''];
    const source = this.#program.getSourceFile(path.join(SERVE, file));
    const module = source && this.#checker.getSymbolAtLocation(source);
    const symbol = module?.exports?.get(ts.escapeLeadingUnderscores(type));
    if (symbol === undefined) throw new Error(`${file} has no type ${type}`);
    return symbol;
  }

  /** What an alias of an interface stands for. */
  #resolved(symbol: ts.Symbol): ts.Symbol {
    return this.#checker.getDeclaredTypeOfSymbol(symbol).symbol ?? symbol;
  }

  #of(type: ts.Type): Schema {
    if (type.isUnion()) return this.#unionOf(type);
    if (type.isStringLiteral()) return { type: 'string', enum: [type.value] };
    if (type.isNumberLiteral()) return { type: 'number', enum: [type.value] };
    if (type.flags & ts.TypeFlags.String) return { type: 'string' };
    if (type.flags & ts.TypeFlags.Number) return { type: 'number' };
    if (type.flags & ts.TypeFlags.BooleanLike) return { type: 'boolean' };
    if (type.flags & ts.TypeFlags.Null) return { type: 'null' };
    if (this.#checker.isArrayLikeType(type)) return this.#arrayOf(type);
    const name = type.symbol && this.#named.get(type.symbol);
    return name === undefined ? this.#objectOf(type) : { $ref: `#/components/schemas/${name}` };
  }

  #arrayOf(type: ts.Type): Schema {
    const [item] = this.#checker.getTypeArguments(type as ts.TypeReference);
    return { type: 'array', ...(item !== undefined && { items: this.#of(item) }) };
  }

  /** In an order of its own: that of the compiler changes with what else it has read. */
  #unionOf({ types }: ts.UnionType): Schema {
    const known = types.filter(({ flags }) => !(flags & ts.TypeFlags.Undefined));
    const [first, ...others] = distinct(known.map((type) => this.#of(type)));
    if (first === undefined) return {};
    if (others.length === 0) return first;
    const all = [first, ...others];
    if (all.every((schema) => Array.isArray(schema.enum) && schema.type === first.type))
      return { type: first.type, enum: all.flatMap((schema) => schema.enum as unknown[]).sort() };
    const isPlain = all.every((schema) => Object.keys(schema).join() === 'type');
    return isPlain
      ? {
          type: all
            .map(({ type }) => type)
            .sort()
            .reverse(),
        }
      : { anyOf: all };
  }

  #objectOf(type: ts.Type): Schema {
    const properties = this.#checker.getPropertiesOfType(type);
    const index = this.#checker.getIndexTypeOfType(type, ts.IndexKind.String);
    const required = properties.filter(({ flags }) => !(flags & ts.SymbolFlags.Optional)).map(({ name }) => name);
    return {
      type: 'object',
      ...(required.length > 0 && { required }),
      ...(properties.length > 0 && {
        properties: Object.fromEntries(
          properties.map((property) => [
            property.name,
            { ...textOf(property, this.#checker), ...this.#of(this.#checker.getTypeOfSymbol(property)) },
          ]),
        ),
      }),
      ...(index !== undefined && { additionalProperties: this.#of(index) }),
    };
  }
}

/** What its docstring says, where it has one. */
function textOf(symbol: ts.Symbol, checker: ts.TypeChecker): { description?: string } {
  const text = ts
    .displayPartsToString(symbol.getDocumentationComment(checker))
    .replace(/\{@link (?:\w+\.)?(\w+) ?\}/g, '$1')
    .replace(/\s+/g, ' ')
    .trim();
  return text === '' ? {} : { description: text };
}

function distinct(schemas: readonly Schema[]): Schema[] {
  return [...new Map(schemas.map((schema) => [JSON.stringify(schema), schema])).values()];
}
