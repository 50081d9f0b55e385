import { countText } from '../../text/numbers.ts';

/** A cell with a number; a dash where it is not known. @param props.isMinor whether cards leave it out */
export function Count({
  value,
  label,
  isMinor = false,
}: {
  value: number | undefined;
  label: string;
  isMinor?: boolean;
}) {
  return (
    <td class={`num ${isMinor ? 'm-hide' : ''} ${value === 0 ? 'zero' : ''}`} data-l={label}>
      {value === undefined ? '–' : countText(value)}
    </td>
  );
}
