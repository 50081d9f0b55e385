/** Parses numbers in lines of bytes without allocating strings: a table has up to hundreds of thousands of lines. */

const NEWLINE = 0x0a;

/** A position in bytes that each read advances. No read goes past the end of the line. */
export class ByteFields {
  readonly bytes: Uint8Array;
  /** Where the next read begins. */
  at = 0;
  /** Where the line ends: its newline, or the end of the bytes. */
  end = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Moves to the line that begins at `start`. @returns where the next line begins */
  line(start: number): number {
    this.at = start;
    const newline = this.bytes.indexOf(NEWLINE, start);
    this.end = newline < 0 ? this.bytes.length : newline;
    return this.end + 1;
  }

  /** Skips blanks. */
  blanks(): void {
    while (this.at < this.end && this.bytes[this.at] === 0x20) this.at++;
  }

  /** Skips one character. @returns false, without moving, where there is another */
  skip(character: number): boolean {
    if (this.at >= this.end || this.bytes[this.at] !== character) return false;
    this.at++;
    return true;
  }

  /** Reads at most `most` hexadecimal digits. @returns -1 when there is none */
  hex(most = 16): number {
    let value = 0;
    const start = this.at;
    for (; this.at < this.end && this.at - start < most; this.at++) {
      const digit = hexDigit(this.bytes[this.at] as number);
      if (digit < 0) break;
      value = value * 16 + digit;
    }
    return this.at === start ? -1 : value;
  }

  /** Reads decimal digits. @returns -1 when there is none */
  decimal(): number {
    let value = 0;
    const start = this.at;
    for (; this.at < this.end; this.at++) {
      const digit = (this.bytes[this.at] as number) - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    return this.at === start ? -1 : value;
  }
}

function hexDigit(character: number): number {
  if (character >= 0x30 && character <= 0x39) return character - 0x30;
  if (character >= 0x41 && character <= 0x46) return character - 0x37;
  if (character >= 0x61 && character <= 0x66) return character - 0x57;
  return -1;
}
