import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { INSTALLATION, ORGANIZATION, OTHER_INSTALLATION, startRelay, USER } from './relay-world.ts'

const IDENTIFIER = '44444444-4444-4444-8444-444444444444'
const DEVICE = {
  deviceId: '55555555-5555-4555-8555-555555555555',
  pushToken: 'token',
  userId: USER,
  type: 0,
  identifier: IDENTIFIER,
  organizationIds: [ORGANIZATION.toUpperCase()],
  installationId: INSTALLATION,
}
const SECOND = '77777777-7777-4777-8777-777777777777'

describe('a device', () => {
  test('is registered with its organizations, for the installation of the token', async () => {
    await using relay = await startRelay()
    const answer = await relay.as(INSTALLATION, 'POST', '/push/register', {
      ...DEVICE,
      userId: USER.toUpperCase(),
      installationId: OTHER_INSTALLATION,
    })
    assert.deepEqual([answer.status, answer.text], [200, ''])
    const { relayedDevices } = relay.store
    assert.deepEqual(await relayedDevices.organizationsOf(INSTALLATION, USER, IDENTIFIER), [ORGANIZATION])
    assert.deepEqual(await relayedDevices.organizationsOf(OTHER_INSTALLATION, USER, IDENTIFIER), [])
  })

  test('as Vaultwarden registers it, without organizations, is taken', async () => {
    await using relay = await startRelay()
    const { organizationIds: _, ...device } = DEVICE
    assert.equal((await relay.as(INSTALLATION, 'POST', '/push/register', device)).status, 200)
    const withNull = { ...device, organizationIds: null }
    assert.equal((await relay.as(INSTALLATION, 'POST', '/push/register', withNull)).status, 200)
  })

  test('joins and leaves organizations, by installation', async () => {
    await using relay = await startRelay()
    const { relayedDevices } = relay.store
    for (const installation of [INSTALLATION, OTHER_INSTALLATION]) {
      await relay.as(installation, 'POST', '/push/register', DEVICE)
    }
    const change = { devices: [{ id: DEVICE.deviceId }, { id: 'unknown' }], organizationId: SECOND }
    assert.equal((await relay.as(INSTALLATION, 'PUT', '/push/add-organization', change)).status, 200)
    const organizations = async (installation: string) =>
      (await relayedDevices.organizationsOf(installation, USER, IDENTIFIER)).sort()
    assert.deepEqual(await organizations(INSTALLATION), [ORGANIZATION, SECOND])
    assert.deepEqual(await organizations(OTHER_INSTALLATION), [ORGANIZATION])

    const end = { ...change, organizationId: ORGANIZATION }
    assert.equal((await relay.as(INSTALLATION, 'PUT', '/push/delete-organization', end)).status, 200)
    assert.deepEqual(await organizations(INSTALLATION), [SECOND])
    assert.deepEqual(await organizations(OTHER_INSTALLATION), [ORGANIZATION])
  })

  for (const [how, url, body] of [
    ['as the official server does', '/push/delete', { id: DEVICE.deviceId }],
    ['as Vaultwarden does', `/push/delete/${DEVICE.deviceId}`, undefined],
  ] as const) {
    test(`is deleted ${how}, by its own installation alone, and as often as one likes`, async () => {
      await using relay = await startRelay()
      const organizations = () => relay.store.relayedDevices.organizationsOf(INSTALLATION, USER, IDENTIFIER)
      await relay.as(INSTALLATION, 'POST', '/push/register', DEVICE)
      assert.equal((await relay.as(OTHER_INSTALLATION, 'POST', url, body)).status, 200)
      assert.deepEqual(await organizations(), [ORGANIZATION])
      for (let i = 0; i < 2; i++) assert.equal((await relay.as(INSTALLATION, 'POST', url, body)).status, 200)
      assert.deepEqual(await organizations(), [])
    })
  }
})

for (const [why, changes] of [
  ['no id', { deviceId: undefined }],
  ['an empty id', { deviceId: '' }],
  ['an id that is a number', { deviceId: 1 }],
  ['an id that is far too long', { deviceId: 'x'.repeat(256) }],
  ['no push token', { pushToken: null }],
  ['a push token that is far too long', { pushToken: 'x'.repeat(4097) }],
  ['no user', { userId: undefined }],
  ['a user that is no GUID', { userId: 'user' }],
  ['no type', { type: undefined }],
  ['a type that is no whole number', { type: 0.5 }],
  ['no identifier', { identifier: undefined }],
  ['organizations that are no GUIDs', { organizationIds: ['>'] }],
  ['organizations that are no list', { organizationIds: ORGANIZATION }],
  ['too many organizations', { organizationIds: Array(1001).fill(ORGANIZATION) }],
] as const) {
  test(`a device with ${why} is refused, and told which member is wrong`, async () => {
    await using relay = await startRelay()
    const answer = await relay.as(INSTALLATION, 'POST', '/push/register', { ...DEVICE, ...changes })
    assert.equal(answer.status, 400)
    const [name = ''] = Object.keys(changes)
    const { validationErrors } = JSON.parse(answer.text)
    assert.deepEqual(Object.keys(validationErrors), [name[0]?.toUpperCase() + name.slice(1)])
    assert.deepEqual(await relay.store.relayedDevices.organizationsOf(INSTALLATION, USER, IDENTIFIER), [])
  })
}

for (const body of [
  {},
  { devices: [], organizationId: 'x' },
  { devices: {}, organizationId: ORGANIZATION },
  { devices: [null], organizationId: ORGANIZATION },
  { devices: [{}], organizationId: ORGANIZATION },
]) {
  test(`a change of organizations is refused that says ${JSON.stringify(body)}`, async () => {
    await using relay = await startRelay()
    assert.equal((await relay.as(INSTALLATION, 'PUT', '/push/add-organization', body)).status, 400)
    assert.equal((await relay.as(INSTALLATION, 'PUT', '/push/delete-organization', body)).status, 400)
  })
}
