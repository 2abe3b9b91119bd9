import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type PushRelay, startPushRelay } from './push-relay.ts'
import { until } from './wait.ts'

const INSTALLATION = { installationId: '8a5ad1a9-cf1c-4a7b-9ba5-2f6ad1bb2d63', installationKey: 'key' }
const USER = '11111111-1111-4111-8111-11111111111a'
const CIPHER = '33333333-3333-4333-8333-33333333333c'
const PUSH_ID = '99999999-9999-4999-8999-99999999999f'
const ORGANIZATION = '66666666-6666-4666-8666-66666666666e'
const PHONE = '44444444-4444-4444-8444-44444444444d'
const DATE = '2024-01-02T03:04:05.678901Z'
const GRANT = {
  grant_type: 'client_credentials',
  scope: 'api.push',
  client_id: `installation.${INSTALLATION.installationId}`,
  client_secret: INSTALLATION.installationKey,
}

const REGISTRATION = {
  deviceId: PUSH_ID,
  pushToken: 'fcm',
  userId: USER,
  type: 0,
  identifier: PHONE,
  organizationIds: [ORGANIZATION],
  installationId: INSTALLATION.installationId,
}
/** As Vaultwarden sends it. */
const SEND = {
  userId: USER,
  organizationId: null,
  deviceId: PUSH_ID,
  identifier: PHONE,
  type: 0,
  payload: { id: CIPHER, userId: USER, organizationId: null, collectionIds: null, revisionDate: DATE },
  clientType: null,
  installationId: null,
}

async function askForToken(relay: PushRelay, form: Record<string, string> = GRANT) {
  const response = await fetch(`${relay.identityUri}/connect/token`, {
    method: 'POST',
    body: new URLSearchParams(form),
  })
  return { status: response.status, json: (await response.json()) as Record<string, string> }
}

async function call(relay: PushRelay, token: string, path: string, body: unknown, method = 'POST') {
  const response = await fetch(relay.relayUri + path, {
    method,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return { status: response.status, text: await response.text() }
}

/** With a token that it has issued. */
async function enter() {
  const relay = await startPushRelay(INSTALLATION)
  const { json } = await askForToken(relay)
  const token = json.access_token!
  const send = (changes: object = {}) => call(relay, token, '/push/send', { ...SEND, ...changes })
  return { relay, token, send, [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose]() }
}

describe('a push relay', () => {
  test('hands what a server sends to the phones of the user or organization, as FCM and APNs do', async () => {
    await using world = await enter()
    const { relay, token, send } = world
    await call(relay, token, '/push/register', REGISTRATION)
    const iphone = { ...REGISTRATION, deviceId: CIPHER, pushToken: 'apns', type: 1, organizationIds: [] }
    await call(relay, token, '/api/push/register', iphone)
    assert.deepEqual(await send(), { status: 200, text: '' })
    const text = JSON.stringify(SEND.payload)
    const [onAndroid, onIphone] = [await relay.phone('fcm').next(), await relay.phone('apns').next()]
    assert.deepEqual(onAndroid.raw, { message: { data: { type: '0', payload: text } } })
    assert.deepEqual(onIphone.raw, { data: { type: 0, payload: text }, aps: { 'content-available': 1 } })
    assert.deepEqual([onIphone.type, onIphone.payload], [0, SEND.payload])
    assert.deepEqual(await relay.nextSend(), SEND)

    const payload = { organizationId: ORGANIZATION, enabled: true }
    await send({ userId: null, organizationId: ORGANIZATION, type: 18, payload })
    assert.deepEqual((await relay.phone('fcm').next()).payload, payload)
    await call(relay, token, '/push/delete', { id: PUSH_ID })
    await call(relay, token, `/push/delete/${CIPHER}`, undefined)
    await send()
    assert.deepEqual([relay.phone('fcm').untaken, relay.phone('apns').untaken], [[], []])
  })

  test('adds phones to organizations and takes them out', async () => {
    await using world = await enter()
    const { relay, token } = world
    await call(relay, token, '/push/register', { ...REGISTRATION, organizationIds: null })
    const membership = { devices: [{ id: PUSH_ID }], organizationId: ORGANIZATION }
    await call(relay, token, '/push/add-organization', membership, 'PUT')
    assert.deepEqual(relay.registrations.get(PUSH_ID)?.organizationIds, [ORGANIZATION])
    await call(relay, token, '/push/delete-organization', membership, 'PUT')
    assert.deepEqual(relay.registrations.get(PUSH_ID)?.organizationIds, [])
  })

  const payload = (changes: object) => ({ payload: { ...SEND.payload, ...changes } })
  for (const [what, changes, offence] of [
    ['a date with three decimals', payload({ revisionDate: '2024-01-02T03:04:05.678Z' }), /revisionDate is no date/],
    ['a day that is none', payload({ revisionDate: '2024-02-30T03:04:05.678901Z' }), /revisionDate is no date/],
    ['a payload in PascalCase', { payload: { Id: CIPHER, UserId: USER } }, /Id is not known/],
    ['a payload that lacks a member', { payload: { id: CIPHER } }, /userId is missing/],
    ['a payload for somebody else', payload({ userId: PHONE }), /another user/],
    ['a payload that names nobody', payload({ userId: null }), /userId is no GUID/],
    ['an id in capitals', { userId: USER.toUpperCase() }, /userId is no GUID/],
    ['nobody to send to', { userId: null }, /for nobody/],
    ['a type that is a text', { type: '0' }, /type is no known type/],
    ['what is not known', { contextId: PHONE }, /contextId is not known/],
    ['another installation', { installationId: PHONE }, /another installation/],
  ] as const) {
    test(`takes offence at ${what}`, async () => {
      await using world = await enter()
      const { relay, send } = world
      assert.equal((await send(changes)).status, 400)
      assert.match(relay.takeOffences().join('\n'), offence)
      assert.equal(relay.sends.all.length, 0)
    })
  }

  test('asks for a token of its own that has not expired', async () => {
    await using world = await enter()
    const { relay } = world
    assert.equal((await call(relay, 'other', '/push/send', SEND)).status, 401)
    assert.match(relay.takeOffences().join(), /not issued here/)
    relay.tokenLifetimeSeconds = 0
    const { json } = await askForToken(relay)
    assert.equal((await call(relay, json.access_token!, '/push/send', SEND)).status, 401)
    assert.match(relay.takeOffences().join(), /has expired/)
  })

  test('refuses tokens that were revoked, for which nobody can be blamed', async () => {
    await using world = await enter()
    const { relay, send } = world
    relay.revokeTokens()
    assert.equal((await send()).status, 401)
    assert.equal((await call(relay, (await askForToken(relay)).json.access_token!, '/push/send', SEND)).status, 200)
  })

  test('gives tokens to the installation alone, which asks by exactly this form', async () => {
    await using relay = await startPushRelay(INSTALLATION)
    assert.deepEqual(await askForToken(relay, { ...GRANT, client_secret: 'other' }), {
      status: 400,
      json: { error: 'invalid_client' },
    })
    assert.equal((await askForToken(relay, { ...GRANT, scope: 'api' })).status, 400)
    assert.equal(relay.takeOffences().length, 2)
    relay.rejectsClients = true
    assert.deepEqual((await askForToken(relay)).json, { error: 'invalid_client' })
  })

  test('goes away, and comes back at the same address', async () => {
    await using world = await enter()
    const { relay, send } = world
    await relay.goAway()
    await assert.rejects(send())
    await relay.comeBack()
    assert.equal((await send()).status, 200)
  })

  for (const trouble of ['reset', 'garbage'] as const) {
    test(`answers by ${trouble} and takes nothing`, async () => {
      await using world = await enter()
      const { relay, send } = world
      relay.troubles.push = trouble
      await assert.rejects(send())
      relay.troubles.push = undefined
      await send()
      assert.deepEqual([relay.sends.all.length, relay.requests.all.length], [1, 3])
    })
  }

  test('takes what it gives no answer to', async () => {
    await using world = await enter()
    const { relay, send } = world
    relay.troubles.push = 'unanswered'
    await assert.rejects(send())
    assert.deepEqual(await relay.nextSend(), SEND)
  })

  test('holds requests until it is told to go on', async () => {
    await using world = await enter()
    const { relay, send } = world
    relay.troubles.push = 'held'
    const answer = send()
    await until(() => relay.heldCount === 1, 'a request that is held')
    assert.equal(relay.sends.all.length, 0)
    relay.release()
    assert.equal((await answer).status, 200)
    assert.equal((await send()).status, 200)
  })

  test('never ends the answer to what it takes', async () => {
    await using world = await enter()
    const { relay, token } = world
    relay.troubles.push = 'endless body'
    const response = await fetch(`${relay.relayUri}/push/send`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(SEND),
    })
    let bytes = 0
    for await (const piece of response.body!) {
      bytes += piece.length
      if (bytes > 4_000_000) break
    }
    assert.ok(bytes > 4_000_000)
    assert.equal(relay.sends.all.length, 1)
  })

  test('says how long to wait', async () => {
    await using world = await enter()
    const { relay, send } = world
    relay.troubles.push = { status: 429, headers: { 'Retry-After': '7' } }
    assert.equal((await send()).status, 429)
  })

  test('does not end well for whoever has offended', async () => {
    const { relay, send } = await enter()
    await send({ type: 'x' })
    await assert.rejects(relay[Symbol.asyncDispose](), /was sent what it must not be sent/)
  })
})
