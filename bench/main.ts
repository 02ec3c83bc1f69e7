/** `npm run bench`: measures the rows and prints the table, see README.md. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createLab } from './lab.ts';
import { holds, type Line, type Row, table } from './row.ts';
import { admin } from './rows/admin.ts';
import { gateway } from './rows/gateway.ts';
import { growth } from './rows/growth.ts';
import { program } from './rows/program.ts';
import { replicas } from './rows/replicas.ts';
import { soak } from './rows/soak.ts';
import { storedBytes } from './rows/stored-bytes.ts';
import { sweep } from './rows/sweep.ts';
import { tokens } from './rows/tokens.ts';
import { toolCalls } from './rows/tool-calls.ts';

const ROWS: readonly Row[] = [...toolCalls, ...tokens, ...gateway, sweep, storedBytes, ...program, replicas];

const { values, positionals: words } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string', default: 'bench/results.json' },
    growth: { type: 'boolean', default: false },
    soak: { type: 'boolean', default: false },
    admin: { type: 'boolean', default: false },
  },
});
const isWanted = ({ names }: Row) =>
  names.some((name) => words.every((word) => name.toLowerCase().includes(word.toLowerCase())));
const long = [...(values.growth ? growth : []), ...(values.soak ? soak : []), ...(values.admin ? admin : [])];
const rows = long.length > 0 ? long : ROWS;
const wanted = rows.filter(isWanted);
if (wanted.length === 0) {
  process.stderr.write(`no line has the words ${words.join(' ')}; bench/README.md names the lines\n`);
  process.exit(1);
}

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
