/** The rows of the table: what each measures, its goal, and how a value is written. */
import type { Lab } from './lab.ts';

type Unit = '×' | 's' | 'KB' | 'MB' | 'ms/s';
type Goal = { readonly atMost: number } | { readonly atLeast: number };

/** One line of the table. */
export interface Line {
  readonly name: string;
  /** What the values are a ratio over, for ratios. */
  readonly over?: string;
  readonly unit: Unit;
  readonly goal: Goal;
  /** A value for each contestant; all of them must reach the goal. */
  readonly values: Readonly<Record<string, number>>;
  /** What else was measured, for the JSON file. */
  readonly details?: unknown;
}

/** Measures one or several lines with the same servers. */
export interface Row {
  /** The names of its lines; words of the command line select by them. */
  readonly names: readonly string[];
  measure(lab: Lab): Promise<Line[]>;
}

/** Whether all values reach the goal. */
export function holds({ goal, values }: Line): boolean {
  const reaches = (value: number) => ('atMost' in goal ? value <= goal.atMost : value >= goal.atLeast);
  return Object.values(values).every(reaches);
}

/** The table with its heading. */
export function table(lines: readonly Line[]): string {
  const cells = lines.map((line) => [
    line.over === undefined ? line.name : `${line.name}, over ${line.over}`,
    'atMost' in line.goal ? `≤ ${line.goal.atMost} ${line.unit}` : `≥ ${line.goal.atLeast} ${line.unit}`,
    Object.entries(line.values)
      .map(([of, value]) => `${of} ${written(value)} ${line.unit}`)
      .join(', '),
    holds(line) ? 'yes' : 'no',
  ]);
  const rows = [['', 'goal', 'measured', 'holds'], ...cells];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function written(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}
