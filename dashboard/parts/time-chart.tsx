/** Counts over time, drawn by uPlot, which is loaded when the first chart is shown; told in words to those who do not see it. */
import { Box } from '@mantine/core';
import { useEffect, useRef } from 'react';
import type { HourSeries } from '../data/activity.ts';

type Props = {
  readonly series: HourSeries;
  readonly opened: string;
  readonly refused: string;
  /** What the picture shows, in a sentence. */
  readonly text: string;
  /** IANA zone of the axis. */
  readonly zone: string | null;
};

const height = 240;

export function TimeChart({ series, opened, refused, text, zone }: Props) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    let end = () => {};
    let isOver = false;
    void draw(element).then((stop) => {
      if (isOver) stop();
      else end = stop;
    });
    async function draw(target: HTMLDivElement): Promise<() => void> {
      const [{ default: UPlot }] = await Promise.all([
        import('uplot'),
        import('uplot/dist/uPlot.min.css'),
      ]);
      const ink = getComputedStyle(target).color;
      const axis = { stroke: ink, grid: { stroke: `color-mix(in srgb, ${ink} 15%, transparent)` } };
      const plot = new UPlot(
        {
          width: target.clientWidth,
          height,
          ...(zone === null
            ? {}
            : { tzDate: (s: number) => UPlot.tzDate(new Date(s * 1e3), zone) }),
          scales: { y: { range: (_plot, _low, high) => [0, Math.max(1, high)] } },
          axes: [axis, { ...axis, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] }],
          series: [
            {},
            { label: opened, stroke: '#0c8599', fill: '#0c859933', width: 2 },
            { label: refused, stroke: '#e03131', fill: '#e0313133', width: 2 },
          ],
        },
        [[...series.hours], [...series.opened], [...series.refused]],
        target,
      );
      const watch = new ResizeObserver(() => plot.setSize({ width: target.clientWidth, height }));
      watch.observe(target);
      return () => {
        watch.disconnect();
        plot.destroy();
      };
    }
    return () => {
      isOver = true;
      end();
    };
  }, [series, opened, refused, zone]);
  return (
    <Box ref={place} role="img" aria-label={text} mih={height} style={{ overflow: 'hidden' }} />
  );
}
