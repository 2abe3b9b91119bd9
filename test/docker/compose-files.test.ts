/** The compose files of docker/: what goes for each of them, and those of one Belfry at work. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { cp, mkdir, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import https from 'node:https'
import path from 'node:path'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import { loadOptions } from '#config'
import { natsWsConnect } from '../conformance/nats-ws.ts'
import { TestAuthority } from '../helpers/certificates.ts'
import { runProgram } from '../helpers/processes.ts'
import { requireProgram } from '../helpers/programs.ts'
import { temporaryFolder } from '../helpers/temp.ts'
import { once } from '../helpers/wait.ts'
import { type ComposeFile, durationMs, mergeCompose, readCompose, readEnvFile } from './compose-file.ts'
import { Containers } from './containers.ts'
import { readDockerfile } from './dockerfile.ts'
import { Network } from './place.ts'
import { unknownVariables } from './settings.ts'

const root = path.join(import.meta.dirname, '../..')
const docker = path.join(root, 'docker')
const schemaFile = path.join(root, 'test/conformance/node_modules/dclint/schemas/compose.schema.json')
const { $schema: _, ...schema } = JSON.parse(readFileSync(schemaFile, 'utf8'))
const isComposeFile = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(schema)

async function read(folder: string, ...names: readonly string[]): Promise<ComposeFile> {
  const variables = folder === 'nats' ? {} : await readEnvFile(path.join(docker, folder, '.env.example'))
  const files = names.map((name) => readCompose(path.join(docker, folder, name), variables))
  return (await Promise.all(files)).reduce(mergeCompose)
}

const files: Readonly<Record<string, ComposeFile>> = {
  cluster: await read('cluster', 'compose.yaml'),
  nats: await read('nats', 'compose.yaml'),
  proxy: await read('proxy', 'compose.yaml'),
  single: await read('single', 'compose.yaml'),
  'single with a certificate': await read('single', 'compose.yaml', 'compose.certificate.yaml'),
}

/** What an instance of the image is told by its environment. */
function settingsOf(compose: ComposeFile, name = 'belfry') {
  const env = { ...readDockerfile().environment, ...compose.services[name]?.environment }
  assert.deepEqual(unknownVariables(env), [])
  return env
}

test('cluster: nginx waits longer than NATS does between pings', async () => {
  const config = readFileSync(path.join(docker, 'cluster/nginx.conf'), 'utf8')
  const [, location = ''] = /location \/nats \{([^}]*)\}/.exec(config) ?? []
  const timeouts = [...location.matchAll(/proxy_(?:read|send)_timeout (\w+);/g)].map(([, time]) => durationMs(time!))
  const { pingIntervalMs } = loadOptions({ env: {}, cwd: '/nonexistent' }).options.nats
  assert.equal(timeouts.length, 2)
  for (const timeoutMs of timeouts) assert.ok(timeoutMs > pingIntervalMs, location)
})

for (const [name, compose] of Object.entries(files)) {
  test(`${name}: it is a compose file, with no key that compose does not know`, () => {
    isComposeFile(compose)
    assert.deepEqual(isComposeFile.errors, null)
  })

  test(`${name}: each Belfry may do nothing, and is looked after`, () => {
    const belfrys = Object.entries(compose.services).filter(([, { image }]) => image === 'belfry')
    assert.ok(belfrys.length > 0)
    for (const [service, { read_only, cap_drop, security_opt, stop_grace_period = '10s', ...rest }] of belfrys) {
      assert.deepEqual({ read_only, cap_drop, security_opt }, hardened, service)
      assert.ok('healthcheck' in rest || rest.command?.[0] !== 'nats-server', service)
      const { BELFRY_HUB_DRAIN_WINDOW } = settingsOf(compose, service)
      const { hub } = loadOptions({ cwd: '/', env: { BELFRY_HUB_DRAIN_WINDOW } }).options
      // `belfry serve` cuts what is left five seconds after the window.
      assert.ok(durationMs(stop_grace_period) > hub.drainWindowMs + 5_000, service)
    }
  })

  test(`${name}: the volumes that it names are declared`, () => {
    for (const { volumes = [] } of Object.values(compose.services)) {
      for (const volume of volumes) {
        const [from = ''] = volume.split(':')
        if (!from.startsWith('.')) assert.ok(from in (compose.volumes ?? {}), volume)
      }
    }
  })
}

const hardened = { read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] }

test('a schema that lets everything through proves nothing', () => {
  const { services } = files.single!
  assert.equal(isComposeFile({ services: { belfry: { ...services.belfry, enviroment: {} } } }), false)
})

test('single: apps are served over HTTPS, with a certificate of its own authority', async () => {
  const compose = files.single!
  const { options } = loadOptions({ cwd: '/', env: settingsOf(compose) })
  assert.ok(options.web.https)
  assert.deepEqual([options.web.https.host, options.web.https.port], ['0.0.0.0', Number(publishedTo(compose, 443))])
  const network = new Network(compose)
  await using containers = await Containers.prepare(compose, path.join(docker, 'single'), network)
  // Until it is healthy by the check of the image.
  await containers.up()
  const { program } = containers.get('belfry')
  const [, file = ''] = (await program.saying(/NODE_EXTRA_CA_CERTS=(\S+)/))!
  assert.equal(await statusOf(network.address('belfry'), readFileSync(file, 'utf8')), 200)
  assert.deepEqual(await containers.get('belfry').stop(), { code: 0, signal: null })
})

test('single: a certificate of one’s own is what it shows', async () => {
  const compose = files['single with a certificate']!
  await using folder = await temporaryFolder()
  const authority = await TestAuthority.create(folder)
  const { certFile, keyFile } = await authority.issue({ dnsNames: ['vault.example.com'] })
  await mkdir(folder.join('certificate'))
  await cp(certFile, folder.join('certificate/fullchain.pem'))
  await cp(keyFile, folder.join('certificate/privkey.pem'))
  const env = settingsOf(compose)
  const { web } = loadOptions({ cwd: '/', env }).options
  assert.deepEqual([web.port, web.https], [Number(publishedTo(compose, 443)), undefined])
  const network = new Network(compose)
  await using containers = await Containers.prepare(compose, folder.path, network)
  await containers.up()
  assert.equal(await statusOf(network.address('belfry'), authority.ca), 200)
})

/** What `/alive` of a server answers to whoever trusts one authority, by the name that clients use. */
async function statusOf(host: string, ca: string): Promise<number | undefined> {
  const request = https.get({ host, port: 8443, path: '/alive', servername: 'vault.example.com', ca, agent: false })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  response.resume()
  return response.statusCode
}

/** The port of the only service to which one of the machine leads. */
function publishedTo({ services }: ComposeFile, port: number): string | undefined {
  const published = Object.values(services).flatMap(({ ports = [] }) => ports.map((entry) => entry.split(':')))
  return published.find((parts) => parts.at(-2) === String(port))?.at(-1)
}

test('nats: a browser’s client connects to port 8080, and the health check passes', async () => {
  const compose = files.nats!
  assert.equal(publishedTo(compose, 8080), '8080')
  const network = new Network(compose)
  await using containers = await Containers.prepare(compose, path.join(docker, 'nats'), network)
  await containers.up()
  const connection = await natsWsConnect({ servers: `ws://${network.address('nats')}:8080` })
  const subscription = connection.subscribe('orders.>')
  connection.publish('orders.new', 'one')
  for await (const message of subscription) {
    assert.equal(message.string(), 'one')
    break
  }
  await connection.close()
  assert.deepEqual(await containers.get('nats').stop(), { code: 0, signal: null })
})

test('proxy: Caddy takes what Belfry prints, and is who may say where clients come from', async (t) => {
  const caddy = requireProgram('caddy')
  if (caddy.skip) return t.skip(caddy.skip)
  const compose = files.proxy!
  const env = settingsOf(compose)
  const text = readFileSync(path.join(docker, 'proxy/compose.yaml'), 'utf8')
  const [, line = ''] = /docker compose run .* belfry (proxy .*) > caddy\/Caddyfile/.exec(text) ?? []
  const printed = await runProgram({ command: path.join(root, 'bin/belfry'), args: line.split(' '), env })
  assert.equal(printed.code, 0, printed.stderr)
  assert.match(printed.stdout, new RegExp(`reverse_proxy belfry:${env.ROCKET_PORT} `))
  await using folder = await temporaryFolder()
  await writeFile(folder.join('Caddyfile'), printed.stdout)
  const args = ['validate', '--adapter', 'caddyfile', '--config', folder.join('Caddyfile')]
  const home = { HOME: folder.path, XDG_DATA_HOME: folder.path, XDG_CONFIG_HOME: folder.path }
  const { code, stderr } = await runProgram({ command: caddy.path, args, env: home })
  assert.equal(code, 0, stderr)
  const { proxied } = compose.services.proxy!.networks as Record<string, { ipv4_address: string }>
  assert.equal(env.IP_HEADER_TRUSTED_PROXIES, proxied?.ipv4_address)
  assert.equal(compose.services.belfry!.ports, undefined)
})
