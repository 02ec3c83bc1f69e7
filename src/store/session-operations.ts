/** What the operations on sessions take and return; store.ts says what each operation does. */
import type { Credential, EndedGrant, Grant, PendingRevocation, Session, SessionRef } from './records.ts';

/** What a completed login stores. */
export interface NewSession {
  readonly ref: SessionRef;
  readonly grant: Grant;
  readonly codeHash: string;
  /** Seconds within which the code must be redeemed. */
  readonly codeTtl: number;
  readonly credentialId: string;
  readonly credential: Credential;
}

/** What a token request presents with a code; it must match the grant (OAuth 2.1 section 4.1.3). */
export interface CodePresentation {
  readonly codeHash: string;
  readonly clientId: string;
  /** Absent when the token request did not send it. */
  readonly redirectUri?: string;
  /** The challenge computed from the presented verifier. */
  readonly codeChallenge: string;
  /** The canonical resource; absent when the token request did not name one. */
  readonly resource?: string;
}

export type Redemption =
  | { readonly outcome: 'redeemed'; readonly session: Session }
  /** The code was redeemed before. Its grant, and with it every token it gave, has been ended now. */
  | { readonly outcome: 'replayed'; readonly ended: EndedGrant }
  | { readonly outcome: 'mismatch'; readonly of: 'client' | 'redirect_uri' | 'code_verifier' | 'resource' }
  | { readonly outcome: 'unknown' };

/** One rotation of the refresh token (design decision 6). */
export interface RotationRequest {
  readonly clientId: string;
  readonly presentedHash: string;
  readonly presentedGeneration: number;
  readonly successorHash: string;
  /** The successor, sealed under a key derived from the presented token. */
  readonly sealedSuccessor: string;
  /** Seconds within which the presented token, sent again, gets the same successor. */
  readonly grace: number;
  /** Seconds until the grant expires. */
  readonly ttl: number;
}

export type Rotation =
  | { readonly outcome: 'rotated' }
  /** The presented token is the one rotated last, and the grace is not over: it gets the same successor again. */
  | { readonly outcome: 'repeated'; readonly sealedSuccessor: string }
  /** The presented token was rotated earlier, or its grace is over: the grant has been ended now. */
  | { readonly outcome: 'reused'; readonly ended: EndedGrant }
  | { readonly outcome: 'unknown' };

/** What a sweep of one person ended and found. */
export interface Swept {
  readonly ended: EndedGrant[];
  readonly revocations: PendingRevocation[];
  /** The ids of the credentials whose reset is due. */
  readonly resets: string[];
}
