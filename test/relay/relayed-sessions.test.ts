import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { SignJWT } from 'jose'
import { ConfigError, silentLogger } from '#kit'
import { RelayedSessions, tokenIssuers } from '#relay'
import { FakeClock } from '../helpers/fake-clock.ts'
import { temporaryFolder } from '../store/temporary-folder.ts'
import { INSTALLATION, ORGANIZATION, OTHER_INSTALLATION, USER } from './relay-world.ts'

const ISSUER = 'https://vault.example.com|login'
const IDENTIFIER = '44444444-4444-4444-8444-444444444444'
const REGISTERED = '77777777-7777-4777-8777-777777777777'

const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 })
const ours = rsa()
const theirs = rsa()

const clock = new FakeClock()
const now = Math.floor(clock.now() / 1000)

/** The claims of a Vaultwarden's access token. spec: hub §2.3 */
const CLAIMS = {
  nbf: now,
  exp: now + 7200,
  iss: ISSUER,
  sub: USER,
  premium: true,
  name: 'Alice',
  email: 'alice@example.com',
  email_verified: true,
  sstamp: 'stamp',
  device: IDENTIFIER,
  devicetype: 'Firefox Extension',
  client_id: 'browser',
  scope: ['api', 'offline_access'],
  amr: ['Application'],
}

function sign(claims: object, key: KeyObject = ours.privateKey, header: object = {}): Promise<string> {
  return new SignJWT({ ...claims }).setProtectedHeader({ typ: 'JWT', alg: 'RS256', ...header }).sign(key)
}

/** Sessions of these installations, whose keys are in files of these PEMs; with one device registered. */
async function sessionsOf(installations: readonly { id: string; issuer: string; pem: string | Buffer }[]) {
  using folder = temporaryFolder()
  const files = installations.map(({ id, issuer, pem }, index) => {
    const publicKeyFile = join(folder.path, `${index}.pem`)
    writeFileSync(publicKeyFile, pem)
    return { id, issuer, publicKeyFile }
  })
  const issuers = await tokenIssuers(files, { clock, logger: silentLogger })
  return new RelayedSessions(issuers, {
    organizationsOf: async (...key) =>
      key.join() === [INSTALLATION, USER, IDENTIFIER].join() ? [REGISTERED, ORGANIZATION] : [],
  })
}

const publicPem = ({ publicKey }: typeof ours) => publicKey.export({ type: 'spki', format: 'pem' })
const FIRST = { id: INSTALLATION, issuer: ISSUER, pem: publicPem(ours) }

/** What each device of the installation hears. */
const heard = (installation: string, ...organizations: string[]) => [
  `relay.${installation}.user.${USER}.>`,
  `relay.${installation}.installation.${installation}.>`,
  ...organizations.map((id) => `relay.${installation}.org.${id}.>`),
]

describe('a token that a configured server has issued', () => {
  test('stands for a device that hears of its user, its installation and its organizations', async () => {
    const sessions = await sessionsOf([FIRST])
    assert.deepEqual(await sessions.authenticate(await sign(CLAIMS)), {
      realm: INSTALLATION,
      user: { id: USER },
      device: { id: IDENTIFIER },
      clientType: 'Browser',
      subjects: heard(INSTALLATION, REGISTERED, ORGANIZATION),
    })
  })

  test('may name organizations by roles, one of them or a list', async () => {
    const sessions = await sessionsOf([FIRST])
    const claims = {
      ...CLAIMS,
      device: 'other',
      orgowner: ORGANIZATION.toUpperCase(),
      orguser: [ORGANIZATION, REGISTERED, '>'],
    }
    const session = await sessions.authenticate(await sign({ ...claims, devicetype: 'MacOsDesktop' }))
    assert.deepEqual(session?.subjects, heard(INSTALLATION, ORGANIZATION, REGISTERED))
    assert.equal(session?.clientType, 'Desktop')
  })

  test('is known by its key where several servers have the same issuer, and by nothing else', async () => {
    const second = { ...FIRST, id: OTHER_INSTALLATION, pem: publicPem(theirs) }
    const sessions = await sessionsOf([FIRST, second])
    const session = await sessions.authenticate(await sign(CLAIMS, theirs.privateKey))
    assert.equal(session?.realm, OTHER_INSTALLATION)
    assert.deepEqual(session?.subjects, heard(OTHER_INSTALLATION))
    assert.equal(await sessions.authenticate(await sign(CLAIMS, rsa().privateKey)), undefined)
  })

  test('is checked with the public half when the file has the private key', async () => {
    for (const type of ['pkcs1', 'pkcs8'] as const) {
      const pem = ours.privateKey.export({ type, format: 'pem' })
      const sessions = await sessionsOf([{ ...FIRST, pem }])
      assert.notEqual(await sessions.authenticate(await sign(CLAIMS)), undefined)
    }
  })
})

for (const [why, claims] of [
  ['is of another issuer', { iss: 'https://other.example.com|login' }],
  ['is over', { exp: now - 31 }],
  ['has not begun', { nbf: now + 31 }],
  ['never ends', { exp: undefined }],
  ['is for no GUID', { sub: 'password' }],
  ['is for a subject of ours', { sub: '>' }],
  ['names no device', { device: undefined }],
  ['has a device without a name', { device: '' }],
  ['has a device with a name that is far too long', { device: 'x'.repeat(256) }],
  ['is not for the API', { scope: ['api.organization', 'api.push'] }],
  ['has no scope', { scope: undefined }],
] as const) {
  test(`a token that ${why} stands for nobody`, async () => {
    const sessions = await sessionsOf([FIRST])
    assert.equal(await sessions.authenticate(await sign({ ...CLAIMS, ...claims })), undefined)
  })
}

test('what is no token stands for nobody, and a key of another kind neither', async () => {
  const sessions = await sessionsOf([FIRST])
  const good = await sign(CLAIMS)
  const [, payload] = good.split('.')
  const publicKeyAsSecret = new TextEncoder().encode(String(FIRST.pem))
  const forged = await new SignJWT(CLAIMS).setProtectedHeader({ alg: 'HS256' }).sign(publicKeyAsSecret)
  for (const token of [
    '',
    '.',
    'a.b.c',
    `${btoa('{"alg":"none"}')}.${payload}.`,
    forged,
    `${good}${'x'.repeat(20_000)}`,
  ]) {
    assert.equal(await sessions.authenticate(token), undefined)
  }
})

describe('a key', () => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' })
  const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ type: 'spki', format: 'pem' })
  for (const [what, pem, complaint] of [
    ['of another kind', ec, /it is not an RSA key/],
    ['that is too short', short, /1024 bits are too few/],
    ['that is none', 'secret', /it is not the PEM of a public key/],
  ] as const) {
    test(`${what} is told with its file, and not shown`, async () => {
      await assert.rejects(sessionsOf([{ ...FIRST, pem }]), (error: Error) => {
        assert.ok(error instanceof ConfigError)
        assert.match(error.message, complaint)
        assert.match(error.message, /0\.pem"/)
        assert.doesNotMatch(error.message, /secret/)
        return true
      })
    })
  }

  test('that is not there is told', async () => {
    const installation = { id: INSTALLATION, issuer: ISSUER, publicKeyFile: '/nowhere/key.pem' }
    await assert.rejects(tokenIssuers([installation], { clock, logger: silentLogger }), /Cannot read the key file/)
  })

  test('of two installations with one issuer cannot tell them apart', async () => {
    const pem = ours.privateKey.export({ type: 'pkcs8', format: 'pem' })
    const twice = sessionsOf([FIRST, { ...FIRST, id: OTHER_INSTALLATION, pem }])
    await assert.rejects(twice, new RegExp(`${INSTALLATION} and ${OTHER_INSTALLATION} have the same issuer`))
  })
})
