import { PAINTS, type Paint, type PaintName } from './paint.ts';

/** Colours as a canvas takes them: it knows no tokens and no `currentColor`. */
export class CanvasColors {
  readonly #probe: HTMLElement;
  readonly #colors = new Map<string, string>();
  readonly #fills = new Map<PaintName, string | CanvasPattern>();
  /** Device pixels of one pixel of the page. */
  readonly #scale: number;

  /** @param near an element whose theme counts */
  constructor(near: HTMLElement) {
    this.#probe = document.createElement('i');
    this.#probe.hidden = true;
    near.append(this.#probe);
    this.#scale = devicePixelRatio;
  }

  /** The colour of a token. */
  of(token: string): string {
    return this.#resolve(`var(--${token})`);
  }

  /** The fill of a paint, with its pattern. */
  fill(name: PaintName): string | CanvasPattern {
    let fill = this.#fills.get(name);
    if (fill === undefined) {
      const paint: Paint = PAINTS[name];
      const color = this.#resolve(`color-mix(in srgb, var(--${paint.token}) ${paint.mix ?? 100}%, var(--panel))`);
      fill = paint.pattern === undefined ? color : this.#patterned(color, this.of('panel'), PATTERNS[paint.pattern]);
      this.#fills.set(name, fill);
    }
    return fill;
  }

  /** The hatching of a gap. */
  hatching(): string | CanvasPattern {
    return this.#patterned(this.of('panel'), this.of('line-strong'), PATTERNS.diagonal);
  }

  /** Removes the probe. */
  dispose(): void {
    this.#probe.remove();
  }

  #resolve(value: string): string {
    let color = this.#colors.get(value);
    if (color === undefined) {
      this.#probe.style.color = value;
      color = getComputedStyle(this.#probe).color;
      this.#colors.set(value, color);
    }
    return color;
  }

  #patterned(ground: string, lines: string, pattern: Pattern): string | CanvasPattern {
    const tile = document.createElement('canvas');
    tile.width = tile.height = Math.round(pattern.size * this.#scale);
    const context = tile.getContext('2d');
    if (context === null) return ground;
    context.scale(tile.width / pattern.size, tile.height / pattern.size);
    context.fillStyle = ground;
    context.fillRect(0, 0, pattern.size, pattern.size);
    context.strokeStyle = context.fillStyle = lines;
    context.lineWidth = pattern.width;
    const path = new Path2D(pattern.path);
    if (pattern.isFilled === true) context.fill(path);
    else context.stroke(path);
    return context.createPattern(tile, 'repeat') ?? ground;
  }
}

/** One tile of a pattern, in pixels of the page. */
interface Pattern {
  size: number;
  /** As the attribute `d` of SVG. */
  path: string;
  /** Of its lines. */
  width: number;
  isFilled?: boolean;
}

const DIAGONAL = 'M-1 7 7-1M-1 1 1-1M5 7 7 5';

const PATTERNS: Readonly<Record<NonNullable<Paint['pattern']>, Pattern>> = {
  diagonal: { size: 6, path: DIAGONAL, width: 1.2 },
  'wide-diagonal': { size: 6, path: DIAGONAL, width: 2.6 },
  'back-diagonal': { size: 6, path: 'M-1-1 7 7M5-1 7 1M-1 5 1 7', width: 1.2 },
  dots: { size: 5, path: 'M2.5 1.5a1 1 0 1 0 .01 0Z', width: 1, isFilled: true },
  horizontal: { size: 6, path: 'M0 3H6', width: 1.2 },
  vertical: { size: 5, path: 'M2.5 0V6', width: 1.2 },
  cross: { size: 6, path: 'M0 3H6M3 0V6', width: 1.2 },
};
