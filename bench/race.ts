/**
 * A race: contestants take turns, each turn a fixed number of requests a few at a time; the medians of the turns count.
 */
import type { Contestant } from './contestant.ts';

const TURNS = 7;
const REQUESTS_A_TURN = 400;
const AT_ONCE = 4;

/** Milliseconds for one request, over one turn. */
async function turn({ run }: Contestant, requests: number): Promise<number> {
  let left = requests;
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
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
  for (const contestant of contestants) await turn(contestant, REQUESTS_A_TURN);
  for (let i = 0; i < TURNS; i++) {
    for (const [index, contestant] of contestants.entries())
      times[index]?.push(await turn(contestant, REQUESTS_A_TURN));
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
