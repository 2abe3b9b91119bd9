import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { cp, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { login, PASSWORD } from '../helpers/account.ts'
import { startPostgres } from '../helpers/postgres.ts'
import { requireProgram } from '../helpers/programs.ts'
import { ROOT } from './page.ts'
import type { Place } from './place.ts'
import { type PageTest, testPage } from './test-page.ts'

testPage(
  'docs/scaling.md',
  async (page) => {
    await clusterWithCompose(page)
    await kubernetes(page)
    await database(page)

    await page.run('chmod 600 rsa_key.pem')
    const key = page.place.folder.join('rsa_key.pem')
    assert.equal((await stat(key)).mode & 0o777, 0o600)
    assert.match(await readFile(key, 'utf8'), /BEGIN (RSA )?PRIVATE KEY/)
  },
  ['openssl', 'postgres'],
)

async function clusterWithCompose(page: PageTest): Promise<void> {
  const { place } = page
  const folder = place.folder.join('docker/cluster')
  const source = path.join(ROOT, 'docker/cluster')
  await cp(source, folder, { recursive: true, filter: (file) => !/\/(\.env|secrets)$/.test(file) })
  await page.runLine(['cd docker/cluster', 'sh make-secrets'])
  for (const file of ['.env', 'secrets/certificate.pem', 'secrets/database-url'])
    assert.ok(existsSync(path.join(folder, file)))
  await page.lineNotHere('docker compose up --build')

  const server = await page.server()
  place.replace('https://vault.example.com', server.secureUrl)
  place.replace('../../bin/belfry', 'bin/belfry')
  await page.runLine(['export BELFRY_PASSWORD', 'account create'])
  const watching = await page.startLine(['export BELFRY_PASSWORD', 'bin/belfry watch'], /watching alice@example\.com/)
  const phone = await login({ server: server.webUrl, email: 'alice@example.com', password: PASSWORD })
  await phone.post('/api/folders', { name: phone.encrypt('Work') })
  await watching.saying(/SyncFolderCreate/)
}

async function kubernetes(page: PageTest): Promise<void> {
  const { stdout } = await page.place.run(`${page.runnable('password=b$(openssl')}\necho "$password"`)
  assert.match(stdout, /^b[0-9a-f]{64}$/m)
  await page.runLine('openssl genrsa -out rsa_key.pem 2048')
  for (const words of [
    'helm repo add',
    ...['create secret generic belfry-cluster', 'create secret generic belfry-key', 'create secret tls'],
    ...['--filename postgres.yaml', 'helm upgrade', '--filename belfry.yaml', 'kubectl rollout'],
  ]) {
    await page.lineNotHere(words)
  }
  for (const file of ['postgres.yaml', 'nats-values.yaml', 'belfry.yaml']) {
    assert.ok(existsSync(path.join(ROOT, 'docker/kubernetes', file)))
  }
}

async function database(page: PageTest): Promise<void> {
  const postgres = requireProgram('postgres')
  const { place } = page
  const server = page.use(await startPostgres({ tcp: true }))
  const { port } = new URL(server.url('vault'))
  Object.assign(place.env, { PGHOST: '127.0.0.1', PGPORT: port, PGUSER: 'postgres' })
  await prepareTool(place, 'createuser', postgres.path)
  await prepareTool(place, 'createdb', postgres.path)
  await page.runLine('createuser --pwprompt', { input: 'password\npassword\n' })
  await page.runLine('createdb --owner')
  place.replace('db.example.com/vault?sslmode=verify-full', `127.0.0.1:${port}/vault`)
  await page.freePorts()
  await page.startLine("vault?sslmode=verify-full' belfry", /Stop with Ctrl-C/)
}

/** One of PostgreSQL's that asks for passwords: away from the terminal of whoever runs the tests, so that it reads stdin. */
function prepareTool(place: Place, name: string, postgres: string): Promise<void> {
  return place.program(name, `exec setsid -w ${path.join(path.dirname(postgres), name)} "$@"`)
}
