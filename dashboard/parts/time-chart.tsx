/** Lines over time, drawn by uPlot, which is loaded when the first chart is shown; told in words to those who do not see it. */
import { Box, useComputedColorScheme, useMantineTheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { eventWords } from '../words/events.ts';
import { useLanguage, useWords } from './language.tsx';

export type ChartLine = {
  readonly label: string;
  readonly color: string;
  /** null = a gap. */
  readonly values: readonly (number | null)[];
  /** Each value holds until the next one, in place of a slope between them. */
  readonly isStepped?: boolean;
  /** The area below it alone, for spans of time. */
  readonly isBand?: boolean;
};

type Props = {
  /** Seconds since 1970. */
  readonly at: readonly number[];
  readonly lines: readonly ChartLine[];
  /** First and last second of the axis; absent = those of the values. */
  readonly span?: readonly [number, number];
  /** Top of the picture; absent = the highest value. */
  readonly most?: number;
  /** What stands at a height of the axis; absent = its number. */
  readonly nameOf?: (value: number) => string;
  /** What the picture shows, in a sentence. */
  readonly text: string;
  /** IANA zone of the axis. */
  readonly zone: string | null;
  readonly height?: number;
};

export function TimeChart({ at, lines, span, most, nameOf, text, zone, height = 240 }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const when = useWords(eventWords)('when');
  const { language } = useLanguage();
  const { colors, black } = useMantineTheme();
  // A canvas does not follow the colours of the page by itself.
  const ink = useComputedColorScheme() === 'dark' ? colors.dark[0] : black;
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
      const stepped = UPlot.paths.stepped?.({ align: 1 });
      const axis = { stroke: ink, grid: { stroke: `color-mix(in srgb, ${ink} 15%, transparent)` } };
      const form = (options: Intl.DateTimeFormatOptions) =>
        new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, {
          ...options,
          ...(zone === null ? {} : { timeZone: zone }),
        });
      const [day, time, full] = [
        form({ day: 'numeric', month: 'numeric' }),
        form({ timeStyle: 'short' }),
        form({ dateStyle: 'medium', timeStyle: 'short' }),
      ];
      const plot = new UPlot(
        {
          width: target.clientWidth,
          height,
          ...(zone === null
            ? {}
            : { tzDate: (s: number) => UPlot.tzDate(new Date(s * 1e3), zone) }),
          scales: {
            ...(span === undefined ? {} : { x: { range: [span[0], span[1]] as [number, number] } }),
            y: { range: (_plot, _low, high) => [0, most ?? Math.max(1, high)] },
          },
          axes: [
            {
              ...axis,
              values: (_plot, marks) => {
                const isOfDays = (marks[1] ?? 0) - (marks[0] ?? 0) >= 86_400;
                return marks.map((s) => (isOfDays ? day : time).format(new Date(s * 1e3)));
              },
            },
            {
              ...axis,
              incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
              ...(nameOf === undefined
                ? {}
                : { size: 80, values: (_plot, heights) => heights.map(nameOf) }),
            },
          ],
          series: [
            {
              label: when,
              value: (_plot, s: number | null) =>
                s === null ? '–' : full.format(new Date(s * 1e3)),
            },
            ...lines.map(({ label, color, isStepped, isBand }) => ({
              label,
              fill: `${color}33`,
              ...(isBand === true ? {} : { stroke: color, width: 2 }),
              ...(stepped !== undefined && isStepped === true
                ? { paths: stepped, points: { show: false } }
                : {}),
              value: (_plot: unknown, value: number | null) => {
                if (value === null || (isBand === true && value === 0)) return '–';
                if (isBand === true) return '✓';
                return nameOf?.(value) ?? String(value);
              },
            })),
          ],
        },
        [[...at], ...lines.map(({ values }) => [...values])],
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
  }, [at, lines, span, most, nameOf, zone, height, language, when, ink]);
  return (
    <Box ref={place} role="img" aria-label={text} mih={height} style={{ overflow: 'hidden' }} />
  );
}
