import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { cursorMs, range, zoomOut, zoomTo } from '../state/clock.ts';
import { themeVersion } from '../state/theme.ts';
import { CanvasColors } from './canvas-colors.ts';
import { drawGround, drawValues, type Picture } from './draw.ts';

/** All charts of the page share one cursor. */
const CLOCK = uPlot.sync('clock');

/** A drag of fewer pixels is a click. */
const SHORTEST_DRAG = 4;

/**
 * A chart on a canvas under the page's one clock: dragging zooms all charts, a double click zooms out.
 *
 * @param props.label what it shows and its latest numbers, for who cannot see it
 */
export function Plot({ picture, label }: { picture: Picture; label: string }) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<Chart>(undefined);
  const version = themeVersion.value;
  const { fromMs, toMs } = range.value;

  // Another theme has other colours.
  useEffect(() => {
    if (host.current === null) return undefined;
    const chart = new Chart(host.current, picture);
    plot.current = chart;
    return () => {
      plot.current = undefined;
      chart.dispose();
    };
  }, [version]);

  useEffect(() => {
    plot.current?.show(picture, fromMs, toMs);
  });

  return <div class="canvas" ref={host} role="img" aria-label={label} />;
}

/** The canvas of one chart. */
class Chart {
  readonly #plot: uPlot;
  readonly #colors: CanvasColors;
  readonly #resizes: ResizeObserver;
  #picture: Picture;

  constructor(host: HTMLElement, picture: Picture) {
    this.#picture = picture;
    this.#colors = new CanvasColors(host);
    this.#plot = new uPlot(this.#options(host.clientWidth, host.clientHeight), [[], []], host);
    this.#resizes = new ResizeObserver(() => {
      const { clientWidth: width, clientHeight: height } = host;
      if (width !== this.#plot.width || height !== this.#plot.height) this.#plot.setSize({ width, height });
    });
    this.#resizes.observe(host);
  }

  show(picture: Picture, fromMs: number, toMs: number): void {
    this.#picture = picture;
    // uPlot needs one series, whose points the cursor finds; what is drawn is drawn by draw.ts.
    const points = picture.times.length === 0 ? [fromMs, toMs] : [...picture.times];
    this.#plot.batch(() => {
      this.#plot.setData([points, points.map(() => 0)], false);
      this.#plot.setScale('x', { min: fromMs, max: toMs });
      this.#plot.setScale('y', { min: 0, max: picture.scale.top });
    });
  }

  dispose(): void {
    this.#resizes.disconnect();
    this.#plot.destroy();
    this.#colors.dispose();
  }

  #options(width: number, height: number): uPlot.Options {
    return {
      width,
      height,
      ms: 1,
      padding: [0, 0, 0, 0],
      legend: { show: false },
      axes: [{ show: false }, { show: false }],
      series: [{}, { paths: () => null, points: { show: false } }],
      scales: { x: { time: true, auto: false }, y: { auto: false } },
      cursor: {
        y: false,
        points: { show: false },
        sync: {
          key: CLOCK.key,
          setSeries: false,
          filters: { pub: (type) => type.startsWith('mousem') || type === 'mouseleave' },
        },
        drag: { x: true, y: false, setScale: false, dist: SHORTEST_DRAG },
        bind: {
          dblclick: () => () => {
            zoomOut();
            return null;
          },
        },
      },
      hooks: {
        drawClear: [(plot) => drawGround(plot, this.#picture, this.#colors)],
        draw: [(plot) => drawValues(plot, this.#picture, this.#colors)],
        setCursor: [takeCursor],
        setSelect: [takeSelection],
      },
    };
  }
}

function takeCursor(plot: uPlot): void {
  const left = plot.cursor.left ?? -1;
  cursorMs.value = left < 0 ? undefined : plot.posToVal(left, 'x');
}

function takeSelection(plot: uPlot): void {
  const { left, width } = plot.select;
  if (width < SHORTEST_DRAG) return;
  const [fromMs, toMs] = [plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')];
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  zoomTo(fromMs, toMs);
}
