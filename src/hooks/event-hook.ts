/**
 * The event hook: sends the events of the audit trail to one address. They wait in memory, so that no request waits for the
 * receiver; those of one person arrive in their order; an event that is not taken is sent again, and holds back only the later ones
 * of its person. What waits when the process ends, or for too long, is lost: the log is the record.
 */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { attribution, circumstances } from '../observe/attribution.ts';
import type { EventBus, Events } from '../observe/events.ts';
import type { HookMetrics } from '../observe/hook-metrics.ts';
import { redactedJson } from '../observe/logger.ts';
import { deliver, type EventHookConfig, TIMEOUT } from './delivery.ts';

/** Events that wait, and characters of their bodies; what comes when there are so many is dropped. */
export const MAX_WAITING = 10_000;
const MAX_CHARACTERS = 16 * 1024 * 1024;
/** Milliseconds for which an event is sent again. */
export const MAX_AGE = 3_600_000;
/** Deliveries under way at once. */
const MAX_AT_ONCE = 4;
/** Milliseconds before an event is sent again: 1 second, doubled after each further failure. */
const FIRST_DELAY = 1000;
const MAX_DELAY = 60_000;
/** Milliseconds before anything else is sent, after one failure; doubled while nothing is taken. */
const FIRST_CALM = 50;
const MAX_CALM = 10_000;
/** Milliseconds that what waits has when the bridge stops. */
const FLUSH = 5000;
/** Milliseconds between two lines of the log. */
const BETWEEN_LINES = 60_000;

export interface EventHook {
  /** Sends what waits, for {@link FLUSH} at most, and ends. */
  close(): Promise<void>;
}

interface Waiting {
  readonly id: string;
  readonly body: string;
  /** Milliseconds of the clock. */
  readonly since: number;
  attempts: number;
}

/** The events of one person, the oldest first. */
interface Chain {
  readonly events: Waiting[];
  /** When the first one is sent, at the earliest. */
  due: number;
  busy: boolean;
}

interface EventHookOptions {
  readonly logger: Pick<Logger, 'warn' | 'info'>;
  /** Without them nothing is counted: a command has nobody who reads metrics. */
  readonly metrics?: HookMetrics;
  /** For tests: epoch milliseconds. */
  readonly now?: () => number;
  /** For tests: milliseconds instead of {@link FLUSH}. */
  readonly flush?: number;
}

/** Subscribes to the events, and sends them. */
export function createEventHook(bus: EventBus, config: EventHookConfig, options: EventHookOptions): EventHook {
  const { logger, metrics, now = Date.now, flush = FLUSH } = options;
  const chains = new Map<string, Chain>();
  const stop = new AbortController();
  const { origin } = new URL(config.url);
  let [waiting, characters, underWay, failures, calmUntil] = [0, 0, 0, 0, 0];
  let [saidAt, dropped] = [Number.NEGATIVE_INFINITY, 0];
  let isTroubled = false;
  let timer: NodeJS.Timeout | undefined;
  let comesSoon = false;
  let emptied: (() => void) | undefined;
  metrics?.watch(() => ({ waiting, oldest: oldestAge() }));

  function oldestAge(): number {
    let oldest = now();
    for (const { events } of chains.values()) oldest = Math.min(oldest, events[0]?.since ?? oldest);
    return (now() - oldest) / 1000;
  }

  bus.onAny((type, event, known) => {
    if (!config.events.has(type)) return;
    const id = `evt_${randomUUID()}`;
    const data = { ...event, ...attribution(type, event, known), ...circumstances(event, known) };
    const body = redactedJson({ type, timestamp: new Date(now()).toISOString(), data });
    if (stop.signal.aborted || waiting >= MAX_WAITING || characters + body.length > MAX_CHARACTERS)
      return drop(1, 'too many wait');
    const key = orderOf(type, event);
    const chain = chains.get(key) ?? { events: [], due: 0, busy: false };
    chains.set(key, chain);
    chain.events.push({ id, body, since: now(), attempts: 0 });
    waiting += 1;
    characters += body.length;
    // Not within the work that emitted the event; and not when a delivery or a timer does it anyway.
    if (underWay < MAX_AT_ONCE && calmUntil <= now()) soon();
  });

  function drop(count: number, why: string): void {
    for (let each = 0; each < count; each++) metrics?.ended('dropped');
    dropped += count;
    warn(why);
  }

  function warn(why: string): void {
    isTroubled = true;
    if (now() - saidAt < BETWEEN_LINES) return;
    saidAt = now();
    const message = `${origin} does not take events: ${why}. Look at the receiver; the log has them all`;
    logger.warn({ event: 'hook.failed', message, waiting, dropped });
  }

  function soon(): void {
    if (comesSoon) return;
    comesSoon = true;
    setImmediate(() => {
      comesSoon = false;
      pump();
    });
  }

  /** Begins what may be sent now, and comes back when more may be. */
  function pump(): void {
    clearTimeout(timer);
    if (stop.signal.aborted) return;
    let next = Number.POSITIVE_INFINITY;
    for (const [key, chain] of chains) {
      if (underWay >= MAX_AT_ONCE) return;
      if (chain.busy) continue;
      const due = Math.max(chain.due, calmUntil);
      if (due <= now()) void send(key, chain);
      else next = Math.min(next, due);
    }
    if (next === Number.POSITIVE_INFINITY) return;
    timer = setTimeout(pump, next - now());
    timer.unref();
  }

  async function send(key: string, chain: Chain): Promise<void> {
    const [event] = chain.events;
    if (event === undefined) return;
    chain.busy = true;
    underWay += 1;
    const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(TIMEOUT)]);
    const failure = await deliver(config, event, now(), signal);
    if (stop.signal.aborted) return;
    underWay -= 1;
    chain.busy = false;
    if (failure === undefined) {
      settle(key, chain, event);
      metrics?.ended('sent');
      [failures, calmUntil] = [0, 0];
      recover();
    } else {
      metrics?.failed();
      event.attempts += 1;
      chain.due = now() + Math.min(FIRST_DELAY * 2 ** (event.attempts - 1), MAX_DELAY);
      calmUntil = now() + Math.min(FIRST_CALM * 2 ** failures, MAX_CALM);
      failures += 1;
      if (now() - event.since < MAX_AGE) warn(failure);
      else {
        settle(key, chain, event);
        drop(1, failure);
      }
    }
    pump();
  }

  function settle(key: string, chain: Chain, { body }: Waiting): void {
    chain.events.shift();
    if (chain.events.length === 0) chains.delete(key);
    waiting -= 1;
    characters -= body.length;
    if (waiting === 0) emptied?.();
  }

  /** After trouble, when all that waited has been sent. */
  function recover(): void {
    if (!isTroubled || waiting > 0) return;
    logger.info({ event: 'hook.back', message: `${origin} takes events again`, dropped });
    [isTroubled, dropped] = [false, 0];
  }

  return {
    async close() {
      for (const chain of chains.values()) chain.due = 0;
      calmUntil = 0;
      pump();
      if (waiting > 0) {
        const { promise, resolve } = Promise.withResolvers<void>();
        emptied = resolve;
        const late = setTimeout(resolve, flush);
        await promise;
        clearTimeout(late);
      }
      clearTimeout(timer);
      stop.abort();
      if (waiting === 0) return;
      saidAt = Number.NEGATIVE_INFINITY;
      drop(waiting, 'the bridge stops');
      waiting = 0;
    },
  };
}

/** Events with the same one arrive in their order: those of a person, else those of a client. */
function orderOf(type: keyof Events, event: Events[keyof Events]): string {
  if ('person' in event) return `person ${event.person}`;
  return 'clientId' in event ? `client ${event.clientId}` : type;
}
