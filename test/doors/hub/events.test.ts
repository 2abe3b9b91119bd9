import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Message } from '#core'
import { silentLogger } from '#kit'
import { messagePackProtocol } from '#wire/signalr'
import { NotificationEncoder } from '../../../src/doors/hub/bitwarden/notification-encoder.ts'
import * as vectors from '../../vectors/signalr.ts'
import { HubClient } from './hub-client.ts'
import { ALICE, BOB, startHub } from './hub-server.ts'

const AT = new Date('2024-01-02T03:04:05.678Z')

test('both devices of a user hear of a change, with the device that made it, and another user does not', async () => {
  await using hub = await startHub()
  const phone = await HubClient.start(hub.url, `${ALICE}/phone`)
  const laptop = await HubClient.start(hub.url, `${ALICE}/laptop`)
  const stranger = await HubClient.start(hub.url, BOB)
  const cipher = { id: 'c1', userId: ALICE, organizationId: null, revisionDate: AT }
  hub.notifier.cipher('SyncCipherUpdate', cipher, { recipients: [ALICE], contextId: 'phone' })
  hub.notifier.folder('SyncFolderCreate', { id: 'f1', userId: BOB, revisionDate: AT }, null)

  const expected = {
    ContextId: 'phone',
    Type: 0,
    Payload: { Id: 'c1', UserId: ALICE, OrganizationId: null, CollectionIds: null, RevisionDate: AT },
  }
  assert.deepEqual(await phone.nextNotification(), expected)
  assert.deepEqual(await laptop.nextNotification(), expected)
  assert.equal((await stranger.nextNotification()).Type, 7)
  assert.equal(phone.frames.size + laptop.frames.size + stranger.frames.size, 0)
})

test('the bytes of a notification are those of the real server', async () => {
  await using hub = await startHub()
  for (const { target, argument, hex } of vectors.notifications) {
    // The hub writes members in Vaultwarden's order.
    if (target !== 'ReceiveMessage' || Object.keys(argument)[0] !== 'ContextId') continue
    const device = await HubClient.start(hub.url, ALICE)
    hub.publish(`vault.user.${ALICE}.Any`, JSON.stringify(argument))
    // A log-out is the last thing a device hears.
    const close =
      (argument as { Type: number }).Type === 11 ? messagePackProtocol(64).encodeClose().toString('hex') : ''
    assert.equal((await device.nextFrame()).toString('hex'), hex + close)
  }
})

test('changes made in one turn arrive in order, in one WebSocket message', async () => {
  await using hub = await startHub()
  const device = await HubClient.start(hub.url, ALICE)
  hub.notifier.account('SyncCiphers', ALICE, AT, null)
  hub.notifier.account('SyncVault', ALICE, AT, null)
  hub.notifier.account('SyncSettings', ALICE, AT, null)
  for (const type of [4, 5, 10]) assert.equal((await device.nextNotification()).Type, type)
  assert.equal(device.frames.size, 0)
})

test('a notification is encoded once, however many connections and users get it', () => {
  const encoder = new NotificationEncoder(messagePackProtocol(64), silentLogger)
  const body = Buffer.from(JSON.stringify({ ContextId: null, Type: 5, Payload: { UserId: ALICE, Date: AT } }))
  const toAlice = new Message(`vault.user.${ALICE}.SyncVault`, body)
  const first = encoder.encode(toAlice)
  assert.ok(first !== undefined)
  assert.equal(encoder.encode(toAlice), first)
  assert.equal(encoder.encode(new Message(`vault.user.${BOB}.SyncVault`, body)), first)
})

test('what is no notification is passed over and logged without its contents', async () => {
  await using hub = await startHub()
  const device = await HubClient.start(hub.url, ALICE)
  const deep = `{"Type":5,"Payload":${'{"a":'.repeat(5000)}1${'}'.repeat(5001)}`
  for (const payload of ['secret', '{"Type":"secret","Payload":{}}', deep]) {
    assert.equal(hub.publish(`vault.user.${ALICE}.SyncVault`, payload), 1)
  }
  hub.notifier.account('SyncSettings', ALICE, AT, null)
  assert.equal((await device.nextNotification()).Type, 10)
  const complaints = hub.log.filter((line) => line.includes('not understood'))
  assert.equal(complaints.length, 3)
  assert.ok(!complaints.join().includes('secret'))
})
