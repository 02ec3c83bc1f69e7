// The resources of the suite.
import { type McpServer, ResourceTemplate } from '@modelcontextprotocol/server';
import { PNG } from './contents.ts';

/** Registers the resources, and the subscriptions of 2025-11-25. */
export function addResources(server: McpServer): void {
  for (const [name, text] of [
    ['static-text', 'This is the content of the static text resource.'],
    ['watched-resource', 'Watched resource content'],
  ] as const) {
    const uri = `test://${name}`;
    server.registerResource(name, uri, { description: 'A text', mimeType: 'text/plain' }, () => ({
      contents: [{ uri, mimeType: 'text/plain', text }],
    }));
  }
  const binary = 'test://static-binary';
  server.registerResource('static-binary', binary, { description: 'An image', mimeType: 'image/png' }, () => ({
    contents: [{ uri: binary, mimeType: 'image/png', blob: PNG }],
  }));
  const template = new ResourceTemplate('test://template/{id}/data', { list: undefined });
  const mimeType = 'application/json';
  server.registerResource('template', template, { description: 'Data by id', mimeType }, ({ href: uri }, { id }) => ({
    contents: [{ uri, mimeType, text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }) }],
  }));
  server.server.setRequestHandler('resources/subscribe', () => ({}));
  server.server.setRequestHandler('resources/unsubscribe', () => ({}));
}
