/**
 * A race: the contestants take turns of a fixed number of requests, a few at a time; the median of the turns counts, of the time
 * that passes and of the CPU time of the server.
 */
import type { Contestant } from './contestant.ts';

/** Turns per contestant, after one turn to warm up. */
const TURNS = 7;
const REQUESTS_PER_TURN = 400;
/** Requests that are sent at the same time. */
const CONCURRENCY = 4;

/** Milliseconds per request: until the answer, and of CPU in the server's process. */
interface Turn {
  readonly elapsed: number;
  readonly cpu: number;
}

/** Runs one turn. */
async function turn({ run, usage }: Contestant, requests: number): Promise<Turn> {
  let left = requests;
  const before = await usage();
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      while (left-- > 0) await run();
    }),
  );
  const elapsed = (performance.now() - begun) / requests;
  return { elapsed, cpu: ((await usage()).cpu - before.cpu) / requests };
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Runs a race and prints its table. */
export async function race(title: string, contestants: readonly Contestant[]): Promise<void> {
  const times = contestants.map((): Turn[] => []);
  for (const contestant of contestants) await turn(contestant, REQUESTS_PER_TURN);
  for (let i = 0; i < TURNS; i++) {
    for (const [index, contestant] of contestants.entries())
      times[index]?.push(await turn(contestant, REQUESTS_PER_TURN));
  }
  const medians = times.map((turns) => ({
    elapsed: median(turns.map(({ elapsed }) => elapsed)),
    cpu: median(turns.map(({ cpu }) => cpu)),
  }));
  const [first] = medians;
  process.stdout.write(`\n${title}\n`);
  for (const [index, { name }] of contestants.entries()) {
    const { elapsed, cpu } = medians[index] ?? { elapsed: Number.NaN, cpu: Number.NaN };
    const columns = [
      `${elapsed.toFixed(3).padStart(8)} ms a request ${ratio(elapsed, first?.elapsed)}`,
      `${cpu.toFixed(3).padStart(8)} ms of CPU ${ratio(cpu, first?.cpu)}`,
    ];
    process.stdout.write(`  ${name.padEnd(34)} ${columns.join('  ')}\n`);
  }
}

function ratio(value: number, first = Number.NaN): string {
  return `${(value / first).toFixed(2)} ×`.padStart(8);
}
