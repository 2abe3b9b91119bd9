import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { RelayedDevice } from '#store'
import { made } from '../samples.ts'
import type { OpenTestStore, TestStore } from '../suite.ts'

function sample(changes: Partial<RelayedDevice> = {}): RelayedDevice {
  return {
    installationId: randomUUID(),
    deviceId: randomUUID(),
    userId: randomUUID(),
    identifier: randomUUID(),
    type: 0,
    pushToken: 'token',
    organizationIds: [],
    ...changes,
  }
}

/** As plain objects. */
const rows = async (opened: TestStore, sql: string) => (await opened.query(sql)).map((row) => ({ ...row }))

const ANY = { at: made, maxDevices: 100 }
const later = (seconds: number) => new Date(made.getTime() + seconds * 1000)

export function relayedDeviceTests(openTestStore: OpenTestStore): void {
  test('a relayed device that is registered again is written anew, with its organizations', async () => {
    await using opened = await openTestStore()
    const { relayedDevices } = opened.store
    const device = sample({ organizationIds: ['a', 'b', 'a'] })
    const { installationId, userId, identifier } = device
    await relayedDevices.register(device, ANY)
    assert.deepEqual((await relayedDevices.organizationsOf(installationId, userId, identifier)).sort(), ['a', 'b'])

    const changed = { ...device, type: 1, pushToken: 'fresh', organizationIds: ['c'] }
    await relayedDevices.register(changed, { ...ANY, at: later(1) })
    assert.deepEqual(await relayedDevices.organizationsOf(installationId, userId, identifier), ['c'])
    assert.deepEqual(await rows(opened, 'SELECT * FROM belfry_relayed_devices'), [
      {
        installation_id: installationId,
        device_id: device.deviceId,
        user_id: userId,
        identifier,
        type: 1,
        push_token: 'fresh',
        registered_at: '2026-03-01 10:20:31.405000',
      },
    ])
  })

  test('organizations are told by installation, user and identifier', async () => {
    await using opened = await openTestStore()
    const { relayedDevices } = opened.store
    const device = sample({ organizationIds: ['a'] })
    const { installationId, userId, identifier } = device
    // The same app once more, and those who only look like it.
    await relayedDevices.register(device, ANY)
    await relayedDevices.register({ ...device, deviceId: 'other', organizationIds: ['a', 'b'] }, ANY)
    await relayedDevices.register({ ...device, installationId: 'other', organizationIds: ['c'] }, ANY)
    await relayedDevices.register({ ...device, deviceId: 'third', userId: 'other', organizationIds: ['d'] }, ANY)
    await relayedDevices.register({ ...device, deviceId: 'fourth', identifier: 'other', organizationIds: ['e'] }, ANY)
    assert.deepEqual((await relayedDevices.organizationsOf(installationId, userId, identifier)).sort(), ['a', 'b'])
  })

  test('an organization is added to and taken from the devices of one installation that are registered', async () => {
    await using opened = await openTestStore()
    const { relayedDevices } = opened.store
    const ours = Array.from({ length: 1200 }, (_, index) => sample({ installationId: 'ours', deviceId: `d${index}` }))
    const theirs = sample({ installationId: 'theirs', deviceId: 'd0' })
    for (const device of [...ours, theirs]) await relayedDevices.register(device, { at: made, maxDevices: 2000 })
    const organizationsOf = ({ installationId, userId, identifier }: RelayedDevice) =>
      relayedDevices.organizationsOf(installationId, userId, identifier)
    const ids = [...ours.map(({ deviceId }) => deviceId), 'nobody']

    await relayedDevices.addOrganization('ours', ids, 'a')
    await relayedDevices.addOrganization('ours', ids, 'a')
    assert.deepEqual(await organizationsOf(ours[0]!), ['a'])
    assert.deepEqual(await organizationsOf(ours[1199]!), ['a'])
    assert.deepEqual(await organizationsOf(theirs), [])
    assert.deepEqual(await rows(opened, 'SELECT count(*) AS n FROM belfry_relayed_memberships'), [{ n: 1200 }])

    await relayedDevices.addOrganization('theirs', ['d0'], 'a')
    await relayedDevices.deleteOrganization('ours', ids.slice(1), 'a')
    assert.deepEqual(await organizationsOf(ours[0]!), ['a'])
    assert.deepEqual(await organizationsOf(ours[1199]!), [])
    assert.deepEqual(await organizationsOf(theirs), ['a'])
  })

  test('a relayed device that is deleted leaves nothing, and the same of another installation stays', async () => {
    await using opened = await openTestStore()
    const { relayedDevices } = opened.store
    const device = sample({ organizationIds: ['a'] })
    const other = { ...device, installationId: 'other' }
    await relayedDevices.register(device, ANY)
    await relayedDevices.register(other, ANY)
    await relayedDevices.delete(device.installationId, device.deviceId)
    await relayedDevices.delete(device.installationId, device.deviceId)
    const left = [{ installation_id: 'other' }]
    assert.deepEqual(await rows(opened, 'SELECT installation_id FROM belfry_relayed_devices'), left)
    assert.deepEqual(await rows(opened, 'SELECT installation_id FROM belfry_relayed_memberships'), left)
  })

  test('of too many devices of one installation those go that were registered longest ago', async () => {
    await using opened = await openTestStore()
    const { relayedDevices } = opened.store
    const register = (deviceId: string, seconds: number, installationId = 'ours') =>
      relayedDevices.register(sample({ installationId, deviceId, organizationIds: ['a'] }), {
        at: later(seconds),
        maxDevices: 3,
      })
    await register('other', 0, 'theirs')
    for (const [index, id] of ['a', 'b', 'c'].entries()) await register(id, index)
    await register('a', 3)
    await register('d', 4)
    const ids = await rows(opened, 'SELECT device_id AS id FROM belfry_relayed_devices ORDER BY registered_at')
    assert.deepEqual(
      ids.map(({ id }) => id),
      ['other', 'c', 'a', 'd'],
    )
    assert.deepEqual(await rows(opened, 'SELECT count(*) AS n FROM belfry_relayed_memberships'), [{ n: 4 }])
  })
}
