/**
 * Other servers that have Belfry for their push relay: a Vaultwarden and an official server send what theirs do, word for
 * word (spec: hub §5.2, §5.3), and their users' devices hear it by SignalR's own client, each what is its own.
 */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Msg, NatsConnection } from '@nats-io/nats-core'
import { SignJWT } from 'jose'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { type TemporaryFolder, temporaryFolder } from '../helpers/temp.ts'
import { within } from '../helpers/wait.ts'
import { Provider } from '../relay/identity/provider.ts'
import { HubDevice, type HubEvent } from './devices.ts'
import { connectTcp } from './nats-clients.ts'

const ALICE = '11111111-1111-4111-8111-11111111111a'
const BOB = '22222222-2222-4222-8222-22222222222b'
const CIPHER = '33333333-3333-4333-8333-33333333333c'
const PHONE = '44444444-4444-4444-8444-44444444444d'
const LAPTOP = '55555555-5555-4555-8555-55555555555d'
const ORGANIZATION = '66666666-6666-4666-8666-66666666666e'
const OTHER_ORGANIZATION = '77777777-7777-4777-8777-77777777777e'
const PUSH_ID = '99999999-9999-4999-8999-99999999999f'
/** As Vaultwarden writes dates: with microseconds. */
const DATE = '2024-01-02T03:04:05.678901Z'
const AT = new Date('2024-01-02T03:04:05.678Z')

const VAULTWARDEN = { id: '8a5ad1a9-cf1c-4a7b-9ba5-2f6ad1bb2d63', key: 'vaultwarden-key' }
const OFFICIAL = { id: 'f0b1c2d3-1111-4222-8333-444455556666', key: 'official-key' }

/** What is relayed, for an account that watches. */
const RELAYED = { kind: 'stream', account: 'VAULT', subject: 'relay.>', to: 'relay.>', allowsTrace: false } as const

let folder: TemporaryFolder
let provider: Provider
let server: TestServer
let nats: NatsConnection
let audit: AsyncIterator<Msg>
const vaultwardenKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ISSUER = 'https://vault.example.com|login'

before(async () => {
  folder = await temporaryFolder()
  provider = await Provider.start()
  const publicKeyFile = join(folder.path, 'rsa_key.pub.pem')
  writeFileSync(publicKeyFile, vaultwardenKey.publicKey.export({ type: 'spki', format: 'pem' }))
  server = await startTestServer({
    relay: {
      installations: [
        { ...VAULTWARDEN, issuer: ISSUER, publicKeyFile },
        { ...OFFICIAL, identity: provider.authority },
      ],
    },
    nats: {
      accounts: [{ name: 'AUDIT', imports: [RELAYED] }],
      users: [{ user: 'audit', password: 'secret', account: 'AUDIT' }],
    },
  })
  nats = await connectTcp(server.natsUrl, { user: 'audit', pass: 'secret' })
  audit = nats.subscribe('relay.>')[Symbol.asyncIterator]()
  await nats.flush()
})
after(async () => {
  await nats?.close()
  await server?.close()
  await provider?.[Symbol.asyncDispose]()
  await folder?.[Symbol.asyncDispose]()
})

interface Reply {
  readonly status: number
  readonly text: string
}

/** The token that `path` gives to an installation, asked for as .NET and reqwest do. */
async function askForToken({ id, key }: typeof VAULTWARDEN, path: string): Promise<string> {
  const form = `grant_type=client_credentials&scope=api.push&client_id=installation.${id}&client_secret=${key}`
  const response = await fetch(server.webUrl + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: form,
  })
  assert.equal(response.status, 200)
  const { access_token, ...rest } = (await response.json()) as Record<string, unknown>
  assert.deepEqual(rest, { expires_in: 86_400, token_type: 'Bearer', scope: 'api.push' })
  return String(access_token)
}

async function call(token: string, method: string, path: string, body?: object): Promise<Reply> {
  const response = await fetch(server.webUrl + path, {
    method,
    headers: {
      Authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { Accept: 'application/json', 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, text: await response.text() }
}

const DONE: Reply = { status: 200, text: '' }

/** The access token of a Vaultwarden. spec: hub §2.3 */
function vaultwardenToken(sub: string, device: string, devicetype: string, key = vaultwardenKey): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const claims = { sub, premium: true, name: 'Alice', email: 'alice@example.com', email_verified: true }
  const session = { sstamp: 'stamp', device, devicetype, client_id: 'mobile', scope: ['api', 'offline_access'] }
  return new SignJWT({ nbf: now, exp: now + 7200, iss: ISSUER, ...claims, ...session, amr: ['Application'] })
    .setProtectedHeader({ typ: 'JWT', alg: 'RS256' })
    .sign(key.privateKey)
}

/** The access token of an official server's Identity service. */
function officialToken(sub: string, device: string, devicetype: string, more: object = {}): Promise<string> {
  return provider.token({ sub, device, devicetype, scope: ['api', 'offline_access'], amr: ['Application'], ...more })
}

/** What Vaultwarden sends when `device` did something to an item of Alice's. */
const cipherUpdate = (type: number, device = PHONE) => ({
  userId: ALICE,
  organizationId: null,
  deviceId: PUSH_ID,
  identifier: device,
  type,
  payload: { id: CIPHER, userId: ALICE, organizationId: null, collectionIds: null, revisionDate: DATE },
  clientType: null,
  installationId: null,
})

/** What it sends of an account as a whole. */
const userUpdate = (type: number, userId = ALICE) => ({
  userId,
  organizationId: null,
  deviceId: null,
  identifier: null,
  type,
  payload: { userId, date: DATE },
  clientType: null,
  installationId: null,
})

/** What a device hears when Alice's item was changed. */
const CIPHER_UPDATED: HubEvent = {
  ContextId: PHONE,
  Type: 0,
  Payload: { Id: CIPHER, UserId: ALICE, OrganizationId: null, CollectionIds: null, RevisionDate: AT },
}

async function heardByAudit(): Promise<{ subject: string; contextId: unknown }> {
  const { value } = await within(audit.next(), 'a message on relay.>')
  return { subject: value.subject, contextId: value.json().ContextId }
}

describe('a Vaultwarden that has Belfry for its push relay', () => {
  for (const [uris, tokenPath, base] of [
    ['the address of the server, and that of its /identity', '/identity/connect/token', ''],
    ['the address of the server alone', '/connect/token', ''],
    ['the address of its /api', '/identity/connect/token', '/api'],
  ] as const) {
    test(`may be given ${uris}, and its user’s devices hear of a change`, async () => {
      const token = await askForToken(VAULTWARDEN, tokenPath)
      const registration = {
        deviceId: PUSH_ID,
        pushToken: 'fcm-token',
        userId: ALICE,
        type: 0,
        identifier: PHONE,
        installationId: VAULTWARDEN.id,
      }
      assert.deepEqual(await call(token, 'POST', `${base}/push/register`, registration), DONE)
      await using phone = await HubDevice.connect(server.webUrl, await vaultwardenToken(ALICE, PHONE, 'Android'))
      await using laptop = await HubDevice.connect(server.webUrl, await vaultwardenToken(ALICE, LAPTOP, 'Linux'))
      await using bobs = await HubDevice.connect(server.webUrl, await vaultwardenToken(BOB, PHONE, 'iOS'))

      assert.deepEqual(await call(token, 'POST', `${base}/push/send`, cipherUpdate(0)), DONE)
      // The one who did it hears it as well, and passes it over by its own name.
      for (const device of [phone, laptop]) assert.deepEqual(await device.next(), CIPHER_UPDATED)
      const subject = `relay.${VAULTWARDEN.id}.user.${ALICE}.SyncCipherUpdate`
      assert.deepEqual(await heardByAudit(), { subject, contextId: PHONE })

      assert.deepEqual(await call(token, 'POST', `${base}/push/send`, userUpdate(5, BOB)), DONE)
      const { ContextId, Type, Payload } = await bobs.next()
      assert.deepEqual([ContextId, Type, Payload.UserId, Payload.Date], [null, 5, BOB, AT])
      assert.equal((await heardByAudit()).subject, `relay.${VAULTWARDEN.id}.user.${BOB}.SyncVault`)
      assert.deepEqual([phone.unread, laptop.unread, bobs.unread], [[], [], []])

      assert.deepEqual(await call(token, 'POST', `${base}/push/delete/${PUSH_ID}`), DONE)
    })
  }

  test('ends the connections of a user whom it logs out', async () => {
    const token = await askForToken(VAULTWARDEN, '/identity/connect/token')
    await using device = await HubDevice.connect(server.webUrl, await vaultwardenToken(ALICE, PHONE, 'Android'))
    const closed = new Promise((resolve) => device.connection.onclose(resolve))
    assert.deepEqual(await call(token, 'POST', '/push/send', userUpdate(11)), DONE)
    assert.equal((await device.next()).Type, 11)
    await within(closed, 'the end of the connection')
    assert.equal((await heardByAudit()).subject, `relay.${VAULTWARDEN.id}.user.${ALICE}.LogOut`)
  })

  test('vouches for its own users alone', async () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const token = await vaultwardenToken(ALICE, PHONE, 'Android', other)
    await assert.rejects(HubDevice.connect(server.webUrl, token))
  })
})

describe('an official server that has Belfry for its push relay', () => {
  let token: string
  before(async () => {
    token = await askForToken(OFFICIAL, '/connect/token')
  })

  /** camelCase with nulls, as the official server writes it. */
  const send = (changes: object) =>
    call(token, 'POST', '/push/send', {
      userId: null,
      organizationId: null,
      deviceId: null,
      identifier: null,
      clientType: null,
      installationId: null,
      ...changes,
    })

  const policy = (organizationId: string) => ({
    organizationId,
    type: 18,
    payload: { organizationId, enabled: false },
  })

  test('reaches organizations by what tokens say, and by what devices are registered with', async () => {
    const registration = {
      deviceId: PUSH_ID,
      pushToken: 'apns-token',
      userId: BOB,
      type: 1,
      identifier: PHONE,
      organizationIds: [OTHER_ORGANIZATION],
      installationId: OFFICIAL.id,
    }
    assert.deepEqual(await call(token, 'POST', '/push/register', registration), DONE)
    const membership = { devices: [{ id: PUSH_ID, type: null }], organizationId: ORGANIZATION }
    assert.deepEqual(await call(token, 'PUT', '/push/add-organization', membership), DONE)

    const aliceToken = await officialToken(ALICE, LAPTOP, 'ChromeBrowser', { orguser: ORGANIZATION })
    await using alices = await HubDevice.connect(server.webUrl, aliceToken)
    await using bobs = await HubDevice.connect(server.webUrl, await officialToken(BOB, PHONE, 'iOS'))
    for (const organizationId of [OTHER_ORGANIZATION, ORGANIZATION]) {
      assert.deepEqual(await send(policy(organizationId)), DONE)
      const heard = { ContextId: null, Type: 18, Payload: { OrganizationId: organizationId, Enabled: false } }
      assert.deepEqual(await bobs.next(), heard)
      if (organizationId === ORGANIZATION) assert.deepEqual(await alices.next(), heard)
      const subject = `relay.${OFFICIAL.id}.org.${organizationId}.SyncOrganizationStatusChanged`
      assert.deepEqual(await heardByAudit(), { subject, contextId: null })
    }
    assert.deepEqual(alices.unread, [])

    // From its next connection on a device hears no more of an organization that it was taken from.
    assert.deepEqual(await call(token, 'PUT', '/push/delete-organization', membership), DONE)
    await using again = await HubDevice.connect(server.webUrl, await officialToken(BOB, PHONE, 'iOS'))
    await send(policy(ORGANIZATION))
    await send(policy(OTHER_ORGANIZATION))
    assert.equal((await again.next()).Payload.OrganizationId, OTHER_ORGANIZATION)
    for (let i = 0; i < 2; i++) await heardByAudit()
    assert.deepEqual(await call(token, 'POST', '/push/delete', { id: PUSH_ID }), DONE)
  })

  test('reaches all of its installation, of one type of clients only if it likes', async () => {
    await using web = await HubDevice.connect(server.webUrl, await officialToken(ALICE, LAPTOP, 'ChromeBrowser'))
    await using desktop = await HubDevice.connect(server.webUrl, await officialToken(BOB, PHONE, 'LinuxDesktop'))
    await using stranger = await HubDevice.connect(server.webUrl, await vaultwardenToken(ALICE, PHONE, 'Linux'))
    const notice = (clientType: number, title: string) => ({
      installationId: OFFICIAL.id.toUpperCase(),
      type: 20,
      clientType,
      payload: {
        id: CIPHER,
        priority: 3,
        global: false,
        clientType,
        userId: null,
        organizationId: null,
        installationId: OFFICIAL.id,
        taskId: null,
        title,
        body: null,
        creationDate: DATE,
        revisionDate: DATE,
        readDate: null,
        deletedDate: null,
      },
    })
    assert.deepEqual(await send(notice(3, 'for desktops')), DONE)
    assert.deepEqual(await send(notice(0, 'for all')), DONE)
    assert.deepEqual(
      [(await desktop.next()).Payload.Title, (await desktop.next()).Payload.Title],
      ['for desktops', 'for all'],
    )
    assert.equal((await web.next()).Payload.Title, 'for all')
    const subject = `relay.${OFFICIAL.id}.installation.${OFFICIAL.id}.Notification`
    assert.equal((await heardByAudit()).subject, `${subject}.Desktop`)
    assert.equal((await heardByAudit()).subject, subject)
    assert.deepEqual([web.unread, desktop.unread, stranger.unread], [[], [], []])
  })
})

test('users of one id on two servers hear each what their own server says', async () => {
  const vaultwarden = await askForToken(VAULTWARDEN, '/connect/token')
  const official = await askForToken(OFFICIAL, '/connect/token')
  await using here = await HubDevice.connect(server.webUrl, await vaultwardenToken(ALICE, PHONE, 'Android'))
  await using there = await HubDevice.connect(server.webUrl, await officialToken(ALICE, PHONE, 'Android'))
  assert.deepEqual(await call(vaultwarden, 'POST', '/push/send', cipherUpdate(0)), DONE)
  assert.deepEqual(await call(official, 'POST', '/push/send', userUpdate(10)), DONE)
  assert.equal((await here.next()).Type, 0)
  assert.equal((await there.next()).Type, 10)
  for (const id of [VAULTWARDEN.id, OFFICIAL.id]) assert.ok((await heardByAudit()).subject.startsWith(`relay.${id}.`))
  assert.deepEqual([here.unread, there.unread], [[], []])

  const foreign = { ...userUpdate(5), installationId: OFFICIAL.id }
  const { status, text } = await call(vaultwarden, 'POST', '/push/send', foreign)
  assert.deepEqual([status, JSON.parse(text).message], [400, 'InstallationId does not match current context.'])
})
