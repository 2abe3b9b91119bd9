import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import path from 'node:path'
import { natsWsConnect } from '../conformance/nats-ws.ts'
import { freePort } from '../helpers/processes.ts'
import { ROOT } from './page.ts'
import { testPage } from './test-page.ts'

// What the image does, and its compose files, is tested in test/docker, the unit of systemd in test/systemd.test.ts.
testPage('docs/docker.md', async (page) => {
  const { place } = page
  for (const words of [
    ...[
      'docker build -f docker/Dockerfile',
      '-e DOMAIN=https',
      'docker run --rm belfry --version',
      '--read-only --cap-drop',
    ],
    ...['chown -R 1000:1000', '--user 0:0', '--no-healthcheck -v', 'docker build --pull'],
  ]) {
    await page.notHere(words)
  }

  const folder = place.folder.join('docker/proxy')
  await cp(path.join(ROOT, 'docker/proxy'), folder, { recursive: true })
  await page.runLine(['cd docker/proxy', 'cp .env.example .env', 'mkdir -p caddy'])
  for (const file of ['.env', 'caddy']) assert.ok(existsSync(path.join(folder, file)))
  await page.lineNotHere('belfry proxy caddy --upstream belfry:80 >')
  await page.lineNotHere('docker compose up --detach')

  await cp(path.join(ROOT, 'packaging'), place.folder.join('packaging'), { recursive: true })
  place.replace(/\/etc\/(?=systemd|belfry)/, `${place.folder.join('etc')}/`)
  await page.runLine('install -D -m 644')
  await page.runLine('install -D -m 600')
  for (const file of ['systemd/system/belfry.service', 'belfry/belfry.env']) {
    assert.ok(existsSync(place.folder.join('etc', file)), file)
  }
  for (const words of ['npm ci && npm pack', 'npm install --global', 'daemon-reload', 'enable --now']) {
    await page.lineNotHere(words)
  }

  await page.freePorts()
  await place.file('etc/belfry/belfry.conf', 'web { nats: local }')
  const first = await page.start('belfry -c /etc/belfry/belfry.conf', /is ready/)
  const saved = await page.runLine('belfry admin backup -')
  assert.ok(saved.stdout.length > 0, saved.stderr)
  await first.stop()
  const port = await freePort()
  await place.file('container/nats.conf', page.block('no_tls: true').replace('8080', String(port)))
  place.replace('/container/', `${place.folder.join('container')}/`)
  await page.start('belfry -c /container/nats.conf', /is ready/)
  const connection = await natsWsConnect({ servers: `ws://127.0.0.1:${port}` })
  await connection.close()
})
