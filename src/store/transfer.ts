/**
 * Records in a form that both stores read and write, to move them from one to the other: sealed and hashed as they are, and
 * with all their members that change. Instants are in epoch seconds. The schemas fix the order of the members, so that both
 * stores write the same record as the same JSON.
 */
import { z } from 'zod';
import { accountSchema, clientSchema, grantShape } from './stored.ts';

const grantSchema = z.object({
  id: z.string(),
  ...grantShape,
  codeHash: z.string(),
  redeemed: z.boolean(),
  refreshHash: z.string().exactOptional(),
  generation: z.int(),
  /** The refresh token rotated last, its sealed successor, and until when it gets that. */
  spent: z.object({ hash: z.string(), sealedSuccessor: z.string(), until: z.int() }).exactOptional(),
  createdAt: z.int(),
  lastUsedAt: z.int(),
  expiresAt: z.int(),
});

const credentialSchema = z.object({
  id: z.string(),
  appClientId: z.string(),
  account: accountSchema,
  scope: z.array(z.string()),
  generation: z.int(),
  sealedTokens: z.string(),
  accessExpiresAt: z.int().exactOptional(),
  refreshExpiresAt: z.int().exactOptional(),
  resetDue: z.literal(true).exactOptional(),
  /** Sealed pairs that later logins replaced, the oldest first. */
  superseded: z.array(z.string()),
});

const personSchema = z.object({
  person: z.string(),
  grants: z.array(grantSchema),
  credentials: z.array(credentialSchema),
  revocations: z.array(
    z.object({ id: z.string(), credential: z.string(), appClientId: z.string(), sealedTokens: z.string() }),
  ),
  consents: z.array(z.object({ key: z.string(), expiresAt: z.int() })),
  block: z
    .object({
      githubId: z.int(),
      login: z.string().exactOptional(),
      reason: z.string().exactOptional(),
      blockedAt: z.int(),
    })
    .exactOptional(),
});

const registrationSchema = z.object({ client: clientSchema, used: z.boolean(), expiresAt: z.int() });
const documentSchema = z.object({ name: z.string(), version: z.int(), value: z.string() });

/** All that is stored of a person. */
export type PersonRecord = z.infer<typeof personSchema>;
/** A grant of a {@link PersonRecord}. */
export type GrantRecord = PersonRecord['grants'][number];
/** A credential of a {@link PersonRecord}. */
export type CredentialRecord = PersonRecord['credentials'][number];
/** A registered client, and whether a login has used it. */
export type ClientRecord = z.infer<typeof registrationSchema>;
/** A shared document. */
export type DocumentRecord = z.infer<typeof documentSchema>;

const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);

/** Parses a person, whatever the order of members and lists. @throws {z.ZodError} */
export function parsePerson(value: unknown): PersonRecord {
  const person = personSchema.parse(value);
  person.grants.sort(byId);
  person.credentials.sort(byId);
  person.revocations.sort(byId);
  person.consents.sort((a, b) => (a.key < b.key ? -1 : 1));
  return person;
}

export const parseClientRecord = (value: unknown): ClientRecord => registrationSchema.parse(value);
export const parseDocument = (value: unknown): DocumentRecord => documentSchema.parse(value);

/** Documents that belong to one store and not to what is in it: they are not moved. */
export const LOCAL_DOCUMENTS: ReadonlySet<string> = new Set(['schema', 'last-backup', 'import']);

/**
 * Reads and writes whole records. Not moved are logins under way, leases, replay marks and rate limits: they last minutes.
 * Reading changes nothing. Writing replaces the record of the same name or id, so that it may be repeated.
 */
export interface TransferStore {
  /** The tags of all people of whom anything is stored, in pages; each person once, unless stored records change meanwhile. */
  people(): AsyncIterable<string[]>;
  /** All unexpired registrations, in pages. */
  clients(): AsyncIterable<ClientRecord[]>;
  /** All documents but {@link LOCAL_DOCUMENTS}. */
  documents(): AsyncIterable<DocumentRecord[]>;
  /** Reads a person at one moment; undefined when nothing is stored. */
  exportPerson(person: string): Promise<PersonRecord | undefined>;
  /** Writes a person, whole or not at all, and into the directory. The sweeper visits the person within a minute. */
  importPerson(person: PersonRecord): Promise<void>;
  importClient(client: ClientRecord): Promise<void>;
  importDocument(document: DocumentRecord): Promise<void>;
}
