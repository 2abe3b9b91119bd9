/**
 * What docker/Dockerfile builds: its stages are built in a folder, and run in it as in a container, without Docker. What
 * this leaves out is told in docs/docker.md.
 */
import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  cpSync,
  globSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { natsWsConnect } from '../conformance/nats-ws.ts'
import { login, registerAndLogin } from '../helpers/account.ts'
import { freePort } from '../helpers/processes.ts'
import { type TemporaryFolder, temporaryFolder } from '../helpers/temp.ts'
import { vaultwardenFolder } from '../helpers/vaultwarden-folder.ts'
import { until, within } from '../helpers/wait.ts'
import { type BuiltImage, buildImage } from './build-image.ts'
import { durationMs } from './compose-file.ts'
import { readDockerfile } from './dockerfile.ts'
import { type Container, canBeAnother, runInside, startInside } from './enter.ts'

const checkout = path.join(import.meta.dirname, '../..')
const packageJson = JSON.parse(readFileSync(path.join(checkout, 'package.json'), 'utf8'))
const config = readDockerfile()
const [belfry = ''] = config.entrypoint
const [, ...healthcheck] = config.healthcheck.test

/** How long `docker stop` waits. */
const GRACE_MS = 10_000

let folder: TemporaryFolder
let image: BuiltImage

before(async () => {
  folder = await temporaryFolder()
  image = await buildImage(folder.path)
})
after(() => folder[Symbol.asyncDispose]())

/** A container of the image with these settings besides its own. */
function container(settings: Readonly<Record<string, string>> = {}, user = config.user): Container {
  return { root: image.root, user, environment: { ...config.environment, ...settings } }
}

/** Empties the volume, or fills it with a copy; as the image has it, it belongs to its user. */
function prepareVolume(content?: string, owner = config.user): void {
  const data = path.join(image.root, 'data')
  rmSync(data, { recursive: true, force: true })
  mkdirSync(data, { mode: 0o700 })
  if (content !== undefined) cpSync(content, data, { recursive: true })
  const [uid, gid] = owner.split(':').map(Number) as [number, number]
  for (const file of ['.', ...globSync('**/*', { cwd: data })]) {
    if (canBeAnother) chownSync(path.join(data, file), uid, gid)
  }
}

/** All that is there but the volume, and what an engine puts into containers. */
function contentOfImage(): string[] {
  const files = globSync('**/*', { cwd: image.root, exclude: (file) => /^(data|proc|dev)(\/|$)/.test(file) }).sort()
  return files.map((file) => {
    const { mode, size, mtimeMs, uid } = lstatSync(path.join(image.root, file))
    return [file, mode.toString(8), size, mtimeMs, uid].join(' ')
  })
}

/** The licences of packages, by their folders. */
function licencesIn(root: string): string[] {
  return globSync('node_modules/**/{LICENSE,LICENCE,license,licence,COPYING}*', { cwd: root }).sort()
}

test('of the checkout it got nothing that is not needed', () => {
  const roots = new Set(image.context.map((file) => file.split('/')[0]))
  assert.deepEqual(
    [...roots].sort(),
    ['CHANGELOG.md', 'LICENSE', 'README.md', 'bin', 'docker', 'package-lock.json', 'package.json', 'scripts', 'src']
      .concat('tsconfig.build.json', 'tsconfig.json', 'web')
      .sort(),
  )
  assert.deepEqual(
    image.context.filter((file) => /(^|\/)(node_modules|dist|data|\.git|\.env)(\/|$)/.test(file)),
    [],
  )
})

test('it holds the program, its packages and Node, and nothing to build them with', () => {
  const files = globSync('**/*', { cwd: image.root })
  for (const file of ['belfry/dist/main.js', 'belfry/dist/web/index.html', 'belfry/LICENSE', 'usr/local/bin/belfry']) {
    assert.ok(files.includes(file), file)
  }
  const useless =
    /\.(ts|mts|cts|map)$|\/(npm|npx|yarn|corepack|sh|bash)$|node_modules\/(typescript|@biomejs|@types|svelte)\b/
  assert.deepEqual(
    files.filter((file) => useless.test(file)),
    [],
  )
  const programs = files.filter((file) => /(^|\/)s?bin\/[^/]+$/.test(file) && !file.startsWith('belfry/node_modules/'))
  assert.deepEqual(programs.sort(), ['belfry/bin/belfry', 'usr/local/bin/belfry', 'usr/local/bin/node'])
})

test('what was left out of packages is no licence', () => {
  const here = licencesIn(path.join(image.root, 'belfry'))
  const there = licencesIn(checkout).filter((file) => here.some((one) => path.dirname(one) === path.dirname(file)))
  assert.deepEqual(here, there)
  assert.ok(here.length > Object.keys(packageJson.dependencies).length)
})

test('every package can be loaded, also those that few need', async () => {
  const script = `
    await import('/belfry/node_modules/reflect-metadata/Reflect.js')
    for (const name of ${JSON.stringify(Object.keys(packageJson.dependencies))}) {
      await import(import.meta.resolve(name, 'file:///belfry/dist/main.js'))
    }`
  const args = ['--experimental-import-meta-resolve', '--input-type=module', '-e', script]
  const { code, stderr } = await runInside(container(), ['/usr/local/bin/node', ...args])
  assert.equal(code, 0, stderr)
})

test('its entry point is belfry', async () => {
  const { code, stdout, stderr } = await runInside(container(), [belfry, '--version'])
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: `${packageJson.version}\n`, stderr: '' })
})

test('it serves a vault, writes nowhere but into its volume, and ends when it is told to', async () => {
  prepareVolume()
  const before = contentOfImage()
  const port = await freePort()
  const settings = {
    ROCKET_PORT: String(port),
    ROCKET_ADDRESS: '127.0.0.1',
    BELFRY_NATS_PORT: String(await freePort()),
  }
  await using server = await startInside(container(settings), [belfry], /is ready/)

  const health = await runInside(container(settings), healthcheck)
  assert.equal(health.code, 0, health.stderr)
  const url = `http://127.0.0.1:${port}`
  assert.match(await (await fetch(url)).text(), /^<!doctype html>/)
  const device = await registerAndLogin({ server: url })
  const { json: item } = await device.post('/api/ciphers', device.loginItem('with a file'))
  const { json: announced } = await device.post(`/api/ciphers/${item.id}/attachment/v2`, {
    key: device.encrypt('key'),
    fileName: device.encrypt('name'),
    fileSize: 1_000_000,
  })
  const form = new FormData()
  form.append('data', new Blob([new Uint8Array(1_000_000)]), 'name')
  assert.equal((await device.post(`/api${announced.url}`, form)).status, 200)
  // As with `docker exec`.
  const checked = await runInside(container(settings), [belfry, 'admin', 'check-data'])
  assert.match(checked.stdout, /1 user, 1 item, 0 folders, 1 attachment/)
  assert.equal(checked.code, 0, checked.stdout)
  const reloaded = await runInside(container(settings), [belfry, 'reload'])
  assert.deepEqual([reloaded.code, reloaded.stdout], [0, 'nothing has changed\n'], reloaded.stderr)

  const written = globSync('**/*', { cwd: path.join(image.root, 'data') })
  for (const file of ['db.sqlite3', 'rsa_key.pem', 'attachments']) assert.ok(written.includes(file), file)
  server.child.kill(config.stopSignal)
  assert.deepEqual(await within(server.exited, 'it to end', GRACE_MS), { code: 0, signal: null })
  assert.deepEqual(contentOfImage(), before)
  const gone = await runInside(container(settings), healthcheck)
  assert.equal(gone.code, 1)
})

test('it takes over the volume of a vaultwarden/server container', async () => {
  await using vaultwarden = await vaultwardenFolder()
  // All of it belongs to root there, and so does whoever is to have it.
  prepareVolume(vaultwarden.dataFolder, '0:0')
  const port = await freePort()
  const settings = {
    ROCKET_PORT: String(port),
    ROCKET_ADDRESS: '127.0.0.1',
    BELFRY_NATS_PORT: String(await freePort()),
  }
  await using server = await startInside(container(settings, '0:0'), [belfry], /is ready/)
  const device = await login({ server: `http://127.0.0.1:${port}`, email: vaultwarden.device.email })
  const { json } = await device.get('/api/sync')
  assert.ok(json.ciphers.length > 0)
  await server.stop()
})

// There may be only one user, who may write everywhere.
if (canBeAnother) {
  test('a volume that it may not write to is named', async () => {
    prepareVolume(undefined, '0:0')
    const { code, stderr } = await runInside(container({ ROCKET_ADDRESS: '127.0.0.1' }), [belfry])
    assert.equal(code, 1)
    assert.match(stderr, /\/data/)
    assert.doesNotMatch(stderr, /\n\s+at /)
  })
}

test('a signal ends it also while it starts', async () => {
  prepareVolume()
  // A database that takes the connection and says nothing: it goes on starting.
  const asked = Promise.withResolvers<void>()
  const database = net.createServer(() => asked.resolve())
  await new Promise<void>((resolve) => database.listen(0, '127.0.0.1', resolve))
  const { port } = database.address() as net.AddressInfo
  const sockets: net.Socket[] = []
  database.on('connection', (socket) => sockets.push(socket))
  const DATABASE_URL = `postgresql://belfry:secret@127.0.0.1:${port}/vault`
  await using server = await startInside(container({ DATABASE_URL, ROCKET_PORT: String(await freePort()) }), [belfry])
  await within(asked.promise, 'it to ask its database', 20_000)
  server.child.kill(config.stopSignal)
  // Not by the signal itself, which does nothing to the first process of a container.
  assert.deepEqual(await within(server.exited, 'it to end', GRACE_MS), { code: 143, signal: null })
  for (const socket of sockets) socket.destroy()
  database.close()
})

for (const [what, command] of [
  ['the whole server', [belfry]],
  ['NATS alone', [belfry, 'nats-server']],
] as const) {
  test(`-c /container/nats.conf with a websocket block: ${what}`, async () => {
    prepareVolume()
    const port = await freePort()
    // As NATS' own documentation has it.
    const file = path.join(image.root, 'container/nats.conf')
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, `websocket \n{\n     port: ${port}\n     no_tls: true\n}\n`)
    chmodSync(file, 0o644)
    const settings = { ROCKET_PORT: String(await freePort()), ROCKET_ADDRESS: '127.0.0.1' }
    const args = [...command, '-c', '/container/nats.conf', '-a', '127.0.0.1', '-p', '-1']
    await using server = await startInside(container(settings), args)
    const connection = await within(
      until(() => natsWsConnect({ servers: `ws://127.0.0.1:${port}`, reconnect: false }), 'a connection', 20_000),
      `a connection; it says:\n${server.output}`,
      25_000,
    )
    const subscription = connection.subscribe('orders.>')
    connection.publish('orders.new', 'one')
    for await (const message of subscription) {
      assert.equal(message.string(), 'one')
      break
    }
    await connection.close()
    server.child.kill(config.stopSignal)
    assert.equal((await within(server.exited, 'it to end', GRACE_MS)).code, 0)
  })
}

test('the health check is over before it is asked again', () => {
  const { timeout, interval } = config.healthcheck
  assert.ok(durationMs(timeout) < durationMs(interval))
})
