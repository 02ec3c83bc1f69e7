/** One setting: what a row of the table in `settings.ts` says about it. */

/** Reports what is wrong with a value. Without a remedy, the remedy is the default. */
export type Complain = (problem: string, remedy?: string) => void;

/**
 * Reads the text of a setting. What is wrong is reported, and stops the start whatever is returned. Undefined means that the
 * text gives no value: the default then counts.
 */
export type Kind<Value> = (text: string, complain: Complain) => Value | undefined;

interface Row<Value> {
  readonly kind: Kind<Value>;
  /** One sentence, in Markdown: what README.md says. */
  readonly meaning: string;
  /** Whether it is a secret: it can stand in a file named by `NAME_FILE`. */
  readonly secret?: boolean;
  /** Other names that are accepted. */
  readonly also?: readonly string[];
}

export interface Setting<Value> extends Row<Value> {
  /** The default as one would write it. */
  readonly default?: string;
  /** What holds when there is no value and no default, in Markdown. */
  readonly without?: string;
  /** The value of the default. */
  readonly fallback: Value;
}

/**
 * A setting with a default.
 * @throws {Error} when the default is not a value of its kind
 */
export function setting<Value>(row: Row<Value> & { readonly default: string }): Setting<Value> {
  const fallback = row.kind(row.default, (problem) => {
    throw new Error(`The default of a setting is wrong: ${problem}`);
  });
  if (fallback === undefined) throw new Error(`The default of a setting has no value: ${row.default}`);
  return { ...row, fallback };
}

/** A setting that may have no value. */
export function optional<Value>(row: Row<Value> & { readonly without: string }): Setting<Value | undefined> {
  return { ...row, fallback: undefined };
}
