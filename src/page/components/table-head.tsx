/** A column of a table. */
export interface Column {
  name: string;
  class?: string;
  /** Whether its name is there only for who listens: its cells say it by what they are. */
  isUnseen?: boolean;
}

/** The head of a table. A name alone is a column of text. */
export function TableHead({ columns }: { columns: readonly (string | Column)[] }) {
  return (
    <thead>
      <tr>
        {columns.map((column) => {
          const { name, class: look, isUnseen = false } = typeof column === 'string' ? { name: column } : column;
          return (
            <th key={name} scope="col" class={look}>
              {isUnseen ? <span class="vh">{name}</span> : name}
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

/** A column of numbers. @param more further classes */
export function num(name: string, more = ''): Column {
  return { name, class: more === '' ? 'num' : `num ${more}` };
}

/** The column of a mark of severity. */
export function mark(name: string): Column {
  return { name, class: 'sev-column', isUnseen: true };
}
