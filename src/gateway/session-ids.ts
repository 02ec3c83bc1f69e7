/**
 * Session ids without state: a client gets the id of the MCP server behind a MAC over that server, the grant and the id. On
 * the way back the MAC is checked and taken off. So an id works for its grant only, on every replica, also after a refresh
 * (design decision 24).
 */
import type { Secrets } from '../security/secrets.ts';
import type { SessionRef } from '../store/records.ts';
import { Refusal } from './refusal.ts';

const PURPOSE = 'mcp-session-id';
/** Characters of an HMAC-SHA256 in base64url. */
const MAC_LENGTH = 43;
/** Characters of an id of an MCP server. */
const MAX_ID = 1024;
/** Visible ASCII (MCP Streamable HTTP, "Session Management"). */
const ID = /^[\x21-\x7e]+$/;

export interface SessionIds {
  /**
   * The id for the client.
   * @throws {Refusal} 502 when the server's id breaks the specification
   */
  wrap(ref: SessionRef, id: string | string[]): string;
  /**
   * The server's id.
   * @throws {Refusal} 404 when this grant did not get it here
   * @see MCP Streamable HTTP, "Session Management"
   */
  unwrap(ref: SessionRef, wrapped: string): string;
}

/** @param url of the MCP server, to which the ids are bound */
export function createSessionIds(secrets: Secrets, url: string): SessionIds {
  const message = ({ person, grant }: SessionRef, id: string) => Buffer.from(`${url}\n${person}.${grant}\n${id}`);
  return {
    wrap(ref, id) {
      if (typeof id !== 'string' || id.length > MAX_ID || !ID.test(id))
        throw new Refusal(502, 'broken', 'the MCP server sent an Mcp-Session-Id that is not one');
      return secrets.sign(PURPOSE, message(ref, id)).toString('base64url') + id;
    },
    unwrap(ref, wrapped) {
      const [mac, id] = [wrapped.slice(0, MAC_LENGTH), wrapped.slice(MAC_LENGTH)];
      const signature = Buffer.from(mac, 'base64url');
      // Each MAC has one spelling, although base64 can be decoded from others.
      const isOurs =
        ID.test(id) && signature.toString('base64url') === mac && secrets.verify(PURPOSE, message(ref, id), signature);
      if (!isOurs) throw new Refusal(404, 'refused', 'there is no such session: initialize a new one');
      return id;
    },
  };
}
