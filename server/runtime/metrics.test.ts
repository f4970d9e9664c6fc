import { expect, test } from 'vitest';
import { createMetrics } from './metrics.ts';

test('counters, gauges and histograms are written as Prometheus reads them', () => {
  const metrics = createMetrics();
  const requests = metrics.counter('cardea_requests_total', 'Requests answered.');
  requests.add({ status: '200' });
  requests.add({ status: '200' }, 2);
  requests.add({ status: 'a "b"\\\n' });
  metrics.gauge('cardea_iqs', 'IQs connected.', () => 3);
  metrics.gauge('cardea_version', 'Build.').set(1, { version: '0.1.0' });
  const seconds = metrics.histogram('cardea_seconds', 'Durations.', [0.1, 1]);
  for (const value of [0.05, 0.1, 0.5, 7]) seconds.observe(value, { route: '/locks' });
  expect(metrics.text()).toBe(`# HELP cardea_requests_total Requests answered.
# TYPE cardea_requests_total counter
cardea_requests_total{status="200"} 3
cardea_requests_total{status="a \\"b\\"\\\\\\n"} 1
# HELP cardea_iqs IQs connected.
# TYPE cardea_iqs gauge
cardea_iqs 3
# HELP cardea_version Build.
# TYPE cardea_version gauge
cardea_version{version="0.1.0"} 1
# HELP cardea_seconds Durations.
# TYPE cardea_seconds histogram
cardea_seconds_bucket{route="/locks",le="0.1"} 2
cardea_seconds_bucket{route="/locks",le="1"} 3
cardea_seconds_bucket{route="/locks",le="+Inf"} 4
cardea_seconds_sum{route="/locks"} 7.65
cardea_seconds_count{route="/locks"} 4
`);
});

test('a name used twice is a fault of the program', () => {
  const metrics = createMetrics();
  metrics.counter('cardea_requests_total', 'Requests answered.');
  expect(() => metrics.gauge('cardea_requests_total', 'Something else.')).toThrow('exists already');
});
