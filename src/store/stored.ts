/**
 * Parses the records that a store keeps as JSON. A record that does not parse was written by another program, or by
 * another version of this one: the parser throws.
 */
import { randomInt } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { deepFreeze } from '../base/deep-freeze.ts';
import type {
  Account,
  AccountLogin,
  Approval,
  AuthorizationRequest,
  ClientLogin,
  Credential,
  Grant,
  Login,
  PendingRevocation,
  Recipient,
  RegisteredClient,
} from './records.ts';

/** A schema must name every member of its record, also the optional ones: zod drops a member that it does not know. */
type Shape<T> = Record<keyof T, z.ZodType>;

/** The members of a credential that are kept as JSON: all but its tokens. */
type CredentialIdentity = Pick<Credential, 'appClientId' | 'account' | 'scope'>;

export const clientSchema: z.ZodType<RegisteredClient> = z.object({
  clientId: z.string(),
  issuedAt: z.number(),
  metadata: z.record(z.string(), z.unknown()),
  secretHash: z.string().exactOptional(),
  registrationTokenHash: z.string(),
} satisfies Shape<RegisteredClient>);

const recipientSchema: z.ZodType<Recipient> = z.object({
  address: z.string(),
  credential: z.enum(['github', 'identity', 'none']),
} satisfies Shape<Recipient>);

const requestSchema: z.ZodType<AuthorizationRequest> = z.object({
  clientId: z.string(),
  clientName: z.string(),
  refreshable: z.boolean(),
  redirectUri: z.string(),
  redirectUriSent: z.boolean(),
  codeChallenge: z.string(),
  scope: z.array(z.string()),
  resource: z.string(),
  recipient: recipientSchema.exactOptional(),
  state: z.string().exactOptional(),
  nonce: z.string().exactOptional(),
  prompt: z.string().exactOptional(),
  loginHint: z.string().exactOptional(),
  uiLocales: z.string().exactOptional(),
} satisfies Shape<AuthorizationRequest>);

const clientLoginSchema = z.object({
  purpose: z.literal('client'),
  request: requestSchema,
  upstreamScope: z.array(z.string()),
  consentHash: z.string().exactOptional(),
  expectedPerson: z.string().exactOptional(),
} satisfies Shape<ClientLogin>);

const accountLoginSchema = z.object({
  purpose: z.literal('account'),
  upstreamScope: z.array(z.string()),
  prompt: z.string().exactOptional(),
} satisfies Shape<AccountLogin>);

const loginSchema: z.ZodType<Login> = z.discriminatedUnion('purpose', [clientLoginSchema, accountLoginSchema]);

const approvalSchema: z.ZodType<Approval> = z.object({
  stateHash: z.string(),
  browserHash: z.string(),
  sealedVerifier: z.string(),
  remember: z.boolean(),
  scope: z.array(z.string()).exactOptional(),
} satisfies Shape<Approval>);

/** The members of a grant, in the order in which they are stored. */
export const grantShape = {
  clientId: z.string(),
  clientName: z.string(),
  redirectUri: z.string(),
  redirectUriSent: z.boolean(),
  codeChallenge: z.string(),
  scope: z.array(z.string()),
  refusedScope: z.array(z.string()).exactOptional(),
  resource: z.string(),
  recipient: recipientSchema.exactOptional(),
  credential: z.string(),
  authTime: z.number(),
  nonce: z.string().exactOptional(),
  refreshable: z.boolean(),
} satisfies Shape<Grant>;
const grantSchema: z.ZodType<Grant> = z.object(grantShape);

const directorySchema = z.object({
  clientName: z.string(),
  resource: z.string(),
  recipient: recipientSchema.exactOptional(),
});

export const accountSchema: z.ZodType<Account> = z.object({
  id: z.number(),
  login: z.string(),
  name: z.string().exactOptional(),
  avatarUrl: z.string().exactOptional(),
} satisfies Shape<Account>);

const credentialIdentitySchema: z.ZodType<CredentialIdentity> = z.object({
  appClientId: z.string(),
  account: accountSchema,
  scope: z.array(z.string()),
} satisfies Shape<CredentialIdentity>);

const revocationSchema: z.ZodType<PendingRevocation> = z.object({
  person: z.string(),
  id: z.string(),
  credential: z.string(),
  appClientId: z.string(),
  sealedTokens: z.string(),
} satisfies Shape<PendingRevocation>);

const reader =
  <T>(schema: z.ZodType<T>) =>
  (json: string): T =>
    schema.parse(JSON.parse(json));

/** Parsed records of one kind that are kept. */
const MAX_PARSED = 5000;
/** Characters of the texts of those records: anyone can register a long record. */
const MAX_PARSED_TEXT = 4 * 1024 * 1024;

/** A reader that parses each text once: every call reads the records of its session. The objects are shared and frozen. */
const cachedReader = <T extends object>(schema: z.ZodType<T>) => {
  const parsed = new LRUCache<string, Readonly<T>>({
    max: MAX_PARSED,
    maxSize: MAX_PARSED_TEXT,
    sizeCalculation: (_, json) => json.length,
  });
  const read = reader(schema);
  return (json: string): Readonly<T> => {
    let record = parsed.get(json);
    if (record === undefined) {
      record = deepFreeze(read(json));
      parsed.set(json, record);
    }
    return record;
  };
};

export const readClient = cachedReader(clientSchema);
export const readClientLogin = reader<ClientLogin>(clientLoginSchema);
export const readLogin = reader(loginSchema);
export const readApproval = reader(approvalSchema);
export const readGrant = cachedReader(grantSchema);
export const readCredentialIdentity = cachedReader(credentialIdentitySchema);
export const readRevocation = reader(revocationSchema);

/** Parses a grant that is kept in another form than {@link readGrant} reads. */
export function parseGrant(grant: unknown): Grant {
  return grantSchema.parse(grant);
}

/** Parses the members of a grant that the directory needs. */
export function parseGrantForDirectory(grant: unknown): Pick<Grant, 'clientName' | 'resource' | 'recipient'> {
  return directorySchema.parse(grant);
}

/** Parses the identity of a credential that is kept in another form than {@link readCredentialIdentity} reads. */
export function parseCredentialIdentity(identity: unknown): CredentialIdentity {
  return credentialIdentitySchema.parse(identity);
}

/** The JSON that {@link readCredentialIdentity} parses. */
export function credentialIdentityJson({ appClientId, account, scope }: Credential): string {
  return JSON.stringify({ appClientId, account, scope } satisfies CredentialIdentity);
}

/** What the directory finds a session by, if its calls go to another MCP server: its resource and that server's address. */
export function serverOf({ resource, recipient }: Pick<Grant, 'resource' | 'recipient'>): string {
  return recipient === undefined ? '' : `${resource} ${recipient.address}`;
}

/**
 * The generation of a new credential. It is random: a refresh that began with an earlier credential of the same id, and
 * ends after that was deleted, must not replace the tokens of the new one.
 */
export function firstGeneration(): number {
  return randomInt(1, 2 ** 40);
}
