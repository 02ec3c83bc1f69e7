/** The type of one setting: the fields of a row of the table in `settings.ts`. */

/** Reports what is wrong with a value. Without `remedy`, the advice is to leave the setting out for its default. */
export type Complain = (problem: string, remedy?: string) => void;

/** What is wrong with a value, and how to correct it. */
export interface Advice {
  readonly problem: string;
  readonly remedy: string;
}

/**
 * Parses the text of a setting. A reported problem stops the start, whatever value is returned. When undefined is
 * returned, the default applies.
 */
export type Kind<Value> = (text: string, complain: Complain) => Value | undefined;

interface Row<Value> {
  readonly kind: Kind<Value>;
  /** One sentence in Markdown, the same as in README.md. */
  readonly meaning: string;
  /** Whether the value is a secret; a secret may also be in a file whose path is in `NAME_FILE`. */
  readonly secret?: boolean;
  /** Other accepted names of the same setting. */
  readonly also?: readonly string[];
}

export interface Setting<Value> extends Row<Value> {
  /** The default, written as in the environment. */
  readonly default?: string;
  /** What applies when there is neither a value nor a default, in Markdown. */
  readonly without?: string;
  /** The parsed default. */
  readonly fallback: Value;
}

/**
 * Defines a setting with a default.
 * @throws {Error} when the default is not valid for its kind
 */
export function setting<Value>(row: Row<Value> & { readonly default: string }): Setting<Value> {
  const fallback = row.kind(row.default, (problem) => {
    throw new Error(`The default of a setting is wrong: ${problem}`);
  });
  if (fallback === undefined) throw new Error(`The default of a setting has no value: ${row.default}`);
  return { ...row, fallback };
}

/** Defines a setting without a default: its value may be undefined. */
export function optional<Value>(row: Row<Value> & { readonly without: string }): Setting<Value | undefined> {
  return { ...row, fallback: undefined };
}
