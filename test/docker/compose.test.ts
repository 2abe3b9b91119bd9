/** docker/cluster/compose.yaml against what it names. What goes for every compose file: compose-files.test.ts */
import assert from 'node:assert/strict'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { loadOptions } from '#config'
import { runProgram } from '../helpers/processes.ts'
import { requireProgram } from '../helpers/programs.ts'
import { temporaryFolder } from '../helpers/temp.ts'
import { durationMs, readCompose, readEnvFile } from './compose-file.ts'
import { readDockerfile } from './dockerfile.ts'
import { unknownVariables } from './settings.ts'

const root = path.join(import.meta.dirname, '../..')
const folder = path.join(root, 'docker/cluster')
const cwd = path.join(root, 'docker')
const variables = await readEnvFile(path.join(folder, '.env.example'))
const compose = await readCompose(path.join(folder, 'compose.yaml'), variables)
const services = Object.entries(compose.services)
const belfrys = services.filter(([, { image }]) => image === 'belfry')

test('each service has a health check, is on networks that there are, and depends on services that have one', () => {
  assert.equal(belfrys.length, 2)
  for (const [name, service] of services) {
    assert.ok(service.healthcheck ?? service.image === 'belfry', name)
    const networks = Array.isArray(service.networks) ? service.networks : Object.keys(service.networks ?? {})
    for (const network of networks) assert.ok(network in compose.networks!, `${name}: ${network}`)
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      assert.ok(other in compose.services, other)
      assert.equal(condition, 'service_healthy')
    }
  }
})

test('what is mounted is there, or made by make-secrets', async (t) => {
  if (requireProgram('openssl').skip) return t.skip(requireProgram('openssl').skip || '')
  await using copy = await temporaryFolder()
  const { code, stderr } = await runProgram({
    command: 'sh',
    args: ['-c', `cp ${folder}/make-secrets ${folder}/.env.example . && sh make-secrets notes.example.org`],
    cwd: copy.path,
  })
  assert.equal(code, 0, stderr)
  assert.equal((await stat(copy.join('secrets'))).mode & 0o777, 0o700)
  assert.equal((await readEnvFile(copy.join('.env'))).DOMAIN, 'https://notes.example.org')
  for (const { file } of Object.values(compose.secrets ?? {})) {
    const { size, mode } = await stat(copy.join(file))
    assert.ok(size > 0, file)
    // For the users that containers run as.
    assert.equal(mode & 0o044, 0o044, file)
  }
  for (const [name, { volumes = [], secrets = [] }] of services) {
    for (const volume of volumes) {
      const [from = ''] = volume.split(':')
      if (from.startsWith('.')) assert.ok((await stat(path.join(folder, from))).isFile(), `${name}: ${from}`)
      else assert.ok(from in compose.volumes!, `${name}: ${from}`)
    }
    for (const secret of secrets) {
      const source = typeof secret === 'string' ? secret : secret.source
      assert.ok(source in compose.secrets!, `${name}: ${source}`)
    }
  }
})

test('make-secrets leaves what is there', async (t) => {
  if (requireProgram('openssl').skip) return t.skip(requireProgram('openssl').skip || '')
  await using copy = await temporaryFolder()
  const script = `cp ${folder}/make-secrets ${folder}/.env.example . && sh make-secrets a.example.org &&
    cksum .env secrets/* > before && sh make-secrets b.example.org && cksum .env secrets/* | cmp - before`
  const { code, stdout, stderr } = await runProgram({ command: 'sh', args: ['-c', script], cwd: copy.path })
  assert.equal(code, 0, stdout + stderr)
})

test('the settings of the Belfrys are known, and their secrets are where they are looked for', () => {
  const image = readDockerfile()
  for (const [name, { environment = {}, secrets = [] }] of belfrys) {
    const env = { ...image.environment, ...environment }
    assert.deepEqual(unknownVariables(env), [], name)
    for (const [variable, value] of Object.entries(env)) {
      if (!value.startsWith('/run/secrets/')) continue
      const file = path.basename(variable === 'RSA_KEY_FILENAME' ? `${value}.pem` : value)
      assert.ok(secrets.includes(file), `${name}: ${variable}`)
    }
  }
})

test('a Belfry is given the time that it takes to send its devices away', () => {
  for (const [name, { environment = {}, stop_grace_period: grace = '10s' }] of belfrys) {
    const window = environment.BELFRY_HUB_DRAIN_WINDOW ?? '3s'
    const { hub } = loadOptions({ cwd, env: { BELFRY_HUB_DRAIN_WINDOW: window } }).options
    assert.equal(hub.drainWindowMs, durationMs(window), name)
    // `belfry serve` cuts what is left five seconds after the window.
    assert.ok(durationMs(grace) > durationMs(window) + 5_000, name)
  }
})

test('PostgreSQL takes the connections of all Belfrys, and some of whoever looks in', () => {
  const { database } = loadOptions({ cwd, env: { DATABASE_URL: 'postgresql://postgres/vault' } }).options.vault
  assert.ok(database.kind === 'postgres')
  const [, most] = /max_connections=(\d+)/.exec(compose.services.postgres?.command?.join(' ') ?? '') ?? []
  assert.ok(Number(most) >= belfrys.length * (database.maxConnections + 5) + 10)
})
