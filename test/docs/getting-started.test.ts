import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { register } from '../helpers/account.ts'
import { ROOT } from './page.ts'
import { testPage } from './test-page.ts'

testPage('docs/getting-started.md', async (page) => {
  const { place } = page
  for (const file of ['compose.yaml', '.env.example'])
    assert.ok(existsSync(path.join(ROOT, 'docker/proxy', file)), file)
  await mkdir(place.folder.join('docker/proxy'), { recursive: true })
  await place.file('docker/proxy/.env.example', await readFile(path.join(ROOT, 'docker/proxy/.env.example'), 'utf8'))
  await page.runLine(['cd docker/proxy', 'cp .env.example', 'mkdir -p caddy'])
  await page.lineNotHere('docker compose run')
  await page.lineNotHere('docker compose up')

  const { web } = await page.freePorts()
  await place.file('.env', page.block('DOMAIN='))
  // The checkout is this one, and its data lies with the test.
  place.replace(/^npm start/, `npm --prefix ${ROOT} --silent start`)
  const data = { DATA_FOLDER: place.folder.join('data'), ENV_FILE: place.folder.join('.env') }
  const server = await page.startLine('npm start', /Stop with Ctrl-C/, data)
  assert.match(server.stdout, /^Belfry [\d.]+ is ready/)

  await mkdir(place.folder.join('caddy'))
  place.replace('/etc/caddy', place.folder.join('caddy'))
  await page.runLine('proxy caddy > /etc/caddy/Caddyfile')
  const caddyfile = await readFile(place.folder.join('caddy/Caddyfile'), 'utf8')
  assert.match(caddyfile, /^https:\/\/vault\.example\.com \{$/m)
  assert.match(caddyfile, new RegExp(`reverse_proxy 127\\.0\\.0\\.1:${web}\\b`))
  await page.lineNotHere('systemctl reload caddy')

  // The name is not ours: the doctor walks to the local listener of the same server.
  const [, local = ''] = await server.saying(/Bitwarden server +(https:\S+)/)
  const [, authority = ''] = await server.saying(/NODE_EXTRA_CA_CERTS=(\S+)/)
  place.replace(
    'doctor https://vault.example.com',
    `doctor ${local} --idle 0 --ca ${path.resolve(ROOT, authority)} --json`,
  )
  const { stdout } = await page.run('belfry doctor https')
  const { healthy, checks } = JSON.parse(stdout)
  assert.equal(healthy, true)
  assert.deepEqual(
    checks.filter(({ status }: { status: string }) => status === 'fault'),
    [],
  )

  await register({ server: `http://127.0.0.1:${web}`, email: 'alice@example.com' })
  await place.file('.env', `${page.block('DOMAIN=')}\n${page.block('SIGNUPS_ALLOWED')}\n`)
  const { stdout: told } = await page.run('belfry admin backup', { env: data })
  assert.match(told, /signups_allowed|SIGNUPS_ALLOWED/)
  await assert.rejects(
    register({ server: `http://127.0.0.1:${web}`, email: 'late@example.com' }),
    /not allowed|disabled/i,
  )
  const saved = await place.run('ls belfry-backup-*.tar.gz')
  assert.match(saved.stdout, /^belfry-backup-\S+\.tar\.gz\n$/)
})
