/** Checks the receiver of events: sends it one, of a type that no bridge sends, signed as all are. */
import { randomUUID } from 'node:crypto';
import type { Config } from '../config/config.ts';
import { deliver } from '../hooks/delivery.ts';
import { type Finding, TIMEOUT } from './finding.ts';

const CHECK = 'event hook';
/** The type of the event; docs/events.md names it. */
export const TEST_EVENT = 'bridge.test';

/** Sends the event {@link TEST_EVENT}, if there is a receiver. */
export async function checkEventHook({ eventHook }: Pick<Config, 'eventHook'>): Promise<Finding[]> {
  if (eventHook === undefined) return [];
  const now = Date.now();
  const id = `evt_${randomUUID()}`;
  const body = JSON.stringify({
    type: TEST_EVENT,
    timestamp: new Date(now).toISOString(),
    data: { message: 'Sent by the doctor of mcp-github-bridge' },
  });
  const { origin } = new URL(eventHook.url);
  const failure = await deliver(eventHook, { id, body }, now, AbortSignal.timeout(TIMEOUT));
  if (failure === undefined) return [{ check: CHECK, ok: `${origin} takes the signed event ${TEST_EVENT}` }];
  const remedy = 'Look at EVENTS_WEBHOOK_URL, at the receiver, and whether it has the same EVENTS_WEBHOOK_SECRET.';
  return [{ check: CHECK, problem: `${origin} does not take the event ${TEST_EVENT}: ${failure}`, remedy }];
}
