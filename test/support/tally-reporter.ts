// A reporter for node's test runner that counts for run.ts: what ran, what was skipped and why, and which files have no test
// (the runner counts such a file as a test that passed).

import { isAbsolute, relative } from 'node:path';
import type { TestEvent } from 'node:test/reporters';

export type Tally = {
  tests: number;
  failed: number;
  /** `reason` is empty when the test gives none. */
  skipped: { name: string; file: string; reason: string }[];
  /** Failures that the runner does not count because the test is marked as "to do". */
  forgiven: { name: string; file: string }[];
  emptyFiles: string[];
};

/** Yields one JSON document, the {@link Tally}, when everything has run. */
export default async function* tally(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const result: Tally = { tests: 0, failed: 0, skipped: [], forgiven: [], emptyFiles: [] };
  for await (const { type, data } of events) {
    if (type === 'test:summary' && data.file === undefined) {
      result.tests = data.counts.tests;
      result.failed = data.counts.tests - data.counts.passed - data.counts.skipped - data.counts.todo;
    }
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const file = short(data.file ?? '');
    if (data.skip !== undefined && data.skip !== false) {
      result.skipped.push({ name: data.name, file, reason: typeof data.skip === 'string' ? data.skip : '' });
    } else if (type === 'test:fail' && data.todo !== undefined && data.todo !== false) {
      result.forgiven.push({ name: data.name, file });
    } else if (type === 'test:pass' && data.nesting === 0 && short(data.name) === file) {
      result.emptyFiles.push(file);
    }
  }
  yield JSON.stringify(result);
}

function short(path: string): string {
  return isAbsolute(path) ? relative(process.cwd(), path) : path;
}
