import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import net from 'node:net'
import { test } from 'node:test'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { Listener, loadTls, startTls, type TlsOptions, type TlsSettings } from '#net'
import { TestAuthority } from '../helpers/certificates.ts'
import { type TemporaryFolder, temporaryFolder } from '../helpers/temp.ts'
import { once, within } from '../helpers/wait.ts'
import { tlsOptions } from './tls-options.ts'

/** What the client sees of a handshake with these settings, or the code of its error. */
async function handshake(tls: TlsSettings, options: ConnectionOptions): Promise<Handshake | string> {
  const server = net.createServer((socket) => void startTls(socket, tls).catch(() => {}))
  const listener = await Listener.open(server, { host: '127.0.0.1', port: 0 })
  const client = connect({ port: listener.address.port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
  try {
    await once(client, 'secureConnect')
    return handshakeOf(client)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  } finally {
    client.destroy()
    await listener.close(0)
  }
}

interface Handshake {
  readonly version: string | null
  readonly suite: string
  readonly subject: string | undefined
  readonly group: string | undefined
}

function handshakeOf(client: TLSSocket): Handshake {
  return {
    version: client.getProtocol(),
    suite: client.getCipher().standardName,
    subject: client.getPeerX509Certificate()?.subject,
    group: (client.getEphemeralKeyInfo() as { name?: string }).name,
  }
}

interface World {
  readonly folder: TemporaryFolder
  readonly authority: TestAuthority
}

async function withWorld(work: (world: World) => Promise<void>): Promise<void> {
  await using folder = await temporaryFolder()
  await work({ folder, authority: await TestAuthority.create(folder) })
}

test('each kind of key is shown to who understands it, and each name its certificate', () =>
  withWorld(async ({ authority }) => {
    const certificates = [
      await authority.issue({ subject: 'CN=first ec', dnsNames: ['a.example'] }),
      await authority.issue({ subject: 'CN=second ec', dnsNames: ['*.b.example'] }),
      await authority.issue({ subject: 'CN=rsa', dnsNames: ['c.example'], keyType: 'rsa' }),
    ]
    const tls = await loadTls(tlsOptions({ certificates }))
    const subjectFor = async (options: ConnectionOptions) => ((await handshake(tls, options)) as Handshake).subject
    assert.equal(await subjectFor({}), 'CN=first ec')
    assert.equal(await subjectFor({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' }), 'CN=rsa')
    assert.equal(await subjectFor({ servername: 'a.example' }), 'CN=first ec')
    assert.equal(await subjectFor({ servername: 'x.b.example' }), 'CN=second ec')
    assert.equal(await subjectFor({ servername: 'c.example' }), 'CN=rsa')
    assert.equal(await subjectFor({ servername: 'elsewhere.example' }), 'CN=first ec')
  }))

test('cipher suites, curves and the least version are what the options say', () =>
  withWorld(async ({ authority }) => {
    const certificates = [await authority.issue()]
    const done = async (options: Partial<TlsOptions>, client: ConnectionOptions) =>
      handshake(await loadTls(tlsOptions({ certificates, ...options })), client)
    const tls12 = { maxVersion: 'TLSv1.2' } as const
    const name = 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256'
    const chacha = await done({ cipherSuites: [name] }, tls12)
    assert.equal((chacha as Handshake).suite, name)
    // Go lets nobody choose the suites of TLS 1.3 by naming others.
    assert.equal(((await done({ cipherSuites: [name] }, {})) as Handshake).version, 'TLSv1.3')
    const only13 = ['TLS_AES_128_GCM_SHA256']
    assert.equal(((await done({ cipherSuites: only13 }, {})) as Handshake).suite, 'TLS_AES_128_GCM_SHA256')
    assert.match(String(await done({ cipherSuites: only13 }, tls12)), /PROTOCOL_VERSION/)
    assert.match(String(await done({ minVersion: 'TLSv1.3' }, tls12)), /PROTOCOL_VERSION/)
    assert.equal(((await done({ curvePreferences: ['CurveP384'] }, {})) as Handshake).group, 'secp384r1')
    assert.match(String(await done({ curvePreferences: ['CurveP384'] }, { ecdhCurve: 'P-256' })), /HANDSHAKE_FAILURE/)
  }))

test('a session with a client certificate can be resumed, and still has it', () =>
  withWorld(async ({ authority }) => {
    const client = await authority.issue({ subject: 'CN=client' })
    const certificates = [await authority.issue()]
    const tls = await loadTls(tlsOptions({ certificates, caFile: authority.caFile, verify: true }))
    const subjects: (string | undefined)[] = []
    const server = net.createServer((socket) => {
      void startTls(socket, tls).then((secure) => {
        subjects.push(secure.getPeerX509Certificate()?.subject)
        secure.end('welcome')
      })
    })
    const listener = await Listener.open(server, { host: '127.0.0.1', port: 0 })
    const enter = async (session?: Buffer) => {
      const { cert, key } = client
      const socket = connect({
        port: listener.address.port,
        rejectUnauthorized: false,
        cert,
        key,
        ...(session && { session }),
      })
      let ticket: Buffer | undefined
      socket.on('session', (bytes: Buffer) => {
        ticket = bytes
      })
      await once(socket.resume(), 'end')
      return { ticket, isResumed: socket.isSessionReused() }
    }
    const { ticket } = await enter()
    assert.equal((await enter(ticket)).isResumed, true)
    assert.deepEqual(subjects, ['CN=client', 'CN=client'])
    await listener.close(0)
  }))

test('without a CA file the authorities of the system count', () =>
  withWorld(async ({ authority }) => {
    const client = await authority.issue()
    const tls = await loadTls(tlsOptions({ certificates: [await authority.issue()], verify: true }))
    const server = net.createServer()
    const listener = await Listener.open(server, { host: '127.0.0.1', port: 0 })
    const socket = connect({
      port: listener.address.port,
      rejectUnauthorized: false,
      cert: client.cert,
      key: client.key,
    })
    socket.on('error', () => {})
    const [connection] = (await once(server, 'connection')) as [net.Socket]
    await assert.rejects(within(startTls(connection, tls), 'the handshake'), /x509: certificate signed by unknown/)
    socket.destroy()
    await listener.close(0)
  }))

test('only pinned keys are let in, and no certificate is none of them', () =>
  withWorld(async ({ authority }) => {
    const [mine, other] = [await authority.issue(), await authority.issue()]
    const { publicKeyHash } = await import('#net')
    const pinnedCerts = [publicKeyHash(new X509Certificate(mine.cert))]
    const tls = await loadTls(tlsOptions({ certificates: [mine], pinnedCerts }))
    assert.equal(tls.isPinned(new X509Certificate(mine.cert)), true)
    assert.equal(tls.isPinned(new X509Certificate(other.cert)), false)
    assert.equal(tls.isPinned(undefined), false)
    assert.equal((await loadTls(tlsOptions({ certificates: [mine] }))).isPinned(undefined), true)
  }))

test('what is wrong with the files is said as nats-server says it', () =>
  withWorld(async ({ folder, authority }) => {
    const good = await authority.issue()
    const other = await authority.issue()
    const rsa = await authority.issue({ keyType: 'rsa' })
    const text = async (name: string, content: string) => {
      await writeFile(folder.join(name), content)
      return folder.join(name)
    }
    const garbage = await text('garbage', 'hello')
    const brokenKey = await text('broken', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n')
    const missing = folder.join('missing')
    const pair = 'error parsing X509 certificate/key pair'
    const cases: readonly (readonly [options: Partial<TlsOptions>, message: string])[] = [
      [
        { certificates: [{ certFile: missing, keyFile: good.keyFile }] },
        `${pair}: open ${missing}: no such file or directory`,
      ],
      [
        { certificates: [{ certFile: folder.path, keyFile: good.keyFile }] },
        `${pair}: read: illegal operation on a directory`,
      ],
      [
        { certificates: [good, { certFile: good.certFile, keyFile: other.keyFile }] },
        `${pair} 2/2: tls: private key does not match public key`,
      ],
      [
        { certificates: [{ certFile: good.certFile, keyFile: rsa.keyFile }] },
        `${pair}: tls: private key type does not match public key type`,
      ],
      [
        { certificates: [{ certFile: garbage, keyFile: good.keyFile }] },
        `${pair}: tls: failed to find any PEM data in certificate input`,
      ],
      [
        { certificates: [{ certFile: good.keyFile, keyFile: good.keyFile }] },
        `${pair}: tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched`,
      ],
      [
        { certificates: [{ certFile: good.certFile, keyFile: garbage }] },
        `${pair}: tls: failed to find any PEM data in key input`,
      ],
      [
        { certificates: [{ certFile: good.certFile, keyFile: good.certFile }] },
        `${pair}: tls: found a certificate rather than a key in the PEM for the private key`,
      ],
      [
        { certificates: [{ certFile: good.certFile, keyFile: brokenKey }] },
        `${pair}: tls: failed to parse private key`,
      ],
      [{ certificates: [good], verify: true, caFile: garbage }, 'failed to parse root ca certificate'],
      [{ certificates: [good], caFile: missing }, `open ${missing}: no such file or directory`],
      [{ certificates: [good], cipherSuites: ['TLS_NULL'] }, 'unrecognized cipher TLS_NULL'],
      [{ certificates: [good], cipherSuites: ['TLS_RSA_WITH_toString'] }, 'unrecognized cipher TLS_RSA_WITH_toString'],
      [{ certificates: [good], curvePreferences: ['P-256'] }, 'unrecognized curve preference P-256'],
    ]
    for (const [options, message] of cases) {
      await assert.rejects(loadTls(tlsOptions({ certificates: [good], ...options })), { name: 'ConfigError', message })
    }
  }))
