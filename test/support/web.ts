// How routes answer with pages, for suites that have no whole bridge.
import { RequestContext } from '../../src/observe/request-context.ts';
import { createCookies } from '../../src/security/cookies.ts';
import { createSecrets } from '../../src/security/secrets.ts';
import { createPages } from '../../src/web/pages.ts';
import { createWeb, type Web } from '../../src/web/web.ts';

/** Makes it, on http. @param githubUrl of GitHub's web pages */
export function makeWeb(githubUrl = 'https://github.com', context = new RequestContext()): Web {
  const secrets = createSecrets(['a secret for tests, and for nothing else']);
  return createWeb({
    pages: createPages(),
    githubUrl,
    context,
    secrets,
    cookies: createCookies(false, secrets, () => 1),
  });
}
