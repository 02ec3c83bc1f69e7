/** Metrics of the gateway: requests for MCP servers, and what flows of their answers. Methods and tools are no labels: clients choose them. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { statusLabel } from './bounded-label.ts';
import type { EventBus } from './events.ts';

/** Creates the metrics of the gateway. */
export function createGatewayMetrics(events: EventBus, registry: Registry): void {
  const registers = [registry];
  const requests = new Histogram({
    name: 'bridge_gateway_first_byte_seconds',
    help: 'Requests for MCP servers behind the bridge, until their answers began',
    labelNames: ['server', 'outcome', 'status'],
    registers,
  });
  const streams = new Gauge({
    name: 'bridge_gateway_open_answers',
    help: 'Answers of MCP servers that flow to clients now',
    labelNames: ['server'],
    registers,
  });
  const bytes = new Counter({
    name: 'bridge_gateway_bytes_total',
    help: 'Bytes of bodies that passed, to the servers and to the clients',
    labelNames: ['server', 'to'],
    registers,
  });
  const cut = new Counter({
    name: 'bridge_gateway_incomplete_total',
    help: 'Answers of MCP servers that ended before their end, on either side',
    labelNames: ['server'],
    registers,
  });

  events.on('gateway.request', ({ server, outcome, status, milliseconds }) =>
    requests.observe({ server, outcome, status: statusLabel(status) }, milliseconds / 1000),
  );
  events.on('gateway.flow.began', ({ server }) => streams.inc({ server }));
  events.on('gateway.flow.ended', ({ server, sent, received, complete }) => {
    streams.dec({ server });
    bytes.inc({ server, to: 'server' }, received);
    bytes.inc({ server, to: 'client' }, sent);
    if (!complete) cut.inc({ server });
  });
}
