/** How people are told which MCP server gets the calls of a session. */
import { defined } from '../base/defined.ts';
import type { AuthorizationRequest, Grant } from '../store/records.ts';
import type { RecipientView } from '../web/views.ts';
import { isSameRecipient, type Resources } from './resource-indicators.ts';

/**
 * The recipient that a person consents to, or consented to. It has its title only while it stands behind the same
 * resource: the title of what stands there now would name a server that the person never saw.
 * @returns undefined when the calls stay in the bridge, or go to one of `RESOURCES`
 */
export function recipientView(
  resources: Pick<Resources, 'find'>,
  { resource, recipient }: Pick<AuthorizationRequest | Grant, 'resource' | 'recipient'>,
): RecipientView | undefined {
  if (recipient === undefined) return undefined;
  const current = resources.find(resource);
  const title = isSameRecipient(current?.recipient, recipient) ? current?.upstream?.title : undefined;
  return { host: new URL(recipient.address).host, credential: recipient.credential, ...defined({ title }) };
}
