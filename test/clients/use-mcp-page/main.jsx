// An application of use-mcp in one page: `?url=…&transport=…` says where to connect; /oauth/callback is the pop-up's end.
import { createElement, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { onMcpAuthorization } from 'use-mcp';
import { useMcp } from 'use-mcp/react';

function App({ url, transportType }) {
  const mcp = useMcp({ url, transportType, clientName: 'use-mcp in a page' });
  const { state, error, tools, callTool, clearStorage } = mcp;
  // For tests that do more than the button.
  window.mcp = mcp;
  const [result, setResult] = useState('');
  const call = async () => {
    setResult('');
    try {
      setResult(JSON.stringify(await callTool('get_user_profile', {})));
    } catch (thrown) {
      setResult(JSON.stringify({ isError: true, content: [{ type: 'text', text: String(thrown) }] }));
    }
  };
  return createElement(
    'main',
    null,
    createElement('output', { id: 'state' }, state),
    createElement('p', { id: 'error' }, error),
    createElement(
      'ul',
      null,
      tools.map(({ name }) => createElement('li', { key: name }, name)),
    ),
    createElement('button', { type: 'button', onClick: call }, 'Call get_user_profile'),
    createElement('button', { type: 'button', onClick: clearStorage }, 'Forget everything'),
    createElement('pre', { id: 'result' }, result),
  );
}

if (location.pathname === '/oauth/callback') {
  onMcpAuthorization();
} else {
  const asked = new URLSearchParams(location.search);
  const app = createElement(App, { url: asked.get('url'), transportType: asked.get('transport') });
  createRoot(document.getElementById('root')).render(app);
}
