/** That each proxy starts from a file, answers, says what is wrong with a file, and is gone afterwards. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { once } from '../helpers/wait.ts'
import { freePorts } from '../services/free-ports.ts'
import { checkProxy, PROXIES, type ProxyKind, startProxy } from './start-proxy.ts'

type Config = (ports: { readonly own: number; readonly upstream: number }) => string

const CONFIGS: Record<ProxyKind, Config> = {
  nginx: ({ own, upstream }) =>
    `server { listen 127.0.0.1:${own}; location / { proxy_pass http://127.0.0.1:${upstream}; } }`,
  apache: ({ own, upstream }) => `# a2enmod proxy proxy_http
Listen 127.0.0.1:${own}
ProxyPass / http://127.0.0.1:${upstream}/`,
  haproxy: ({ own, upstream }) => `defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
listen web
  bind 127.0.0.1:${own}
  server upstream 127.0.0.1:${upstream}
`,
  caddy: ({ own, upstream }) => `http://127.0.0.1:${own} {
  reverse_proxy 127.0.0.1:${upstream}
}
`,
}

let upstream: http.Server
before(async () => {
  upstream = http.createServer((request, response) => response.end(`upstream got ${request.url}`))
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
})
after(() => upstream.close())

for (const [kind, config] of Object.entries(CONFIGS) as [ProxyKind, Config][]) {
  describe(kind, { skip: PROXIES[kind].skip }, () => {
    test('passes requests on, and is gone with its folder at the end of the block', async () => {
      const [own] = (await freePorts(1)) as [number]
      const text = config({ own, upstream: (upstream.address() as AddressInfo).port })
      assert.equal((await checkProxy(kind, text)).code, 0)
      let folder = ''
      {
        await using proxy = await startProxy({ kind, config: text, ports: [own] })
        folder = proxy.folder
        assert.ok(existsSync(folder))
        const answer = await fetch(`http://127.0.0.1:${own}/some/path`)
        assert.equal(await answer.text(), 'upstream got /some/path')
      }
      assert.ok(!existsSync(folder))
      await assert.rejects(fetch(`http://127.0.0.1:${own}/`))
    })

    test('says what it does not like', async () => {
      const [own] = (await freePorts(1)) as [number]
      const text = `${config({ own, upstream: 9 })}\nnonsense;\n`
      const { code, output } = await checkProxy(kind, text)
      assert.notEqual(code, 0)
      assert.match(output, /nonsense/)
      await assert.rejects(startProxy({ kind, config: text, ports: [own] }), /nonsense/)
    })
  })
}
