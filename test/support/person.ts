// The person who uses a client: opens each authorization URL that the client gives, in one browser that keeps its cookies, and
// returns the answer. Requests and answers are kept for the test.

import { type Agent, createAgent } from './agent.ts';
import { walkAuthorization } from './oauth.ts';

export class Person {
  readonly browser: Agent = createAgent();
  /** The scopes that the person leaves out on consent pages. */
  untick: readonly string[] = [];
  readonly #login: string;
  readonly #asked: URLSearchParams[] = [];
  #answer: Promise<URL> | undefined;

  /** @param login the account at GitHub */
  constructor(login: string) {
    this.#login = login;
  }

  /** The parameters of each authorization request, in order. */
  get asked(): readonly URLSearchParams[] {
    return this.#asked;
  }

  /** The parameters of the latest authorization request. @throws {Error} when there was none */
  get lastAsked(): URLSearchParams {
    const last = this.#asked.at(-1);
    if (last === undefined) throw new Error('the client has sent the person nowhere');
    return last;
  }

  /** Called by clients to open a browser. Returns at once, as opening a browser does. */
  visit(url: URL): void {
    this.#asked.push(url.searchParams);
    this.#answer = this.#walk(url);
    this.#answer.catch(() => {}); // answer() rejects with the error
  }

  /** The address that the browser was sent back to. @throws {Error} when no URL was opened since the last answer */
  async answer(): Promise<URL> {
    const answer = this.#answer;
    if (answer === undefined) throw new Error('the client has sent the person nowhere');
    this.#answer = undefined;
    return answer;
  }

  async #walk(url: URL): Promise<URL> {
    const page = await walkAuthorization(url, { browser: this.browser, login: this.#login, untick: this.untick });
    if (page.location === undefined) throw new Error(`the login ended at a page: ${page.status} ${page.text}`);
    return page.location;
  }
}
