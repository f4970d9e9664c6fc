import type { Metrics } from '#server/runtime/metrics';
import type { CommandQueue } from './commands.ts';
import type { Gateway, GatewayFigures } from './gateway.ts';

const helps: Readonly<Record<keyof GatewayFigures, readonly [name: string, help: string]>> = {
  connections: ['connections', 'Hubs connected.'],
  iqs: ['iqs_ready', 'IQs welcomed and connected.'],
  framesIn: ['frames_in_total', 'Frames from hubs.'],
  framesOut: ['frames_out_total', 'Frames to hubs.'],
  bytesIn: ['bytes_in_total', 'Bytes from hubs inside TLS.'],
  bytesOut: ['bytes_out_total', 'Bytes of frames to hubs.'],
  refusedConnections: ['refused_connections_total', 'Connections that were not let in.'],
  waitingEvents: ['waiting_events', 'Events received and not yet stored.'],
};

/** Shows the figures of a gateway and its commands as `cardea_gateway_…`. */
export function showGateway(metrics: Metrics, gateway: Gateway, queue: CommandQueue): void {
  for (const key of Object.keys(helps) as (keyof GatewayFigures)[]) {
    const [name, help] = helps[key];
    const kind = name.endsWith('_total') ? 'counter' : 'gauge';
    metrics[kind](`cardea_gateway_${name}`, help, () => gateway.figures()[key]);
  }
  metrics.gauge('cardea_gateway_waiting_commands', 'Commands without an outcome yet.', () =>
    queue.waitingCommands(),
  );
}
