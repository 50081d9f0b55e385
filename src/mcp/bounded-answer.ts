/** A list of an answer that was shortened. */
interface Shortened {
  shown: number;
  of: number;
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * A JSON document of at most so many characters: its longest lists are cut, and `shortened` says which and by how much,
 * so that nobody takes a part for the whole.
 *
 * @param text one JSON document
 * @param most characters
 */
export function boundedAnswer(text: string, most: number): string {
  if (text.length <= most) return text;
  const whole = JSON.parse(text) as Json;
  // Lists of a few hundred entries are cut to this many first, then to half of it, and so on.
  for (let length = 1024; length >= 1; length = Math.floor(length / 2)) {
    const shortened: Record<string, Shortened> = {};
    const cut = shorter(whole, length, '', shortened);
    const answer = JSON.stringify({ shortened, ...(isObject(cut) ? cut : { answer: cut }) });
    if (answer.length <= most) return answer;
  }
  return JSON.stringify({ error: `the answer has ${text.length} characters, and no list that could be shortened` });
}

function shorter(value: Json, length: number, path: string, shortened: Record<string, Shortened>): Json {
  if (Array.isArray(value)) {
    if (value.length > length) {
      const known = shortened[path];
      shortened[path] = { shown: (known?.shown ?? 0) + length, of: (known?.of ?? 0) + value.length };
    }
    return value.slice(0, length).map((item: Json) => shorter(item, length, `${path}[]`, shortened));
  }
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([key, item]): [string, Json] => {
    const inside = path === '' ? key : `${path}.${key}`;
    return [key, shorter(item, length, inside, shortened)];
  });
  return Object.fromEntries(entries);
}

function isObject(value: Json): value is { readonly [key: string]: Json } {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
