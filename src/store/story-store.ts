/** The part of the store that keeps what happened to each login. */

/** The stories of logins: what happened to each, as texts that the store does not read (`../observe/stories.ts`). */
export interface StoryStore {
  /**
   * Adds entries to the end of a story. With `ttl` it begins one where there is none, which is kept for so many seconds from
   * then on; without, nothing happens where there is none. Of more than `limit` entries the first half and the last are kept.
   */
  append(login: string, entries: readonly string[], limit: number, ttl?: number): Promise<void>;
  /** All entries of a story, in the order in which they were added; none when there is no story. */
  read(login: string): Promise<string[]>;
}
