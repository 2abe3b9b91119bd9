/** What is found where, for people. */
const ENDPOINTS = [
  ['/varz', 'the server: version, limits, traffic, memory'],
  ['/connz', 'connections, open and closed'],
  ['/accountz', 'accounts'],
  ['/accstatz', 'traffic by account'],
  ['/subsz', 'subscriptions'],
  ['/routez', 'routes: none, there is one server'],
  ['/leafz', 'leaf nodes'],
  ['/gatewayz', 'gateways: none, there is one server'],
  ['/jsz', 'JetStream: not here'],
  ['/pushz', 'pushes to phones and browsers'],
  ['/healthz', 'whether clients can connect'],
] as const

/** The page at the base path. Its links are relative, so that a proxy may put something before the path. */
export function indexPage(basePath: string, version: string): string {
  const folder = basePath.slice(basePath.lastIndexOf('/') + 1)
  const items = ENDPOINTS.map(([path, what]) => {
    const href = `.${folder === '' ? '' : '/'}${escapeHtml(folder)}${path}`
    return `<li><a href="${href}">${path}</a> ${what}</li>`
  })
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Belfry: monitoring</title>
<style>
body { font: 16px/1.6 system-ui, sans-serif; margin: 2rem; color-scheme: light dark }
ul { list-style: none; padding: 0 }
a { display: inline-block; min-width: 7rem; font-family: ui-monospace, monospace }
</style>
</head>
<body>
<h1>Belfry</h1>
<p>What this server is doing, as JSON. It speaks the client protocol of NATS ${escapeHtml(version)}.</p>
<ul>
${items.join('\n')}
</ul>
</body>
</html>
`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
