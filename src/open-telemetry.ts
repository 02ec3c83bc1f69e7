/** Loads OpenTelemetry when the settings name a collector, and nothing of it otherwise. */
import type { Logger } from 'pino';
import type { Config } from './config/config.ts';
import type { EventBus } from './observe/events.ts';
import type { Telemetry } from './telemetry/telemetry.ts';

/** Creates the telemetry of a bridge; undefined when no collector is named. */
export async function openTelemetry(
  { telemetry, redisUrl }: Pick<Config, 'telemetry' | 'redisUrl'>,
  parts: { readonly events: EventBus; readonly logger: Pick<Logger, 'warn'> },
): Promise<Telemetry | undefined> {
  if (telemetry === undefined) return undefined;
  const { createTelemetry } = await import('./telemetry/telemetry.ts');
  return createTelemetry(telemetry, { ...parts, store: redisUrl === undefined ? 'sqlite' : 'redis' });
}
