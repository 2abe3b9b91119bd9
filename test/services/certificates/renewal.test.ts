/** New certificates in the places of old ones, brought in all the ways that the usual tools bring them. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { type Server, startServer } from '#server'
import { TestAuthority, type TestCertificate } from '../../helpers/certificates.ts'
import { type LoggedEvent, recordingLogger } from '../../helpers/recording-logger.ts'
import { type TemporaryFolder, temporaryFolder } from '../../helpers/temp.ts'
import { once, until } from '../../helpers/wait.ts'

/** A place of a certificate that a tool looks after. */
interface Place {
  readonly certFile: string
  readonly keyFile: string
  put(next: TestCertificate): Promise<void>
}

let issued: TemporaryFolder
let authority: TestAuthority
before(async () => {
  issued = await temporaryFolder()
  authority = await TestAuthority.create(issued)
})
after(() => issued[Symbol.asyncDispose]())

async function overwrite({ certFile, keyFile }: Pick<Place, 'certFile' | 'keyFile'>, next: TestCertificate) {
  await writeFile(certFile, next.cert)
  await writeFile(keyFile, next.key)
}

const WAYS: Record<string, (folder: TemporaryFolder, first: TestCertificate) => Promise<Place>> = {
  async 'written over'(folder, first) {
    const files = { certFile: folder.join('cert.pem'), keyFile: folder.join('key.pem') }
    await overwrite(files, first)
    return { ...files, put: (next) => overwrite(files, next) }
  },

  async 'renamed into place, the key first'(folder, first) {
    const files = { certFile: folder.join('cert.pem'), keyFile: folder.join('key.pem') }
    await overwrite(files, first)
    return {
      ...files,
      async put(next) {
        await overwrite({ certFile: folder.join('cert.new'), keyFile: folder.join('key.new') }, next)
        await rename(folder.join('key.new'), files.keyFile)
        await rename(folder.join('cert.new'), files.certFile)
      },
    }
  },

  /** `live/cert.pem` is a link to `archive/cert1.pem`, then to `archive/cert2.pem`. */
  async 'linked to the next file, as certbot does'(folder, first) {
    await mkdir(folder.join('archive'))
    await mkdir(folder.join('live'))
    let count = 0
    const put = async (next: TestCertificate) => {
      count++
      for (const [name, text] of Object.entries({ cert: next.cert, privkey: next.key })) {
        await writeFile(folder.join('archive', `${name}${count}.pem`), text)
        await rm(folder.join('live', `${name}.pem`), { force: true })
        await symlink(`../archive/${name}${count}.pem`, folder.join('live', `${name}.pem`))
      }
    }
    await put(first)
    return { certFile: folder.join('live/cert.pem'), keyFile: folder.join('live/privkey.pem'), put }
  },

  /** `tls.crt` is a link to `..data/tls.crt`, and `..data` one to a folder of that moment. */
  async 'in another folder behind a link, as Kubernetes does'(folder, first) {
    let count = 0
    const put = async (next: TestCertificate) => {
      const name = `..2026_11_22_${++count}`
      await mkdir(folder.join(name))
      await overwrite({ certFile: folder.join(name, 'tls.crt'), keyFile: folder.join(name, 'tls.key') }, next)
      await symlink(name, folder.join('..data_tmp'))
      await rename(folder.join('..data_tmp'), folder.join('..data'))
    }
    await put(first)
    for (const name of ['tls.crt', 'tls.key']) await symlink(`..data/${name}`, folder.join(name))
    return { certFile: folder.join('tls.crt'), keyFile: folder.join('tls.key'), put }
  },
}

interface Started extends AsyncDisposable {
  readonly server: Server
  readonly log: LoggedEvent[]
  /** By listener. */
  readonly ports: Readonly<Record<string, number>>
}

/** With TLS wherever there can be any. */
async function start({ certFile, keyFile }: Pick<Place, 'certFile' | 'keyFile'>, interval = '30ms'): Promise<Started> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await temporaryFolder())
  const tls = `tls { cert_file: "${certFile}", key_file: "${keyFile}", `
  await writeFile(
    folder.join('belfry.conf'),
    `tls_reload_interval: "${interval}"
    vault { data_folder: "${folder.join('data')}" }
    listen: "127.0.0.1:-1"
    ${tls} handshake_first: true }
    https: "127.0.0.1:-1"
    web { listen: "127.0.0.1:-1", ${tls} } }
    websocket { listen: "127.0.0.1:-1", ${tls} } }
    leafnodes { listen: "127.0.0.1:-1", ${tls} handshake_first: true } }`,
  )
  const log: LoggedEvent[] = []
  const logger = recordingLogger((line) => log.push(line))
  const server = stack.use(await startServer({}, { configFile: 'belfry.conf', cwd: folder.path, logger }))
  const { web, nats, websockets, leafnodes, monitoring } = server.addresses
  const listeners = { web, nats, websocket: websockets[0], leafnodes, monitoring: monitoring.https }
  const ports = Object.fromEntries(Object.entries(listeners).map(([name, address]) => [name, address!.port]))
  const parts = stack.move()
  return { server, log, ports, [Symbol.asyncDispose]: () => parts.disposeAsync() }
}

async function handshake(port: number): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ca: authority.ca })
  await once(socket, 'secureConnect')
  return socket
}

async function shown(port: number): Promise<string> {
  const socket = await handshake(port)
  const { fingerprint256 } = socket.getPeerX509Certificate()!
  socket.on('error', () => {}).destroy()
  return fingerprint256
}

const fingerprintOf = ({ cert }: TestCertificate) => new X509Certificate(cert).fingerprint256

describe('a new certificate is shown by every listener, and nobody is disconnected, when it is', () => {
  for (const [how, create] of Object.entries(WAYS)) {
    test(how, async () => {
      await using folder = await temporaryFolder()
      const [first, second, third] = [await authority.issue(), await authority.issue(), await authority.issue()]
      const place = await create(folder, first)
      await using started = await start(place)
      const { ports, log } = started
      assert.deepEqual(Object.keys(ports), ['web', 'nats', 'websocket', 'leafnodes', 'monitoring'])
      const open: TLSSocket[] = []
      for (const port of Object.values(ports)) {
        assert.equal(await shown(port), fingerprintOf(first))
        open.push(await handshake(port))
      }
      for (const next of [second, third]) {
        await place.put(next)
        for (const [name, port] of Object.entries(ports)) {
          await until(async () => (await shown(port)) === fingerprintOf(next), `the new certificate of ${name}`)
        }
      }
      const renewed = log.filter(({ event }) => event === 'certificate renewed')
      const { validToDate } = new X509Certificate(third.cert)
      for (const name of Object.keys(ports)) {
        const { fields } = renewed.findLast(({ fields }) => fields.listener === name)!
        assert.deepEqual(fields, { ...fields, names: 'localhost', expires: validToDate.toISOString() })
      }
      for (const socket of open) {
        assert.equal(socket.readyState, 'open')
        socket.on('error', () => {}).destroy()
      }
    })
  }
})

for (const keyType of ['ec', 'rsa'] as const) {
  test(`a certificate that comes before its key (${keyType}) waits for it, and the old pair is shown until then`, async () => {
    await using folder = await temporaryFolder()
    const [first, second] = [await authority.issue(), await authority.issue({ keyType })]
    const place = await WAYS['written over']!(folder, first)
    await using started = await start(place)
    const { ports, log } = started
    const refused = () => log.filter(({ event }) => event === 'certificate not renewed: the old one stays')
    await writeFile(place.certFile, second.cert)
    const names = Object.keys(ports)
    await until(() => names.every((name) => refused().some(({ fields }) => fields.listener === name)), 'the warnings')
    for (const port of Object.values(ports)) assert.equal(await shown(port), fingerprintOf(first))
    await writeFile(place.keyFile, second.key)
    for (const [name, port] of Object.entries(ports)) {
      await until(async () => (await shown(port)) === fingerprintOf(second), `the new certificate of ${name}`)
    }
    // However often it was tried.
    for (const name of names) assert.equal(refused().filter(({ fields }) => fields.listener === name).length, 1)
    assert.doesNotMatch(JSON.stringify(log), /PRIVATE KEY/)
  })
}

test('files that go and come back change nothing meanwhile', async () => {
  await using folder = await temporaryFolder()
  const [first, second] = [await authority.issue(), await authority.issue()]
  const place = await WAYS['written over']!(folder, first)
  await using started = await start(place)
  const { ports, log } = started
  await rm(place.certFile)
  await until(
    () => log.some(({ event, fields }) => /not renewed/.test(event) && fields.listener === 'web'),
    'a warning',
  )
  assert.equal(await shown(ports.web!), fingerprintOf(first))
  await place.put(second)
  await until(async () => (await shown(ports.web!)) === fingerprintOf(second), 'the new certificate')
})

const NO_FILES: Record<string, (file: string) => Promise<unknown>> = {
  'a pipe, into which nobody writes': (file) => promisify(execFile)('mkfifo', [file]),
  'a device without end': (file) => symlink('/dev/zero', file),
  'a link to itself': (file) => symlink(file, file),
  'a file of a gigabyte': async (file) => {
    await writeFile(file, '')
    await truncate(file, 2 ** 30)
  },
}

for (const [what, put] of Object.entries(NO_FILES)) {
  test(`${what}, in the place of a certificate or its key is refused, and the server goes on`, async () => {
    await using folder = await temporaryFolder()
    const [first, second] = [await authority.issue(), await authority.issue()]
    const place = await WAYS['written over']!(folder, first)
    await using started = await start(place)
    const { server, ports, log } = started
    for (const file of [place.certFile, place.keyFile]) {
      log.length = 0
      await rm(file)
      await put(file)
      for (const name of Object.keys(ports)) {
        const isSaid = () => log.some(({ event, fields }) => /not renewed/.test(event) && fields.listener === name)
        await until(isSaid, `a warning of ${name}`)
      }
      await assert.rejects(server.reload(), /regular file|too many symbolic links|ELOOP|larger than/i)
      assert.equal(await shown(ports.web!), fingerprintOf(first))
      await rm(file)
      await writeFile(file, file === place.certFile ? first.cert : first.key)
    }
    await place.put(second)
    await until(async () => (await shown(ports.web!)) === fingerprintOf(second), 'the new certificate')
  })
}

test('with an interval of 0 only a reload reads the files', async () => {
  await using folder = await temporaryFolder()
  const [first, second] = [await authority.issue(), await authority.issue()]
  const place = await WAYS['written over']!(folder, first)
  await using started = await start(place, '0s')
  await using other = await start(place)
  await place.put(second)
  await until(async () => (await shown(other.ports.nats!)) === fingerprintOf(second), 'a server that does look')
  assert.equal(await shown(started.ports.web!), fingerprintOf(first))
  const lines = await started.server.reload()
  assert.deepEqual(lines.map((line) => line.split(':', 1)[0]).toSorted(), [
    'leafnodes.listener.tls.sha256',
    'monitoring.tls.sha256',
    'nats.tls.sha256',
    'web.tls.sha256',
    'websockets[0].tls.sha256',
  ])
  assert.equal(await shown(started.ports.web!), fingerprintOf(second))
})
