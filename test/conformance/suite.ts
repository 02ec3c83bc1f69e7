// Runs the MCP conformance suite in a process of its own, and reads the checks that it wrote.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const SUITE = fileURLToPath(new URL('../../node_modules/.bin/conformance', import.meta.url));
/** The requirement sets for servers. */
export const REQUIREMENTS = ['2025-11-25', '2026-07-28'] as const;

const checkSchema = z.object({
  id: z.string(),
  name: z.string(),
  status: z.string(),
  errorMessage: z.string().optional(),
  details: z.looseObject({ message: z.string().optional() }).optional(),
});

/** One check of the suite, in the order in which its scenario made them. */
export type Check = z.infer<typeof checkSchema> & { readonly scenario: string };

/** What a part of the run found. */
export interface Outcome {
  readonly name: string;
  /** Every deviation; a part without one passes. */
  readonly complaints: readonly string[];
  /** What was checked, for people. */
  readonly summary: string;
}

/** Runs the suite. @returns its exit code, its summary, and its checks */
export async function runSuite(
  args: readonly string[],
  output: string,
  onLine: (line: string) => Promise<void> = async () => {},
): Promise<{ code: number | null; printed: string; checks: Check[] }> {
  const child = spawn(SUITE, [...args, '--output-dir', output], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const lines: string[] = [];
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      await onLine(line.trim());
    }
  } catch (error) {
    child.kill();
    throw error;
  }
  await ended;
  const printed = lines.slice(lines.indexOf('=== SUMMARY ===') + 1).join('\n');
  return { code: child.exitCode, printed, checks: readChecks(output) };
}

/** The suite writes the checks of each scenario into a folder named by it and the time. */
function readChecks(output: string): Check[] {
  return globSync('*/checks.json', { cwd: output }).flatMap((file) => {
    const scenario = file.replace(/^(?:authorization-)?server-/, '').replace(/-\d{4}-\d\d-\d\dT.*/, '');
    const checks = z.array(checkSchema).parse(JSON.parse(readFileSync(join(output, file), 'utf8')));
    return checks.map((check) => ({ ...check, scenario }));
  });
}

/** What the suite says about a check. */
export function messageOf({ errorMessage, details }: Check): string {
  return errorMessage ?? details?.message ?? '';
}

/** A check and its outcome in one line. */
export function describe(check: Check): string {
  return `${check.scenario}:${check.id} ${check.status}: ${messageOf(check)}`;
}
