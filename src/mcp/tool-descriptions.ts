import type { ApiVerb } from '../serve/api/verbs.ts';

/** What the command line says of a command, from which its tool is described. */
export interface VerbDescription {
  /** One line. */
  brief: string;
  /** Absent for nothing. */
  details?: string;
  /** By its name in the declaration: the line of an option. */
  options: Readonly<Record<string, string>>;
}

/** JSON Schema of the arguments of a tool. */
export interface ArgumentsSchema {
  type: 'object';
  properties: Record<string, { type: 'string' | 'boolean'; description: string }>;
  required: string[];
  additionalProperties: false;
}

const OPERANDS: Readonly<Record<ApiVerb['operands'][number], string>> = {
  target:
    'A container (name or id), a service (compose:PROJECT/SERVICE), pod:NAMESPACE/POD, netns:NAME, pid:N or host; several with commas',
  filter: "Which sockets, as ss writes it: 'state close-wait', 'dst db:3306 and idle > 30s', 'dport = 443'",
  rule: 'Name of a rule of the doctor; without one all rules are listed',
};

/** The arguments of a tool: the operands of its command, and its options. */
export function argumentsSchema(verb: ApiVerb, { options }: VerbDescription): ArgumentsSchema {
  const properties: ArgumentsSchema['properties'] = {};
  for (const operand of verb.operands) properties[operand] = { type: 'string', description: OPERANDS[operand] };
  for (const name of verb.values) properties[name] = { type: 'string', description: options[name] ?? name };
  for (const name of verb.flags) properties[name] = { type: 'boolean', description: options[name] ?? name };
  return {
    type: 'object',
    properties,
    required: [...(verb.needsTarget ? ['target'] : []), ...(verb.needsFor ? ['for'] : [])],
    additionalProperties: false,
  };
}

/** The parameters of a request with the arguments of a tool. */
export function parametersOf(given: Readonly<Record<string, unknown>>): URLSearchParams {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined && value !== null) parameters.append(name, String(value));
  }
  return parameters;
}
