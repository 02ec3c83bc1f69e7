/** Values that are shared, so that nobody may change them. */

/** Freezes an object as it comes out of JSON, with all that it holds. @returns the same object */
export function deepFreeze<T extends object>(value: T): Readonly<T> {
  for (const member of Object.values(value)) if (typeof member === 'object' && member !== null) deepFreeze(member);
  return Object.freeze(value);
}
