/**
 * The addresses of GitHub's API. A person's token goes nowhere else, whatever address a tool names.
 */

/** Path of the REST API at GitHub Enterprise Server. */
const ENTERPRISE_PATH = '/api/v3';

/**
 * Creates the check of an address: whether it is in GitHub's REST API, its GraphQL API, or its API for uploads.
 * @param apiUrl of the REST API: `https://api.github.com`, `https://api.SUBDOMAIN.ghe.com`, or `https://HOST/api/v3`
 * @see https://docs.github.com/enterprise-server/rest/using-the-rest-api/getting-started-with-the-rest-api
 * @see https://docs.github.com/rest/releases/assets#upload-a-release-asset
 */
export function createAddressCheck(apiUrl: string): (address: string) => boolean {
  const { origin, pathname, protocol, host } = new URL(apiUrl);
  const path = pathname.replace(/\/$/, '');
  const uploads = `${protocol}//${host.replace(/^api\./, 'uploads.')}`;
  const roots =
    path === ENTERPRISE_PATH
      ? [`${origin}${ENTERPRISE_PATH}/`, `${origin}/api/graphql`, `${origin}/api/uploads/`]
      : [`${origin}${path}/`, ...(host.startsWith('api.') && path === '' ? [`${uploads}/`] : [])];
  return (address) => {
    if (!URL.canParse(address)) return false;
    const url = new URL(address);
    const place = `${url.origin}${url.pathname}`;
    return url.username === '' && roots.some((root) => (root.endsWith('/') ? place.startsWith(root) : place === root));
  };
}
