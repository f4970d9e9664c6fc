/**
 * Counters, gauges and histograms of this process, written in the Prometheus text format 0.0.4.
 */
export type Labels = Readonly<Record<string, string>>;

export type Counter = { add(labels?: Labels, amount?: number): void };
export type Gauge = {
  set(value: number, labels?: Labels): void;
  /** Forgets every value: nothing is written rather than what is no longer known. */
  clear(): void;
};
export type Histogram = { observe(value: number, labels?: Labels): void };

export type Metrics = {
  /** With `read`, the total is asked for when the metrics are written. */
  counter(name: string, help: string, read?: () => number): Counter;
  /** With `read`, the value is asked for when the metrics are written. */
  gauge(name: string, help: string, read?: () => number): Gauge;
  /** `buckets` are the upper bounds, rising; +Inf is understood. Seconds by default, 1 ms to 10 s. */
  histogram(name: string, help: string, buckets?: readonly number[]): Histogram;
  text(): string;
};

type Family = { help: string; kind: 'counter' | 'gauge' | 'histogram'; lines: () => string[] };

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** An empty registry. */
export function createMetrics(): Metrics {
  const families = new Map<string, Family>();

  const add = (name: string, family: Family): void => {
    if (families.has(name)) throw new Error(`The metric ${name} exists already.`);
    families.set(name, family);
  };

  return {
    counter(name, help, read) {
      const values = new Map<string, number>();
      add(name, { help, kind: 'counter', lines: () => readLines(name, values, read) });
      return {
        add: (labels = {}, amount = 1) => {
          const key = labelText(labels);
          values.set(key, (values.get(key) ?? 0) + amount);
        },
      };
    },

    gauge(name, help, read) {
      const values = new Map<string, number>();
      add(name, { help, kind: 'gauge', lines: () => readLines(name, values, read) });
      return {
        set: (value, labels = {}) => values.set(labelText(labels), value),
        clear: () => values.clear(),
      };
    },

    histogram(name, help, buckets = SECONDS) {
      const series = new Map<string, Series>();
      const lines = (): string[] =>
        [...series.values()].flatMap((one) => seriesLines(name, buckets, one));
      add(name, { help, kind: 'histogram', lines });
      return {
        observe: (value, labels = {}) => {
          const key = labelText(labels);
          const one = series.get(key) ?? { labels, counts: buckets.map(() => 0), sum: 0, count: 0 };
          series.set(key, one);
          one.sum += value;
          one.count += 1;
          const index = buckets.findIndex((bound) => value <= bound);
          if (index >= 0) one.counts[index] = (one.counts[index] ?? 0) + 1;
        },
      };
    },

    text: () =>
      [...families]
        .flatMap(([name, { help, kind, lines }]) => [
          `# HELP ${name} ${help}`,
          `# TYPE ${name} ${kind}`,
          ...lines(),
        ])
        .map((line) => `${line}\n`)
        .join(''),
  };
}

type Series = { labels: Labels; counts: number[]; sum: number; count: number };

function readLines(
  name: string,
  values: Map<string, number>,
  read: (() => number) | undefined,
): string[] {
  if (read !== undefined) values.set('', read());
  return sampleLines(name, values);
}

function sampleLines(name: string, values: ReadonlyMap<string, number>): string[] {
  return [...values].map(([labels, value]) => `${name}${labels} ${String(value)}`);
}

function seriesLines(name: string, buckets: readonly number[], series: Series): string[] {
  let sum = 0;
  const lines = buckets.map((bound, index) => {
    sum += series.counts[index] ?? 0;
    return `${name}_bucket${labelText({ ...series.labels, le: String(bound) })} ${String(sum)}`;
  });
  const labels = labelText(series.labels);
  return [
    ...lines,
    `${name}_bucket${labelText({ ...series.labels, le: '+Inf' })} ${String(series.count)}`,
    `${name}_sum${labels} ${String(series.sum)}`,
    `${name}_count${labels} ${String(series.count)}`,
  ];
}

function labelText(labels: Labels): string {
  let text = '';
  for (const [name, value] of Object.entries(labels))
    text += `${text === '' ? '{' : ','}${name}="${escaped(value)}"`;
  return text === '' ? '' : `${text}}`;
}

const special = /[\\"\n]/;

function escaped(value: string): string {
  if (!special.test(value)) return value;
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
