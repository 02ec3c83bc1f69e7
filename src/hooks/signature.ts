/** The signature of an event, as Standard Webhooks defines it, so that the libraries that verify it work. */
import { createHmac } from 'node:crypto';

/** What a secret begins with when the rest of it is base64. */
const PREFIX = 'whsec_';

/** The key of a secret: the bytes that base64 after `whsec_` means, else the bytes of the text. */
export function keyOf(secret: string): Buffer {
  return secret.startsWith(PREFIX) ? Buffer.from(secret.slice(PREFIX.length), 'base64') : Buffer.from(secret);
}

/**
 * The headers of a delivery. Each secret signs, so that a receiver takes it by the old or by the new one while they change.
 * @param id of the event, the same in each attempt
 * @param timestamp of this attempt, epoch seconds
 * @see https://www.standardwebhooks.com
 */
export function signedHeaders(
  secrets: readonly string[],
  { id, timestamp, body }: { readonly id: string; readonly timestamp: number; readonly body: string },
): Record<string, string> {
  const sign = (secret: string) =>
    `v1,${createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': secrets.map(sign).join(' '),
  };
}
