/**
 * How each well-known client is connected, for the landing page. The commands and links are here, the texts are in the
 * locale files.
 * @see clients' own documentation: code.visualstudio.com (vscode:mcp/install), cursor.com/docs/mcp/install-links
 */
import type { Messages } from './locale.ts';
import type { ServerView } from './views.ts';

interface Snippet {
  /** What to do with the code; a text of the locale. */
  readonly label?: string;
  /** The values of the placeholders in `label`. */
  readonly values?: Readonly<Record<string, string>>;
  readonly code: string;
}

interface ClientGuide {
  readonly name: string;
  readonly steps: readonly string[];
  readonly install?: { readonly href: string; readonly label: string };
  readonly snippets: readonly Snippet[];
  /** Runs in the cloud, so it cannot reach a loopback address. */
  readonly cloud?: true;
}

function indented(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

/** The guides in the order in which the page shows them. */
export function clientGuides(m: Messages, { name, url, sseUrl }: Omit<ServerView, 'recipient'>): ClientGuide[] {
  const { clients, orFile } = m.landing;
  const vscode = { type: 'http', url };
  const cursor = { url };
  const cursorConfig = Buffer.from(JSON.stringify(cursor)).toString('base64');
  return [
    { ...clients.claude, snippets: [{ code: url }], cloud: true },
    { ...clients.claudeCode, snippets: [{ code: `claude mcp add --transport http ${name} ${url}` }] },
    {
      ...clients.vscode,
      install: {
        href: `vscode:mcp/install?${encodeURIComponent(JSON.stringify({ name, ...vscode }))}`,
        label: clients.vscode.install,
      },
      snippets: [
        { label: orFile, values: { file: '.vscode/mcp.json' }, code: indented({ servers: { [name]: vscode } }) },
      ],
    },
    {
      ...clients.cursor,
      install: {
        href: `cursor://anysphere.cursor-deeplink/mcp/install?name=${name}&config=${encodeURIComponent(cursorConfig)}`,
        label: clients.cursor.install,
      },
      snippets: [
        {
          label: orFile,
          values: { file: '~/.cursor/mcp.json' },
          code: indented({ mcpServers: { [name]: cursor } }),
        },
      ],
    },
    { ...clients.chatgpt, snippets: [{ code: url }], cloud: true },
    {
      ...clients.inspector,
      snippets: [{ code: `npx @modelcontextprotocol/inspector@latest --server-url ${url} --transport http` }],
    },
    {
      ...clients.openmcp,
      ...(sseUrl === undefined
        ? { steps: clients.openmcp.httpSteps, snippets: [{ code: url }] }
        : {
            snippets: [
              { label: clients.openmcp.http, code: url },
              { label: clients.openmcp.sse, code: sseUrl },
            ],
          }),
    },
    {
      ...clients.mcpRemote,
      snippets: [
        { code: `npx mcp-remote ${url}` },
        {
          label: clients.mcpRemote.config,
          code: indented({ mcpServers: { [name]: { command: 'npx', args: ['mcp-remote', url] } } }),
        },
      ],
    },
  ];
}
