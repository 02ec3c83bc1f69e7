/**
 * A race: the contestants take turns of a fixed number of requests, a few at a time; the median of the turns counts.
 */
import type { Contestant } from './contestant.ts';

/** Turns per contestant, after one turn to warm up. */
const TURNS = 7;
const REQUESTS_PER_TURN = 400;
/** Requests that are sent at the same time. */
const CONCURRENCY = 4;

/** Runs one turn. @returns milliseconds per request */
async function turn({ run }: Contestant, requests: number): Promise<number> {
  let left = requests;
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      while (left-- > 0) await run();
    }),
  );
  return (performance.now() - begun) / requests;
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Runs a race and prints its table. */
export async function race(title: string, contestants: readonly Contestant[]): Promise<void> {
  const times = contestants.map((): number[] => []);
  for (const contestant of contestants) await turn(contestant, REQUESTS_PER_TURN);
  for (let i = 0; i < TURNS; i++) {
    for (const [index, contestant] of contestants.entries())
      times[index]?.push(await turn(contestant, REQUESTS_PER_TURN));
  }
  const medians = times.map(median);
  const first = medians[0] ?? Number.NaN;
  process.stdout.write(`\n${title}\n`);
  for (const [index, { name }] of contestants.entries()) {
    const value = medians[index] ?? Number.NaN;
    process.stdout.write(
      `  ${name.padEnd(34)} ${value.toFixed(3).padStart(8)} ms a request   ${(value / first).toFixed(2)} ×\n`,
    );
  }
}
