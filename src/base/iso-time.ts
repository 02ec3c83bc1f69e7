/** Times in what commands, tools and logs write. */

/** A time as ISO 8601 has it, in UTC with milliseconds: `2026-01-31T12:00:00.000Z`. */
export function isoTime(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString();
}
