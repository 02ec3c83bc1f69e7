/**
 * A race: contestants take turns of a fixed number of requests. Each ratio is the median over the rounds of the ratio within
 * one round, because the load of the machine changes from round to round and is much the same within one.
 */
import type { Lab } from './lab.ts';
import type { ServerProcess } from './processes.ts';
import type { Line, Row } from './row.ts';

export interface Contestant {
  readonly name: string;
  /** The processes whose CPU time counts. */
  readonly processes: readonly ServerProcess[];
  /** Whether it is printed for comparison only, and is no value of the line. */
  readonly isFloor?: boolean;
  /** Requests that are sent at the same time, if not as many as for the others. */
  readonly atOnce?: number;
  /** Runs before each turn and is not timed: makes what its requests use up. */
  prepare?(requests: number): Promise<void>;
  /** Sends one request and checks its answer. @param worker the number of the sender, from 0; each waits for its answer */
  run(worker: number): Promise<void>;
}

/** What one turn took: milliseconds of CPU time and of elapsed time for a request, and of each request until its answer. */
interface Turn {
  readonly cpu: number;
  readonly elapsed: number;
  readonly latencies: readonly number[];
}

/** Milliseconds for a request: medians of the rounds, and percentiles of all requests. */
interface Times {
  readonly cpu: number;
  readonly elapsed: number;
  readonly p50: number;
  readonly p99: number;
}

/** A contestant's times, and the medians of the ratios of its rounds to those of the first contestant. */
interface Placed extends Times {
  readonly name: string;
  readonly ratios: Times;
}

interface Heat {
  /** Requests that are sent at the same time. */
  readonly atOnce: number;
  readonly requests: number;
  readonly rounds: number;
  /** Requests of each contestant before the first round, so that its code is compiled. */
  readonly warmUp: number;
}

/** A race that is one line of the table; the ratio is that of CPU time. */
interface Race extends Partial<Heat> {
  readonly name: string;
  /** What the first contestant is. */
  readonly peer: string;
  readonly atOnce: number;
  readonly goal: number;
  /** Starts the contestants, the peer first. */
  contestants(lab: Lab): Promise<readonly Contestant[]>;
}

/** The row of a race. */
export function raceRow(race: Race): Row {
  const { name, peer, atOnce, goal, requests = 800, rounds = 5, warmUp = 1500 } = race;
  return {
    names: [name],
    async measure(lab) {
      const contestants = await race.contestants(lab);
      const placed = await runRace(contestants, { atOnce, requests, rounds, warmUp });
      const others = placed.filter((_, index) => index > 0 && contestants[index]?.isFloor !== true);
      const values = Object.fromEntries(others.map((each) => [each.name, each.ratios.cpu]));
      return [{ name, over: peer, unit: '×', goal: { atMost: goal }, values, details: placed } satisfies Line];
    },
  };
}

/** Runs a race, and prints what each contestant took. */
export async function runRace(contestants: readonly Contestant[], heat: Heat): Promise<Placed[]> {
  const turns = contestants.map((): Turn[] => []);
  for (const contestant of contestants) await turn(contestant, heat.warmUp, contestant.atOnce ?? heat.atOnce);
  for (let round = 0; round < heat.rounds; round++)
    for (const [index, contestant] of contestants.entries())
      turns[index]?.push(await turn(contestant, heat.requests, contestant.atOnce ?? heat.atOnce));
  const peer = turns[0] ?? [];
  return contestants.map(({ name }, index) => print(placed(name, turns[index] ?? [], peer)));
}

/** Sends requests, `atOnce` at a time. */
export async function turn(contestant: Contestant, requests: number, atOnce: number): Promise<Turn> {
  await contestant.prepare?.(requests);
  const cpu = () => contestant.processes.reduce((sum, each) => sum + each.cpu(), 0);
  const latencies: number[] = [];
  let left = requests;
  const before = cpu();
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: atOnce }, async (_, worker) => {
      while (left-- > 0) {
        const sent = performance.now();
        await contestant.run(worker);
        latencies.push(performance.now() - sent);
      }
    }),
  );
  const elapsed = performance.now() - begun;
  return { cpu: (cpu() - before) / requests, elapsed: elapsed / requests, latencies };
}

function timesOf(turns: readonly Turn[]): Times {
  const latencies = turns.flatMap((each) => each.latencies);
  return {
    cpu: median(turns.map(({ cpu }) => cpu)),
    elapsed: median(turns.map(({ elapsed }) => elapsed)),
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
  };
}

function placed(name: string, turns: readonly Turn[], peer: readonly Turn[]): Placed {
  const rounds = turns.map((each, round) => {
    const [own, first] = [timesOf([each]), timesOf(peer.slice(round, round + 1))];
    return {
      cpu: own.cpu / first.cpu,
      elapsed: own.elapsed / first.elapsed,
      p50: own.p50 / first.p50,
      p99: own.p99 / first.p99,
    };
  });
  const ratio = (of: keyof Times) => median(rounds.map((round) => round[of]));
  return {
    name,
    ...timesOf(turns),
    ratios: { cpu: ratio('cpu'), elapsed: ratio('elapsed'), p50: ratio('p50'), p99: ratio('p99') },
  };
}

function print(each: Placed): Placed {
  const column = (of: keyof Times) => `${of} ${each[of].toFixed(3)} ms (${each.ratios[of].toFixed(2)} ×)`;
  process.stdout.write(
    `  ${each.name.padEnd(28)} ${(['cpu', 'elapsed', 'p50', 'p99'] as const).map(column).join('  ')}\n`,
  );
  return each;
}

/** The median of values. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
