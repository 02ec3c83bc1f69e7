/** Answers Prometheus: `GET /metrics`, on a listener of its own, so that no proxy must hide a path of the public one. */
import type { Handler } from './requests-under-way.ts';

/**
 * Creates the handler of that listener.
 * @param render the text and its media type
 */
export function metricsHandler(render: () => Promise<{ text: string; contentType: string }>): Handler {
  return (request, response) => {
    const path = /^[^?#]*/.exec(request.url ?? '')?.[0];
    if (path !== '/metrics') return void response.writeHead(404).end();
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return void response.writeHead(405, { Allow: 'GET, HEAD' }).end();
    render().then(
      ({ text, contentType }) => void response.writeHead(200, { 'Content-Type': contentType }).end(text),
      () => void response.writeHead(500).end(),
    );
  };
}
