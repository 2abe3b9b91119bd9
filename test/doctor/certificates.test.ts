/** What is wrong with certificates, each by itself. */
import 'reflect-metadata'
import assert from 'node:assert/strict'
import { KeyObject, webcrypto } from 'node:crypto'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509'
import { type Check, type FaultId, runDoctor } from '#doctor'
import { type CertificateRequest, TestAuthority } from '../helpers/certificates.ts'
import { type TemporaryFolder, temporaryFolder } from '../helpers/temp.ts'
import { once } from '../helpers/wait.ts'
import { answer, startAnswerer } from './meddler.ts'

let folder: TemporaryFolder
let authority: TestAuthority
let unknown: TestAuthority
before(async () => {
  folder = await temporaryFolder()
  authority = await TestAuthority.create(folder, 'root')
  unknown = await TestAuthority.create(folder, 'unknown')
})
after(() => folder[Symbol.asyncDispose]())

const DAY_MS = 86_400_000

const ANSWER = answer('200 OK', [], 'x')

async function tlsCheck(tls: { readonly cert: string; readonly key: string }, ca?: string): Promise<Check> {
  await using server = await startAnswerer(ANSWER, { tls })
  const { checks } = await runDoctor({ url: server.url, idleMs: 0, ca })
  return checks.find(({ id }) => id === 'tls')!
}

const TABLE: readonly (readonly [what: string, request: CertificateRequest, fault: FaultId, words: RegExp])[] = [
  ['has ended', { hasExpired: true }, 'certificate-expired', /^the certificate ended on 20\d\d-\d\d-\d\d/],
  [
    'is for other names',
    { dnsNames: ['vault.example.com', 'www.example.com'] },
    'certificate-wrong-name',
    /^it is for vault\.example\.com, www\.example\.com, not for localhost/,
  ],
  [
    'has no names but its common name',
    { dnsNames: [], subject: 'CN=vault.example.com' },
    'certificate-wrong-name',
    /vault\.example\.com, not for localhost/,
  ],
]

for (const [what, request, fault, words] of TABLE) {
  test(`one that ${what}: ${fault}`, async () => {
    const check = await tlsCheck(await authority.issue(request), authority.ca)
    assert.deepEqual([check.status, check.fault], ['fault', fault])
    assert.match(check.says, words)
  })
}

test('a good one is told with its names, its authority, its dates', async () => {
  const check = await tlsCheck(await authority.issue(), authority.ca)
  assert.match(check.says, /^TLSv1\.3, localhost signed by root, 20.* to 20.*, \d+ days left$/)
  assert.notEqual(check.status, 'fault')
})

test('one that ends soon is a warning', async () => {
  const check = await tlsCheck(await authority.issue({ daysLeft: 13 }), authority.ca)
  assert.deepEqual([check.status, check.fault], ['warning', 'certificate-expires-soon'])
})

test('an authority that nobody knows is told apart from a certificate signed by itself', async () => {
  const strange = await tlsCheck(await unknown.issue())
  assert.deepEqual(strange.fault, 'certificate-unknown-authority')
  assert.match(strange.says, /^it is signed by unknown, which is not known here: .*--ca FILE/)
  const { cert, key } = await unknown.issue()
  const whole = await tlsCheck({ cert: `${cert}\n${unknown.ca}`, key })
  assert.deepEqual(whole.fault, 'certificate-unknown-authority')
})

test('one that is signed by itself, and one that begins tomorrow, are named', async () => {
  const self = await selfSigned(0)
  assert.deepEqual((await tlsCheck(self)).fault, 'certificate-self-signed')
  const early = await selfSigned(1)
  assert.deepEqual((await tlsCheck(early, early.cert)).fault, 'certificate-not-yet-valid')
})

test('one whose intermediates are not sent along is named as such, and is good with them', async () => {
  const between = await authority.intermediate('between')
  const { cert, key } = await between.issue()
  const alone = await tlsCheck({ cert, key }, authority.ca)
  assert.deepEqual(alone.fault, 'certificate-incomplete')
  assert.match(alone.says, /^the certificate of between, which signed it, is not sent along/)
  assert.notEqual((await tlsCheck({ cert: `${cert}\n${between.ca}`, key }, authority.ca)).status, 'fault')
})

/** Good from so many days on. */
async function selfSigned(inDays: number): Promise<{ readonly cert: string; readonly key: string }> {
  const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=localhost',
    notBefore: new Date(Date.now() + inDays * DAY_MS - 60_000),
    notAfter: new Date(Date.now() + 90 * DAY_MS),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    keys,
    extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }])],
  })
  const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString()
  return { cert: certificate.toString('pem'), key }
}

test('a port without TLS, and one with it that is asked without, are named', async () => {
  const plain = http.createServer().listen(0, '127.0.0.1')
  await once(plain, 'listening')
  const { port } = plain.address() as AddressInfo
  const secure = await runDoctor({ url: `https://127.0.0.1:${port}`, idleMs: 0 })
  plain.close()
  assert.deepEqual(secure.checks.find(({ id }) => id === 'tls')?.fault, 'tls-failed')
  assert.match(secure.checks.find(({ id }) => id === 'tls')!.says, /speaks no TLS/)
  await using tls = await startAnswerer(ANSWER, { tls: await authority.issue() })
  const { checks } = await runDoctor({ url: tls.url.replace('https://localhost', 'http://127.0.0.1'), idleMs: 0 })
  assert.deepEqual(checks.find(({ id }) => id === 'http')?.fault, 'not-http')
})

test('a proxy that sends requests without TLS to a port with TLS is told so, and nobody to use https://', async () => {
  const wants = answer('400 Bad Request', [], 'Client sent an HTTP request to an HTTPS server.')
  await using server = await startAnswerer(wants, { tls: await authority.issue() })
  const { checks } = await runDoctor({ url: server.url, idleMs: 0, ca: authority.ca })
  const told = checks.find(({ status }) => status === 'fault')
  assert.equal(told?.fault, 'bad-gateway')
  assert.match(told.says, /^the proxy sends requests without TLS/)
})
