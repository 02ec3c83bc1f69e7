/** The package: what a program imports from `mcp-github-bridge`. */
export type { PeopleSearch, PersonSessions, SessionDirectory } from './account/session-directory.ts';
export { ConfigurationError } from './config/config.ts';
export type { Complaint, Environment } from './config/environment.ts';
export type { BridgeSettings } from './config/options.ts';
export type { GithubClient } from './github/api-call.ts';
export { CredentialDead, GithubTrouble } from './github/trouble.ts';
export { type GithubBridge, type GithubBridgeOptions, githubBridge } from './github-bridge.ts';
export type { Authenticate, Authentication, Challenge } from './mcp/authentication.ts';
export type { CallContext, CallSession } from './mcp/call-context.ts';
export type { McpExtensions, ServerFactory } from './mcp/server.ts';
export { defineTool, type Tool } from './mcp/tool.ts';
export type { KoaContext } from './mounts.ts';
export type { Events } from './observe/events.ts';
export { type Store, StoreUnavailable } from './store/store.ts';
export type { RequestOrigin } from './web-fetch.ts';
