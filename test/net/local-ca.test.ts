import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { chmod, mkdir, readFile, stat, unlink, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import tls from 'node:tls'
import { ensureLocalCertificate, type LocalCertificate } from '../../src/net/local-ca.ts'
import { FakeClock } from '../helpers/fake-clock.ts'
import { runProgram } from '../helpers/processes.ts'
import { requireProgram } from '../helpers/programs.ts'
import { temporaryFolder } from '../helpers/temp.ts'
import { once } from '../helpers/wait.ts'

const DAY_MS = 86_400_000
const openssl = requireProgram('openssl')

/** A TLS server with the certificate, on both loopback addresses where there are two. */
async function serve({ certificatePem, keyPem }: LocalCertificate, host: string) {
  const server = tls.createServer({ cert: certificatePem, key: keyPem }, (socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nbelfry'))
  })
  server.listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return { port, [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())) }
}

for (const [name, host] of [
  ['localhost', '127.0.0.1'],
  ['127.0.0.1', '127.0.0.1'],
  ['::1', '::1'],
] as const) {
  test(`a TLS client that trusts the authority reaches ${name}`, async () => {
    await using folder = await temporaryFolder()
    const certificate = await ensureLocalCertificate({ folder: folder.join('tls'), clock: new FakeClock(Date.now()) })
    await using server = await serve(certificate, host)
    const ca = await readFile(certificate.caFile)
    const servername = name === 'localhost' ? { servername: name } : {}
    const socket = tls.connect({ host, port: server.port, ca, ...servername })
    await once(socket, 'secureConnect')
    assert.equal(socket.authorizationError, null)
    assert.equal(socket.getPeerX509Certificate()?.ca, false)
    socket.destroy()
  })
}

test('a TLS client that does not trust the authority is refused', async () => {
  await using folder = await temporaryFolder()
  await using server = await serve(
    await ensureLocalCertificate({ folder: folder.path, clock: new FakeClock(Date.now()) }),
    '127.0.0.1',
  )
  const socket = tls.connect({ host: '127.0.0.1', port: server.port })
  await assert.rejects(once(socket, 'secureConnect'), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
})

test('the certificate is made once', async () => {
  await using folder = await temporaryFolder()
  const clock = new FakeClock()
  const first = await ensureLocalCertificate({ folder: folder.path, clock })
  clock.advance(366 * DAY_MS)
  assert.deepEqual(await ensureLocalCertificate({ folder: folder.path, clock }), first)
})

test('keys are readable by their owner only', async () => {
  await using folder = await temporaryFolder()
  await ensureLocalCertificate({ folder: folder.join('tls'), clock: new FakeClock() })
  const modeOf = async (...parts: string[]) => (await stat(folder.join('tls', ...parts))).mode & 0o777
  assert.equal(await modeOf(), 0o700)
  assert.equal(await modeOf('ca-key.pem'), 0o600)
  assert.equal(await modeOf('server-key.pem'), 0o600)
})

test('a certificate with less than 30 days left is renewed by the same authority', async () => {
  await using folder = await temporaryFolder()
  const clock = new FakeClock()
  const first = await ensureLocalCertificate({ folder: folder.path, clock })
  const authority = await readFile(first.caFile, 'utf8')
  clock.advance(368 * DAY_MS)
  const second = await ensureLocalCertificate({ folder: folder.path, clock })
  assert.notEqual(second.certificatePem, first.certificatePem)
  assert.equal(await readFile(second.caFile, 'utf8'), authority)
  assert.ok(new X509Certificate(second.certificatePem).verify(new X509Certificate(authority).publicKey))
})

test('an authority at the end of its ten years is replaced', async () => {
  await using folder = await temporaryFolder()
  const clock = new FakeClock()
  const { caFile } = await ensureLocalCertificate({ folder: folder.path, clock })
  const authority = await readFile(caFile, 'utf8')
  clock.advance(3640 * DAY_MS)
  await ensureLocalCertificate({ folder: folder.path, clock })
  assert.notEqual(await readFile(caFile, 'utf8'), authority)
})

test('other names need another certificate, which covers them', async () => {
  await using folder = await temporaryFolder()
  const clock = new FakeClock()
  const first = await ensureLocalCertificate({ folder: folder.path, clock })
  const options = { folder: folder.path, clock, names: ['Vault.Example.ORG', '192.0.2.7'] }
  const second = await ensureLocalCertificate(options)
  const certificate = new X509Certificate(second.certificatePem)
  assert.notEqual(second.certificatePem, first.certificatePem)
  for (const name of ['localhost', 'vault.example.org']) assert.ok(certificate.checkHost(name), name)
  for (const address of ['127.0.0.1', '::1', '192.0.2.7']) assert.ok(certificate.checkIP(address), address)
  assert.deepEqual(await ensureLocalCertificate(options), second)
})

for (const file of ['ca.pem', 'ca-key.pem', 'server.pem', 'server-key.pem']) {
  test(`a lost or broken ${file} is mended`, async () => {
    await using folder = await temporaryFolder()
    const options = { folder: folder.path, clock: new FakeClock() }
    await ensureLocalCertificate(options)
    for (const spoil of [() => unlink(folder.join(file)), () => writeFile(folder.join(file), 'not PEM')]) {
      await spoil()
      const { certificatePem, keyPem, caFile } = await ensureLocalCertificate(options)
      assert.ok(tls.createSecureContext({ cert: certificatePem, key: keyPem }))
      assert.ok(new X509Certificate(certificatePem).verify(new X509Certificate(await readFile(caFile)).publicKey))
    }
  })
}

test('a folder that cannot be made is named', async () => {
  await using folder = await temporaryFolder()
  await writeFile(folder.join('file'), '')
  const path = folder.join('file', 'tls')
  await assert.rejects(ensureLocalCertificate({ folder: path, clock: new FakeClock() }), {
    name: 'ConfigError',
    message: new RegExp(`"${path}.*": not a directory`),
  })
})

test('a folder that cannot be read is named', async () => {
  await using folder = await temporaryFolder()
  await mkdir(folder.join('ca.pem'))
  await assert.rejects(ensureLocalCertificate({ folder: folder.path, clock: new FakeClock() }), {
    name: 'ConfigError',
    message: `Cannot read "${folder.join('ca.pem')}": illegal operation on a directory`,
  })
})

test('a folder that cannot be written is named', async () => {
  await using folder = await temporaryFolder()
  const [path, clock] = [folder.join('tls'), new FakeClock()]
  await ensureLocalCertificate({ folder: folder.join('other'), clock }) // so that all modules are loaded
  await mkdir(path)
  await chmod(path, 0o555)
  await chmod(folder.path, 0o755)
  const isRoot = process.geteuid?.() === 0
  if (isRoot) process.seteuid?.(65534) // root may write everywhere, nobody may not
  try {
    await assert.rejects(ensureLocalCertificate({ folder: path, clock }), {
      name: 'ConfigError',
      message: `Cannot write "${path}/ca-key.pem": permission denied`,
    })
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
})

test('OpenSSL accepts the chain in its strict mode', { skip: openssl.skip }, async () => {
  await using folder = await temporaryFolder()
  await ensureLocalCertificate({ folder: folder.path, clock: new FakeClock(Date.now()), names: ['vault.example.org'] })
  const args = ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', folder.join('ca.pem')]
  const { code, stdout, stderr } = await runProgram({
    command: openssl.path,
    args: [...args, folder.join('server.pem')],
  })
  assert.equal(code, 0, stdout + stderr)
})

test('a certificate of the authority for another name is refused', { skip: openssl.skip }, async () => {
  await using folder = await temporaryFolder()
  await ensureLocalCertificate({ folder: folder.path, clock: new FakeClock(Date.now()) })
  const run = async (...args: string[]) => runProgram({ command: openssl.path, args, cwd: folder.path })
  await writeFile(folder.join('extensions'), 'subjectAltName=DNS:bank.example\nextendedKeyUsage=serverAuth\n')
  await run(
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'other.key',
    '-out',
    'other.csr',
    '-subj',
    '/CN=bank.example',
  )
  const signed = 'x509 -req -in other.csr -CA ca.pem -CAkey ca-key.pem -out other.pem -extfile extensions -days 1'
  assert.equal((await run(...signed.split(' '))).code, 0)
  const { code, stderr } = await run('verify', '-CAfile', 'ca.pem', 'other.pem')
  assert.notEqual(code, 0)
  assert.match(stderr, /permitted subtree violation/)
})
