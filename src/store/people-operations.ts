/** What administrators need across people: the directory of people with sessions, the clients that they use, and blocks. */
import type { EndedGrant } from './records.ts';

/** A person in the directory, as of the person's last sweep or login. */
export interface DirectoryEntry {
  readonly person: string;
  /** The GitHub account id. */
  readonly githubId: number;
  /** The GitHub login at the last login here, in lower case. */
  readonly login: string;
  /** When the oldest session began, in epoch seconds. */
  readonly createdAt: number;
  /** When a session was used last, in epoch seconds. */
  readonly lastUsedAt: number;
  /** Continues a list after this person. */
  readonly cursor: string;
}

/** Which people, and in which order. */
export interface DirectoryQuery {
  /** By login; or those first whose sessions began, or were used, last. */
  readonly sort: 'login' | 'created' | 'last-used';
  /** Only people whose login begins so, in lower case. */
  readonly login?: string;
  /** Only people with a session whose client id, client name or server contains this, in lower case. */
  readonly app?: string;
  /** The cursor of the last person of the page before. */
  readonly after?: string;
  readonly limit: number;
}

/** A client and how much it is used. */
export interface ClientUse {
  readonly clientId: string;
  readonly clientName: string;
  readonly sessions: number;
  readonly people: number;
}

/** Counts of the directory. */
export interface Usage {
  readonly people: number;
  readonly sessions: number;
  /** People who have used a session since the instant. */
  readonly active: number;
  /** The sessions of the most used client names, the most used first. */
  readonly sessionsPerName: readonly (readonly [string, number])[];
}

/**
 * The directory of people with sessions. It may lag behind (design decision 18): a person is in it from the login on; a session
 * that ended leaves it at the person's next sweep. Who shows a person reads the sessions anew.
 */
export interface DirectoryStore {
  /** A page of people. */
  people(query: DirectoryQuery): Promise<DirectoryEntry[]>;
  /** Clients with sessions in byte order of their ids, after `after`; with `app`, those that match it as in {@link DirectoryQuery}. */
  clients(app: string, after: string, limit: number): Promise<ClientUse[]>;
  /** Counts all. @param since an instant, in epoch seconds @param names how many client names to return at most */
  usage(since: number, names: number): Promise<Usage>;
}

/** A person who may not use the bridge. */
export interface Block {
  readonly person: string;
  readonly githubId: number;
  /** The login that the operator named, or that the person had; absent when the person was never here. */
  readonly login?: string;
  readonly reason?: string;
  /** Epoch seconds. */
  readonly blockedAt: number;
}

/** Blocked people. {@link SessionStore.begin} refuses them. */
export interface BlockStore {
  /**
   * Blocks a person. Of one who is blocked already, `blockedAt` stays; login and reason are replaced by those that are given.
   * @returns the grants of the person, all of which it has ended
   */
  add(block: Omit<Block, 'blockedAt'>): Promise<EndedGrant[]>;
  /** @returns false when the person was not blocked */
  remove(person: string): Promise<boolean>;
  read(person: string): Promise<Block | undefined>;
  /** Blocked people after `after`, in byte order of their tags. The list may lag behind. */
  list(after: string, limit: number): Promise<Block[]>;
}
