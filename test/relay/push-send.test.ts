import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CIPHER, INSTALLATION, ORGANIZATION, OTHER_INSTALLATION, startRelay, USER } from './relay-world.ts'

const DEVICE = '44444444-4444-4444-8444-444444444444'
const DATE = '2026-01-02T03:04:05.678901Z'

/** As Vaultwarden says that an item was changed. spec: hub §5.3 */
const CIPHER_UPDATE = {
  userId: USER,
  organizationId: null,
  deviceId: '55555555-5555-4555-8555-555555555555',
  identifier: DEVICE,
  type: 0,
  payload: { id: CIPHER, userId: USER, organizationId: null, collectionIds: null, revisionDate: DATE },
  clientType: null,
  installationId: null,
}

const USER_UPDATE = { userId: USER, type: 5, payload: { userId: USER, date: DATE } }

describe('what an installation sends', () => {
  test('is published on a subject of that installation, as we would say it', async () => {
    await using relay = await startRelay()
    const { status, text } = await relay.as(INSTALLATION, 'POST', '/push/send', CIPHER_UPDATE)
    assert.deepEqual([status, text], [200, ''])
    const [message, ...more] = relay.takePublished()
    assert.equal(message?.subject, `relay.${INSTALLATION}.user.${USER}.SyncCipherUpdate`)
    const { RevisionDate, ...payload } = message?.json.Payload ?? {}
    assert.deepEqual(
      { ...message?.json, Payload: payload },
      {
        ContextId: DEVICE,
        Type: 0,
        Payload: { Id: CIPHER, UserId: USER, OrganizationId: null, CollectionIds: null },
      },
    )
    assert.equal(Date.parse(RevisionDate), Date.parse(DATE))
    assert.deepEqual(more, [])
  })

  test('goes to an organization, or to all of the installation, and to one type of clients only', async () => {
    await using relay = await startRelay()
    const policy = { userId: null, organizationId: ORGANIZATION, type: 18 }
    const payload = { organizationId: ORGANIZATION, enabled: true }
    await relay.as(INSTALLATION, 'POST', '/push/send', { ...policy, payload })
    await relay.as(INSTALLATION, 'POST', '/push/send', { ...USER_UPDATE, clientType: 4 })
    await relay.as(INSTALLATION, 'POST', '/push/send', { ...USER_UPDATE, clientType: 0 })
    await relay.as(INSTALLATION, 'POST', '/push/send', { ...USER_UPDATE, installationId: INSTALLATION, clientType: 3 })
    assert.deepEqual(
      relay.takePublished().map(({ subject }) => subject),
      [
        `relay.${INSTALLATION}.org.${ORGANIZATION}.SyncOrganizationStatusChanged`,
        `relay.${INSTALLATION}.user.${USER}.SyncVault.Mobile`,
        `relay.${INSTALLATION}.user.${USER}.SyncVault`,
        `relay.${INSTALLATION}.installation.${INSTALLATION}.SyncVault.Desktop`,
      ],
    )
  })

  test('may be named in any case, by users named in any case', async () => {
    await using relay = await startRelay()
    const body = { UserId: USER.toUpperCase(), TYPE: 5, payLoad: { userid: USER, DATE }, Identifier: 'app' }
    assert.equal((await relay.as(INSTALLATION, 'POST', '/push/send', body)).status, 200)
    const [message] = relay.takePublished()
    assert.equal(message?.subject, `relay.${INSTALLATION}.user.${USER}.SyncVault`)
    assert.equal(message?.json.ContextId, 'app')
  })

  test('may be said below /api too, and below the path of DOMAIN alone', async () => {
    await using relay = await startRelay({ pathPrefix: '/vault' })
    for (const [path, status] of [
      ['/vault/push/send', 200],
      ['/vault/api/push/send', 200],
      ['/push/send', 404],
    ] as const) {
      assert.equal((await relay.as(INSTALLATION, 'POST', path, USER_UPDATE)).status, status, path)
    }
  })

  test('is dropped with a line in the log, but is no failure, when nobody knows what it means', async () => {
    await using relay = await startRelay()
    for (const body of [
      { ...USER_UPDATE, type: 200 },
      { ...USER_UPDATE, type: 0 },
      { ...USER_UPDATE, payload: 'secret' },
      { ...USER_UPDATE, payload: { userId: 'secret.*.>', date: DATE } },
    ]) {
      assert.equal((await relay.as(INSTALLATION, 'POST', '/push/send', body)).status, 200)
    }
    assert.deepEqual(relay.takePublished(), [])
    assert.equal(relay.logged.length, 4)
    assert.doesNotMatch(relay.logged.join(), /secret/)
  })
})

for (const [why, body, message] of [
  [
    'is said to another installation',
    { ...USER_UPDATE, installationId: OTHER_INSTALLATION },
    'InstallationId does not match current context.',
  ],
  ['is for nobody', { type: 5, payload: {} }, 'The model state is invalid.'],
  ['is for no id', { ...USER_UPDATE, userId: '*' }, 'The model state is invalid.'],
  ['is for somebody and more', { ...USER_UPDATE, userId: `${USER}.>` }, 'The model state is invalid.'],
  ['has no type', { userId: USER, payload: {} }, 'The model state is invalid.'],
  ['has a type that is no number', { ...USER_UPDATE, type: '5' }, 'The model state is invalid.'],
  ['has no payload', { userId: USER, type: 5 }, 'The model state is invalid.'],
  ['is for no type of clients', { ...USER_UPDATE, clientType: 6 }, 'The model state is invalid.'],
  ['is no object', [], 'The request body must be an object.'],
  ['is no JSON', '{"userId":', 'The request body is not valid JSON.'],
  ['is nothing', '', 'The request body must be an object.'],
] as const) {
  test(`what ${why} is refused`, async () => {
    await using relay = await startRelay()
    const answer = await relay.as(INSTALLATION, 'POST', '/push/send', body)
    assert.deepEqual([answer.status, answer.message], [400, message])
    assert.deepEqual(relay.takePublished(), [])
  })
}

test('a body that is too long is refused', async () => {
  await using relay = await startRelay()
  const body = { ...USER_UPDATE, payload: 'x'.repeat(300_000) }
  assert.equal((await relay.as(INSTALLATION, 'POST', '/push/send', body)).status, 413)
})

describe('a request', () => {
  const routes = [
    ['POST', '/push/register'],
    ['POST', '/push/delete'],
    ['POST', '/push/delete/x'],
    ['PUT', '/push/add-organization'],
    ['PUT', '/push/delete-organization'],
    ['POST', '/push/send'],
  ] as const

  test('without a good token is refused on every route, with another server’s forbidden', async () => {
    await using relay = await startRelay()
    const { token } = await relay.serviceTokens.issue({ sub: 'Api', scope: 'internal' })
    const old = await relay.serviceTokens.issue({ sub: INSTALLATION, scope: 'api.push' })
    relay.clock.advance(86_500_000)
    const internal = await relay.serviceTokens.issue({ sub: 'Api', scope: 'internal' })
    for (const [method, url] of routes) {
      for (const authorization of ['', 'Bearer x', `Bearer ${token}`, `Bearer ${old.token}`, `Basic ${old.token}`]) {
        const answer = await relay.request(method, url, {}, { authorization })
        assert.deepEqual([answer.status, answer.text, answer.headers['www-authenticate']], [401, '', 'Bearer'], url)
      }
      const forbidden = await relay.request(method, url, {}, { authorization: `Bearer ${internal.token}` })
      assert.equal(forbidden.status, 403, url)
    }
  })

  test('of an installation that is not configured any more is told so', async () => {
    await using relay = await startRelay({ installations: new Set([OTHER_INSTALLATION]) })
    for (const [method, url] of routes) {
      const answer = await relay.as(INSTALLATION, method, url, {})
      assert.deepEqual([answer.status, answer.message], [400, 'Not correctly configured for push relays.'], url)
    }
  })
})
