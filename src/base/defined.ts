/** An object without its undefined members, for records and options whose members may be absent. */

/** The same members, those that may be undefined as optional ones. */
type Defined<T> = {
  [Key in keyof T as undefined extends T[Key] ? never : Key]: T[Key];
} & {
  [Key in keyof T as undefined extends T[Key] ? Key : never]?: Exclude<T[Key], undefined>;
};

/**
 * Leaves out the members that are undefined. With `exactOptionalPropertyTypes` an absent member and one that is
 * undefined are two things, and what is stored or answered must not hold the second.
 */
export function defined<T extends object>(members: T): Defined<T> {
  const entries = Object.entries(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Defined<T>;
}
