import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Broker, Message } from '#core'
import { CONTROL_DEVICES, CONTROL_REVOKE, Notifier, VAULT_ACCOUNT } from '#notify'
import { instanceHeader } from '../../src/notify/pulse.ts'
import { followDeviceChanges } from '../../src/push/own-messages.ts'
import { OTHER, USER } from './pushes.ts'

function follow() {
  const account = new Broker(() => 0).account(VAULT_ACCOUNT)
  const changed: string[] = []
  const end = followDeviceChanges(account, 'one', (userId) => changed.push(userId))
  const sayAs = (instance: string) =>
    new Notifier((subject, payload) => {
      const header = instanceHeader(instance)
      account.publish(new Message(subject, Buffer.concat([header, payload]), '', header.length))
    })
  const alone = new Notifier((subject, payload) => void account.publish(new Message(subject, payload)))
  const taken = () => changed.splice(0)
  return { account, taken, end, sayAs, alone }
}

test('devices that come and go, ends of sessions and other organizations are changes', () => {
  const { alone, taken } = follow()
  alone.devicesChanged(USER)
  alone.devicesRevoked(OTHER, ['phone'], null)
  alone.account('LogOut', USER, new Date(0), null)
  alone.account('SyncOrgKeys', OTHER, new Date(0), null)
  assert.deepEqual(taken(), [USER, OTHER, USER, OTHER])
  alone.account('SyncVault', USER, new Date(0), null)
  assert.deepEqual(taken(), [])
})

test('what another instance says is for that instance to see to', () => {
  const { sayAs, taken } = follow()
  sayAs('two').devicesChanged(USER)
  sayAs('two').account('LogOut', USER, new Date(0), null)
  assert.deepEqual(taken(), [])
  sayAs('one').devicesChanged(USER)
  assert.deepEqual(taken(), [USER])
})

test('nonsense changes nothing, and after the end nothing does', () => {
  const { account, alone, taken, end } = follow()
  for (const subject of [CONTROL_DEVICES, CONTROL_REVOKE]) {
    for (const body of ['', '{', 'null', '{}', '{"UserId":1}']) account.publish(new Message(subject, Buffer.from(body)))
  }
  assert.deepEqual(taken(), [])
  end()
  alone.devicesChanged(USER)
  assert.deepEqual(taken(), [])
})
