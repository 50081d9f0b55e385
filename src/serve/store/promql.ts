/** Text of PromQL's expressions. Label values are strangers' text: they reach an expression through these functions alone. */

/** A string literal: https://prometheus.io/docs/prometheus/latest/querying/basics/#string-literals */
export function quoted(text: string): string {
  return `"${text.replace(/[\\"\n\r\t]/g, (character) => ESCAPES[character] ?? character)}"`;
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** The label has this value: `container="web"`. An empty value means that the label is absent. */
export function labelIs(name: string, value: string): string {
  return `${name}=${quoted(value)}`;
}

/** The label has one of these values. */
export function labelIsOneOf(name: string, values: readonly string[]): string {
  const [only, ...others] = values;
  if (only !== undefined && others.length === 0) return labelIs(name, only);
  return `${name}=~${quoted(values.map(literalPattern).join('|'))}`;
}

/** A regular expression of RE2 that matches the text alone; the engine anchors it. */
export function literalPattern(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}

/** `socklens_container_sockets{instance="db-host:7077",protocol="tcp"}`; without braces where nothing is matched. */
export function selector(metric: string, matchers: readonly string[]): string {
  return matchers.length === 0 ? metric : `${metric}{${matchers.join(',')}}`;
}

/** A duration in whole milliseconds, which every engine takes: `15000ms`. */
export function promqlDuration(ms: number): string {
  return `${Math.max(1, Math.round(ms))}ms`;
}
