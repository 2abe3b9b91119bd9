import { createHash } from 'node:crypto'
import { publicAddress } from './public-address.ts'
import type { VaultApp } from './schema.ts'
import type { VaultSettings } from './settings.ts'

const STYLE = `
body { font: 17px/1.6 system-ui, sans-serif; max-width: 38rem; margin: 12vh auto; padding: 0 1.25rem }
code { font-size: 1.05em; padding: .1em .35em; border: 1px solid; border-radius: .3em; user-select: all }
@media (prefers-color-scheme: dark) { body { background: #16181d; color: #e6e6e6 } }
`

/** The page at `/` where there is no web vault: tells a person with a browser what to do next. Loads nothing. */
export function registerLanding(scope: VaultApp, settings: VaultSettings): void {
  const styleHash = createHash('sha256').update(STYLE).digest('base64')
  const policy = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; frame-ancestors 'none'`
  scope.get('/', async (request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('Content-Security-Policy', policy)
      .send(landingPage(publicAddress(settings, request))),
  )
}

function landingPage(domain: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Belfry</title>
<style>${STYLE}</style>
<h1>Belfry is running</h1>
<p>This is a password vault for the Bitwarden apps, and the server that tells every device of yours the moment
something changes.</p>
<h2>Connect an app</h2>
<ol>
<li>In the Bitwarden app choose <b>Self-hosted</b> where it asks for the server.</li>
<li>Enter <code>${escapeHtml(domain)}</code> as the server URL.</li>
<li>Create an account or log in.</li>
</ol>
<p>With the command line: <code>bw config server ${escapeHtml(domain)}</code></p>
<h2>More</h2>
<p>The README that came with Belfry shows two devices seeing one change, how to create an account from the command line,
how to trust the certificate, and how to publish and subscribe as a NATS client.</p>
</html>
`
}

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
