import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { testPage } from './test-page.ts'

// That each proxy runs with what is printed is tested in test/proxies.
testPage('docs/proxies.md', async (page) => {
  const { place } = page
  await page.run('belfry proxy nginx --domain')
  assert.match(await readFile(place.folder.join('belfry.conf'), 'utf8'), /server_name vault\.example\.com;/)
  await place.file('belfry.conf', page.block('no_tls: true'))
  const { stdout } = await page.run('belfry proxy haproxy -c')
  assert.match(stdout, /\{ path \/nats-8080 \}/)
  await page.run('--proxy-protocol v2')
  assert.match(
    await readFile(place.folder.join('haproxy.cfg'), 'utf8'),
    /server belfry 127\.0\.0\.1:4222 send-proxy-v2/,
  )
  const caddy = await page.run('belfry proxy caddy')
  assert.match(caddy.stdout, /handle @paths1 \{\n\t\treverse_proxy 127\.0\.0\.1:8000/)
})
