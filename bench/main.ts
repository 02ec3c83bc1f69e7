/** `npm run bench`: measures the rows and prints the table, see README.md. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createLab } from './lab.ts';
import { holds, type Line, type Row, table } from './row.ts';
import { gateway } from './rows/gateway.ts';
import { tokens } from './rows/tokens.ts';
import { toolCalls } from './rows/tool-calls.ts';

const ROWS: readonly Row[] = [...toolCalls, ...tokens, ...gateway];

const { values, positionals: words } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string', default: 'bench/results.json' } },
});
const isWanted = ({ names }: Row) =>
  names.some((name) => words.every((word) => name.toLowerCase().includes(word.toLowerCase())));
const wanted = ROWS.filter(isWanted);

// Ends the servers too: they are killed when this process exits.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const lines: Line[] = [];
for (const row of wanted) {
  process.stdout.write(`\n${row.names.join('; ')}\n`);
  const lab = createLab();
  try {
    lines.push(...(await row.measure(lab)));
  } finally {
    await lab.close();
  }
}
process.stdout.write(`\n${table(lines)}\n`);
const results = lines.map((line) => ({ ...line, holds: holds(line) }));
writeFileSync(values.json, `${JSON.stringify({ node: process.version, lines: results }, undefined, 2)}\n`);
process.exit();
