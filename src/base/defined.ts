/** Objects without undefined members, for records and options whose members may be absent. */

/** `T` with every member that may be undefined made optional instead. */
type Defined<T> = {
  [Key in keyof T as undefined extends T[Key] ? never : Key]: T[Key];
} & {
  [Key in keyof T as undefined extends T[Key] ? Key : never]?: Exclude<T[Key], undefined>;
};

/**
 * Copies an object without the members that are undefined. The compiler option `exactOptionalPropertyTypes` treats an
 * absent member and an undefined one as different, and records and answers must not hold undefined members.
 */
export function defined<T extends object>(members: T): Defined<T> {
  const entries = Object.entries(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Defined<T>;
}
