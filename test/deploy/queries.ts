// The queries of a dashboard and of alerts, taken apart as far as the tests need it: which metrics they name, with which labels.

/** A metric in a query, with the conditions on its labels. */
export interface Selector {
  readonly metric: string;
  readonly matchers: readonly { label: string; operator: string; value: string }[];
}

/** Labels that Prometheus adds when it reads a target. */
export const TARGET_LABELS = ['job', 'instance'];

/** The metrics that a query names. */
export function selectorsOf(query: string): Selector[] {
  return [...query.matchAll(/\b((?:bridge|process|nodejs)_\w+)(?:\{([^}]*)\})?/g)].map(
    ([, metric = '', conditions = '']) => ({
      metric,
      matchers: [...conditions.matchAll(/(\w+)(=~|!~|!=|=)"([^"]*)"/g)].map(
        ([, label = '', operator = '', value = '']) => ({ label, operator, value }),
      ),
    }),
  );
}

/** The labels that a query keeps: those of its `by (…)`. */
export function groupsOf(query: string): string[] {
  return [...query.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(/,\s*/));
}

/** The queries of Prometheus rules: what stands after `expr:`, also in the lines below it. */
export function queriesOfRules(yaml: string): string[] {
  return [...yaml.matchAll(/^ {8}expr: (?:>-\n((?: {10}.*\n)+)|(.*)\n)/gm)].map(([, folded, line]) =>
    (folded ?? line ?? '').replace(/\s+/g, ' ').trim(),
  );
}

/** The series of a text that Prometheus reads: names and labels. */
export function seriesOf(text: string): { name: string; labels: ReadonlyMap<string, string> }[] {
  return [...text.matchAll(/^(\w+)(?:\{(.*)\})? \S+$/gm)].map(([, name = '', labels = '']) => ({
    name,
    labels: new Map(
      [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', value = '']) => [label, value]),
    ),
  }));
}

/** Whether a series is one of those that a selector means; labels of the target count as present. */
export function isMeant(
  { metric, matchers }: Selector,
  { name, labels }: ReturnType<typeof seriesOf>[number],
): boolean {
  return (
    name === metric &&
    matchers.every(({ label, operator, value }) => {
      if (TARGET_LABELS.includes(label)) return true;
      const found = labels.get(label);
      if (found === undefined) return false;
      const equal = operator.endsWith('~') ? new RegExp(`^(?:${value})$`).test(found) : found === value;
      return operator.startsWith('!') ? !equal : equal;
    })
  );
}
