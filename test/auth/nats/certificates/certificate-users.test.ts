import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import net from 'node:net'
import { after, before, describe, test } from 'node:test'
import tls from 'node:tls'
import { authenticatorFor, type LoginResult } from '#auth'
import { type CertificateRequest, TestAuthority, type TestCertificate } from '../../../helpers/certificates.ts'
import { startNatsServer } from '../../../helpers/nats-server.ts'
import { requireProgram } from '../../../helpers/programs.ts'
import { type TemporaryFolder, temporaryFolder } from '../../../helpers/temp.ts'
import { once, within } from '../../../helpers/wait.ts'
import { loginRequest } from '../login-request.ts'

interface Case {
  readonly what: string
  readonly request: CertificateRequest
  readonly users: readonly string[]
  /** Whose the certificate is; `undefined`: nobody's. */
  readonly found: string | undefined
}

const ALL_NAMES = {
  subject: 'O=Acme, CN=ann',
  emails: ['a@example.com', 'b@example.com'],
  dnsNames: ['x.example.com', 'y.example.com'],
  uris: ['spiffe://example.com/a', 'spiffe://example.com/b'],
}
const none = { dnsNames: [] }

/** Subjects in the order of the certificate. nats-server is asked about each of these too. */
const CASES: readonly Case[] = [
  {
    what: 'an e-mail address goes before all else',
    request: ALL_NAMES,
    users: ['CN=ann,O=Acme', 'spiffe://example.com/a', 'x.example.com', 'b@example.com'],
    found: 'b@example.com',
  },
  {
    what: 'of two e-mail addresses the first of the certificate counts',
    request: ALL_NAMES,
    users: ['b@example.com', 'a@example.com'],
    found: 'a@example.com',
  },
  {
    what: 'a DNS name goes before a URI',
    request: ALL_NAMES,
    users: ['CN=ann,O=Acme', 'spiffe://example.com/a', 'y.example.com'],
    found: 'y.example.com',
  },
  {
    what: 'a URI goes before the subject',
    request: ALL_NAMES,
    users: ['CN=ann,O=Acme', 'spiffe://example.com/b'],
    found: 'spiffe://example.com/b',
  },
  {
    what: 'a URI alone',
    request: { ...none, uris: ['SPIFFE://a/b?c=d'] },
    users: ['spiffe://a/b?c=d'],
    found: 'spiffe://a/b?c=d',
  },
  {
    what: 'names are compared letter by letter',
    request: ALL_NAMES,
    users: ['A@example.com', 'X.example.com'],
    found: undefined,
  },
  {
    what: 'an alternative name with commas and quotes',
    request: { ...none, emails: ['"a, b"@c'] },
    users: ['"a, b"@c'],
    found: '"a, b"@c',
  },
  {
    what: 'the subject',
    request: { ...none, subject: 'OU=NATS.io, CN=example.com' },
    users: ['CN=example.com,OU=NATS.io'],
    found: 'CN=example.com,OU=NATS.io',
  },
  {
    what: 'the subject in another order, with blanks and small types',
    request: { ...none, subject: 'OU=NATS.io, CN=example.com' },
    users: ['ou=NATS.io,  cn=example.com'],
    found: 'ou=NATS.io,  cn=example.com',
  },
  {
    what: 'the subject in its order goes before another order',
    request: { ...none, subject: 'OU=NATS.io, CN=example.com' },
    users: ['OU=NATS.io,CN=example.com', 'CN=example.com, OU=NATS.io'],
    found: 'CN=example.com, OU=NATS.io',
  },
  {
    what: 'a part of the subject is not enough',
    request: { ...none, subject: 'OU=NATS.io, CN=a' },
    users: ['CN=a', 'a'],
    found: undefined,
  },
  {
    what: 'nor is a subject with more',
    request: { ...none, subject: 'CN=a' },
    users: ['CN=a,OU=NATS.io'],
    found: undefined,
  },
  {
    what: 'values are compared letter by letter',
    request: { ...none, subject: 'CN=Ann' },
    users: ['CN=ann'],
    found: undefined,
  },
  {
    what: 'domain components',
    request: { ...none, subject: 'DC=com, DC=example, OU=u, CN=ann' },
    users: ['CN=ann,OU=u,DC=example,DC=com'],
    found: 'CN=ann,OU=u,DC=example,DC=com',
  },
  {
    what: 'domain components, the subject as text with them behind',
    request: { ...none, subject: 'DC=com, DC=example, O=o, 1.2.840.113549.1.9.1=a@b.c, CN=ann' },
    users: ['CN=ann,O=o', 'CN=ann,O=o,DC=com,DC=example'],
    found: 'CN=ann,O=o,DC=com,DC=example',
  },
  {
    what: 'a subject with an attribute that has no name here, without it',
    request: { ...none, subject: 'O=o, 1.2.840.113549.1.9.1=a@b.c, CN=ann' },
    users: ['CN=ann,O=o'],
    found: 'CN=ann,O=o',
  },
  {
    what: 'a subject as text is compared in one order only',
    request: { ...none, subject: 'O=o, 1.2.840.113549.1.9.1=a@b.c, CN=ann' },
    users: ['O=o,CN=ann'],
    found: undefined,
  },
  {
    what: 'parts of many attributes',
    request: { ...none, subject: 'O=o, OU=a+CN=ann' },
    users: ['CN=ann+OU=a,O=o'],
    found: 'CN=ann+OU=a,O=o',
  },
  {
    what: 'an escaped comma',
    request: { ...none, subject: 'CN=ann\\, the first' },
    users: ['CN=ann\\, the first'],
    found: 'CN=ann\\, the first',
  },
  {
    what: 'an escaped byte',
    request: { ...none, subject: 'CN=Jürgen' },
    users: ['CN=J\\C3\\BCrgen'],
    found: 'CN=J\\C3\\BCrgen',
  },
  { what: 'an equals sign', request: { ...none, subject: 'CN=a\\=b' }, users: ['CN=a=b'], found: 'CN=a=b' },
  {
    what: 'no broken escapes',
    request: { ...none, subject: 'CN=ann' },
    users: ['CN=an\\zn'],
    found: undefined,
  },
]

let folder: TemporaryFolder
let authority: TestAuthority
before(async () => {
  folder = await temporaryFolder()
  authority = await TestAuthority.create(folder)
})
after(() => folder[Symbol.asyncDispose]())

function loginBy(certificate: TestCertificate, names: readonly string[]): LoginResult | Promise<LoginResult> {
  const users = names.map((name) => ({ user: name, password: '', account: '$G' }))
  const { login } = authenticatorFor({ main: { users }, mapsCertificates: true })
  return login(loginRequest({ peerCertificate: new X509Certificate(certificate.cert) }))
}

describe('a client certificate names its user', () => {
  for (const { what, request, users, found } of CASES) {
    test(what, async () => {
      const result = await loginBy(await authority.issue(request), users)
      assert.equal(result.ok ? result.principal.name : undefined, found)
    })
  }
})

test('a refusal says whose certificate it was', async () => {
  assert.deepEqual(await loginBy(await authority.issue({ subject: 'O=o, CN=eve' }), ['ann']), {
    ok: false,
    reason: 'no user for certificate "CN=eve,O=o"',
  })
})

test('users who may not come in this way are passed over', async () => {
  const { cert } = await authority.issue(ALL_NAMES)
  const users = [
    { user: 'a@example.com', password: '', account: '$G', connectionTypes: ['WEBSOCKET'] as const },
    { user: 'CN=ann,O=Acme', password: '', account: '$G', connectionTypes: ['WEBSOCKET'] as const },
    { user: 'O=Acme,CN=ann', password: '', account: '$G' },
  ]
  const { login } = authenticatorFor({ main: { users }, mapsCertificates: true })
  const request = loginRequest({ peerCertificate: new X509Certificate(cert) })
  const nameBy = async (connectionType: 'STANDARD' | 'WEBSOCKET') => {
    const result = await login({ ...request, connectionType })
    return result.ok && result.principal.name
  }
  assert.equal(await nameBy('STANDARD'), 'O=Acme,CN=ann')
  assert.equal(await nameBy('WEBSOCKET'), 'a@example.com')
})

test('a password is compared besides', async () => {
  const { cert } = await authority.issue(ALL_NAMES)
  const users = [{ user: 'a@example.com', password: 'secret', account: 'A' }]
  const { login } = authenticatorFor({ main: { users }, mapsCertificates: true })
  const request = loginRequest({ peerCertificate: new X509Certificate(cert) })
  assert.deepEqual(await login(request), { ok: false, reason: 'wrong password' })
  // Whatever the client calls itself.
  assert.deepEqual(await login({ ...request, user: 'eve', password: 'secret' }), {
    ok: true,
    principal: { name: 'a@example.com', account: 'A' },
  })
})

const natsServer = requireProgram('nats-server')

describe('nats-server finds the same user', { skip: natsServer.skip }, () => {
  let server: TestCertificate
  before(async () => {
    server = await authority.issue()
  })
  for (const { what, request, users, found } of CASES) {
    test(what, async () => {
      await using nats = await startNatsServer(`
        http: "127.0.0.1:-1"
        tls { cert_file: "${server.certFile}", key_file: "${server.keyFile}", ca_file: "${authority.caFile}", verify_and_map: true }
        authorization { users: [${users.map((user) => `{ user: ${JSON.stringify(user)} }`).join(', ')}] }`)
      const { hostname, port } = new URL(nats.url)
      await using client = await connect({ host: hostname, port: Number(port) }, await authority.issue(request))
      const answer = await client.ask('CONNECT {"verbose":false}\r\nPING\r\n')
      const { connections } = (await (await fetch(`${nats.ports.monitoring![0]}/connz?auth=1`)).json()) as {
        readonly connections: readonly { readonly authorized_user?: string }[]
      }
      assert.equal(answer, found === undefined ? "-ERR 'Authorization Violation'" : 'PONG')
      assert.equal(connections[0]?.authorized_user, found)
    })
  }
})

/** Upgrades to TLS behind INFO. `ask` resolves with the first line of the answer. */
async function connect(at: { readonly host: string; readonly port: number }, { cert, key }: TestCertificate) {
  const plain = net.connect(at)
  await once(plain, 'data')
  const socket = tls.connect({ socket: plain, cert, key, ca: authority.ca, servername: 'localhost' })
  await once(socket, 'secureConnect')
  return {
    async ask(text: string): Promise<string> {
      socket.write(text)
      const [answer] = (await within(once(socket, 'data'), 'an answer')) as [Buffer]
      return answer.toString().split('\r\n', 1)[0]!
    },
    [Symbol.asyncDispose]: async () => void socket.destroy(),
  }
}
