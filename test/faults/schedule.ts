// The schedule: which fault begins when. It follows from the seed and the duration alone. Three tracks run at once (Redis,
// GitHub, processes); on each track one fault follows another. Each track deals its faults from a shuffled deck, so that every
// kind occurs in a long run whatever the seed is.

import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from './random.ts';

/** All durations are in milliseconds. */
export type Fault =
  /** The primary answers nothing for a while (CLIENT PAUSE). */
  | { on: 'redis'; kind: 'pause'; ms: number }
  /** The primary's process is stopped and continued (SIGSTOP, SIGCONT); when it takes long, the sentinels fail over. */
  | { on: 'redis'; kind: 'freeze'; ms: number }
  /** The primary ends, in order or killed, and starts again. */
  | { on: 'redis'; kind: 'restart' | 'crash' }
  /** Primary and replica change places. */
  | { on: 'redis'; kind: 'switch' }
  /** The primary is killed and starts again only when the replica has taken its place. */
  | { on: 'redis'; kind: 'lose' }
  /** How GitHub treats what the bridge sends for a while. */
  | {
      on: 'github';
      kind: 'slow' | 'fail' | 'drop' | 'swallow' | 'hang' | 'limit' | 'babble';
      ms: number;
      delay: number;
    }
  /** A person revokes the app in GitHub's settings. */
  | { on: 'github'; kind: 'revoke'; person: number }
  /** A process of the bridge gets SIGKILL or SIGTERM, and is started again. */
  | { on: 'process'; kind: 'kill' | 'stop'; replica: number; ms: number };

export type Track = Fault['on'];
export type FaultOf<On extends Track> = Extract<Fault, { on: On }>;

/** A fault, and how long nothing happens on its track before it. */
export interface Step {
  readonly gap: number;
  readonly fault: Fault;
}

export interface Schedule {
  /** Milliseconds. */
  readonly duration: number;
  readonly tracks: Readonly<Record<Track, readonly Step[]>>;
}

export interface Size {
  /** Milliseconds. */
  readonly duration: number;
  readonly people: number;
  /** The processes that may be killed, by their numbers. */
  readonly mortal: readonly number[];
}

/** Draws a schedule. */
export function drawSchedule(random: Random, { duration, people, mortal }: Size): Schedule {
  const redis = ['pause', 'freeze', 'freeze', 'restart', 'crash', 'switch', 'lose'] as const;
  const github = ['slow', 'fail', 'drop', 'swallow', 'hang', 'limit', 'babble', 'revoke', 'revoke', 'revoke'] as const;
  const processes = ['kill', 'kill', 'stop'] as const;
  const faultOfRedis = (draw: Random, kind: (typeof redis)[number]): Fault => {
    if (kind === 'pause') return { on: 'redis', kind, ms: draw.between(100, 900) };
    if (kind === 'freeze') return { on: 'redis', kind, ms: draw.between(300, 4_000) };
    return { on: 'redis', kind };
  };
  const faultOfGithub = (draw: Random, kind: (typeof github)[number]): Fault =>
    kind === 'revoke'
      ? { on: 'github', kind, person: draw.between(0, people - 1) }
      : { on: 'github', kind, ms: draw.between(500, 4_000), delay: draw.between(100, 2_500) };
  const faultOfProcess = (draw: Random, kind: (typeof processes)[number]): Fault => ({
    on: 'process',
    kind,
    replica: draw.pick(mortal),
    ms: draw.between(100, 3_000),
  });
  return {
    duration,
    tracks: {
      redis: track(random.fork(), duration, [3_000, 7_000], redis, faultOfRedis),
      github: track(random.fork(), duration, [300, 2_500], github, faultOfGithub),
      process: track(random.fork(), duration, [1_000, 6_000], processes, faultOfProcess),
    },
  };
}

/** More steps than can happen: the gaps alone take longer than the duration. */
function track<Kind>(
  random: Random,
  duration: number,
  [shortest, longest]: readonly [number, number],
  kinds: readonly Kind[],
  faultOf: (random: Random, kind: Kind) => Fault,
): Step[] {
  const steps: Step[] = [];
  let deck: Kind[] = [];
  for (let at = 0; at < duration; at += steps.at(-1)?.gap ?? 0) {
    if (deck.length === 0) deck = random.shuffled(kinds);
    const kind = deck.pop() as Kind;
    steps.push({ gap: random.between(shortest, longest), fault: faultOf(random, kind) });
  }
  return steps;
}

/**
 * Lets the faults of every track happen until the time is over. Each fault is lifted before the next of its track begins.
 * @param inject makes a fault happen, and resolves when it is lifted
 */
export async function runSchedule(
  { duration, tracks }: Schedule,
  inject: (fault: Fault) => Promise<void>,
): Promise<void> {
  const end = performance.now() + duration;
  const left = () => end - performance.now();
  const runTrack = async (steps: readonly Step[]) => {
    for (const { gap, fault } of steps) {
      await pause(Math.max(0, Math.min(gap, left())));
      if (left() <= 0) return;
      await inject(fault);
    }
  };
  await Promise.all([...Object.values(tracks).map(runTrack), pause(duration)]);
}
