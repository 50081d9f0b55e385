import type uPlot from 'uplot';
import type { CanvasColors } from './canvas-colors.ts';
import { PAINTS, type PaintName } from './paint.ts';
import { type Ceiling, isReached, type Scale } from './scale.ts';

/** One layer of a chart, with its values at the chart's times; null where there is none. */
export interface Layer {
  name: string;
  label: string;
  paint: PaintName;
  values: readonly (number | null)[];
}

/** All that is drawn. Times are milliseconds since the epoch. */
export interface Picture {
  kind: 'stack' | 'lines';
  times: readonly number[];
  stepMs: number;
  /** From the bottom to the top. */
  layers: readonly Layer[];
  /** The highest value of all layers together within each point; undefined where that is not known. */
  peaks: readonly (number | null)[] | undefined;
  scale: Scale;
  gaps: readonly { fromMs: number; toMs: number }[];
  bands: readonly { fromMs: number; toMs: number }[];
  /** Restarts of the container. */
  marks: readonly number[];
  /** The highest number, to tell which ceiling was reached. */
  highest: number;
}

/** Grid, bands and gaps: what is behind the values. */
export function drawGround(plot: uPlot, picture: Picture, colors: CanvasColors): void {
  const { ctx: context, bbox } = plot;
  const x = positionX(plot);
  const y = positionY(plot);
  context.save();
  clip(context, bbox);
  context.fillStyle = colors.of('band');
  for (const { fromMs, toMs } of picture.bands) {
    context.fillRect(x(fromMs), bbox.top, Math.max(x(toMs) - x(fromMs), 1), bbox.height);
  }
  context.strokeStyle = colors.of('critical-line');
  for (const { fromMs } of picture.bands) line(context, x(fromMs), bbox.top, x(fromMs), bbox.top + bbox.height);
  context.strokeStyle = colors.of('grid');
  for (const tick of picture.scale.ticks) line(context, bbox.left, y(tick), bbox.left + bbox.width, y(tick));
  context.fillStyle = colors.hatching();
  for (const { fromMs, toMs } of picture.gaps) context.fillRect(x(fromMs), bbox.top, x(toMs) - x(fromMs), bbox.height);
  context.restore();
}

/** The values, and above them ceilings and marks. */
export function drawValues(plot: uPlot, picture: Picture, colors: CanvasColors): void {
  const { ctx: context, bbox } = plot;
  context.save();
  clip(context, bbox);
  if (picture.kind === 'stack') drawStack(plot, picture, colors);
  else for (const layer of picture.layers) drawLine(plot, picture, layer.values, colors.of(lineToken(layer)), 1.5);
  const x = positionX(plot);
  const y = positionY(plot);
  context.lineWidth = devicePixelRatio;
  context.strokeStyle = colors.of('ink-3');
  for (const mark of picture.marks) line(context, x(mark), bbox.top, x(mark), bbox.top + bbox.height);
  for (const ceiling of picture.scale.lines) {
    drawCeiling(context, ceiling, y(ceiling.value), picture, colors, bbox);
  }
  context.strokeStyle = colors.of('line-strong');
  const bottom = bbox.top + bbox.height - devicePixelRatio / 2;
  line(context, bbox.left, bottom, bbox.left + bbox.width, bottom);
  context.restore();
}

function lineToken({ paint }: Layer): string {
  return PAINTS[paint].token;
}

function drawCeiling(
  context: CanvasRenderingContext2D,
  ceiling: Ceiling,
  at: number,
  { highest }: Picture,
  colors: CanvasColors,
  { left, width }: uPlot.BBox,
): void {
  context.lineWidth = 1.25 * devicePixelRatio;
  const isDashed = ceiling.kind === 'assumed' || ceiling.isIdleCap === true;
  context.strokeStyle = colors.of(
    ceiling.kind === 'assumed' ? 'ink-3' : isReached(highest, ceiling) ? 'critical-fill' : isDashed ? 'ink-2' : 'ink',
  );
  context.setLineDash(isDashed ? [4 * devicePixelRatio, 3 * devicePixelRatio] : []);
  line(context, left, at, left + width, at);
  context.setLineDash([]);
}

/** Areas on top of each other, each with an edge where it is not empty; then the highest values of all. */
function drawStack(plot: uPlot, picture: Picture, colors: CanvasColors): void {
  const { ctx: context } = plot;
  const { times, layers } = picture;
  const x = positionX(plot);
  const y = positionY(plot);
  let below = times.map(() => 0);
  for (const { paint, values } of layers) {
    const top = times.map((_, index) => (below[index] ?? 0) + (values[index] ?? 0));
    // Where a layer has no value another one stands for it: a step, as one point ends where the next begins.
    for (const [from, to] of runs(values)) {
      context.beginPath();
      for (let index = from; index < to; index++) context.lineTo(x(times[index] ?? 0), y(top[index] ?? 0));
      // The last point lasts until the next one would come.
      const end = x((times[to - 1] ?? 0) + picture.stepMs);
      context.lineTo(end, y(top[to - 1] ?? 0));
      context.lineTo(end, y(below[to - 1] ?? 0));
      for (let index = to - 1; index >= from; index--) context.lineTo(x(times[index] ?? 0), y(below[index] ?? 0));
      context.fillStyle = colors.fill(paint);
      context.fill();
    }
    // Up from nothing and down to it again, so that the edge is that of the area.
    const isSeen = (index: number) => [index - 1, index, index + 1].some((near) => (values[near] ?? 0) > 0);
    const edge = values.map((value, index) => (value !== null && isSeen(index) ? (top[index] ?? null) : null));
    drawLine(plot, picture, edge, colors.of(edgeToken(paint)), 1.25);
    below = top;
  }
  const [first] = layers;
  if (first !== undefined && picture.peaks !== undefined)
    drawLine(plot, picture, picture.peaks, colors.of(edgeToken(first.paint)), 1);
}

function edgeToken(paint: PaintName): string {
  return paint === 'ink' ? 'ink-2' : PAINTS[paint].token;
}

/** Parts in which every point has a value. */
function runs(values: Layer['values']): [number, number][] {
  const found: [number, number][] = [];
  let from: number | undefined;
  for (let index = 0; index <= values.length; index++) {
    if ((values[index] ?? null) !== null) from ??= index;
    else if (from !== undefined) {
      found.push([from, index]);
      from = undefined;
    }
  }
  return found;
}

/** Pixels of the mark of a single point. */
const SHORTEST = 4;

function drawLine(
  plot: uPlot,
  { times, stepMs }: Picture,
  values: readonly (number | null)[],
  color: string,
  width: number,
): void {
  const { ctx: context } = plot;
  const x = positionX(plot);
  const y = positionY(plot);
  context.beginPath();
  let isDrawing = false;
  for (const [index, value] of values.entries()) {
    if (value === null) {
      isDrawing = false;
      continue;
    }
    const [at, height] = [x(times[index] ?? 0), y(value)];
    if (isDrawing) context.lineTo(at, height);
    else context.moveTo(at, height);
    isDrawing = true;
    if ((values[index + 1] ?? null) === null) {
      const end = x((times[index] ?? 0) + stepMs);
      context.lineTo(Math.max(end, at + SHORTEST * devicePixelRatio), height);
    }
  }
  context.strokeStyle = color;
  context.lineWidth = width * devicePixelRatio;
  context.lineJoin = 'round';
  context.stroke();
}

function positionX(plot: uPlot): (ms: number) => number {
  return (ms) => plot.valToPos(ms, 'x', true);
}

function positionY(plot: uPlot): (value: number) => number {
  return (value) => plot.valToPos(value, 'y', true);
}

function line(context: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}

function clip(context: CanvasRenderingContext2D, { left, top, width, height }: uPlot.BBox): void {
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
}
