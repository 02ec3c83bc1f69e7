/** Resource identifiers. @see RFC 8707 section 2 */

/**
 * A resource identifier as it is compared: without a trailing slash and a query, with the host in lower case, as clients
 * really send it (docs/clients.md, ChatGPT).
 * @returns empty for what cannot be a resource identifier
 */
export function comparableResource(resource: string): string {
  if (!URL.canParse(resource)) return '';
  const url = new URL(resource);
  if (url.hash !== '' || url.username !== '' || url.password !== '') return '';
  return `${url.origin === 'null' ? `${url.protocol}//${url.host}` : url.origin}${url.pathname.replace(/\/+$/, '')}`;
}
