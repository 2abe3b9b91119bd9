import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type NotificationName, NotificationType } from '#notify'
import type { Push } from '../../../src/push/push.ts'
import { Line } from '../../../src/push/queue/line.ts'
import { about, nameOf, pushOf, toPhonesOf } from '../pushes.ts'

/** `SyncCipherUpdate c1`, with `!` in front when device D caused it. */
function read(text: string): Push {
  const [, bang, name, id] = /^(!?)(\w+)(?: (\w+))?$/.exec(text)!
  const type = NotificationType[name as NotificationName]
  const contextId = bang === '!' ? 'D' : null
  return id === undefined ? pushOf(type, { contextId }) : about(type, id, { contextId })
}

// What comes, in its order, and what is left of it to be told.
const lines: [what: string, told: string[], left: string[]][] = [
  ['the last update of an item is enough', ['SyncCipherUpdate c1', 'SyncCipherUpdate c1'], ['SyncCipherUpdate c1']],
  [
    'updates of two items are two',
    ['SyncCipherUpdate c1', 'SyncCipherUpdate c2'],
    ['SyncCipherUpdate c1', 'SyncCipherUpdate c2'],
  ],
  [
    'an item and a folder of one id are two',
    ['SyncCipherUpdate x', 'SyncFolderUpdate x'],
    ['SyncCipherUpdate x', 'SyncFolderUpdate x'],
  ],
  [
    'a new item that is changed is both, since an app passes over the one or the other',
    ['SyncCipherCreate c1', 'SyncCipherUpdate c1', 'SyncCipherUpdate c1'],
    ['SyncCipherCreate c1', 'SyncCipherUpdate c1'],
  ],
  [
    'of an item that is gone only that is told',
    ['SyncCipherCreate c1', 'SyncCipherUpdate c1', 'SyncLoginDelete c1'],
    ['SyncLoginDelete c1'],
  ],
  ['the same of a folder', ['SyncFolderCreate f', 'SyncFolderUpdate f', 'SyncFolderDelete f'], ['SyncFolderDelete f']],
  ['the same of a Send', ['SyncSendCreate s', 'SyncSendUpdate s', 'SyncSendDelete s'], ['SyncSendDelete s']],
  [
    'a sync makes up for what came before',
    ['SyncCipherUpdate c1', 'SyncFolderCreate f', 'SyncSettings', 'SyncVault'],
    ['SyncSettings'],
  ],
  [
    'a sync that is still to come makes up for what comes after',
    ['SyncVault', 'SyncCipherUpdate c1', 'SyncLoginDelete c2'],
    ['SyncVault'],
  ],
  ['one sync is enough', ['SyncVault', 'SyncCiphers', 'SyncSettings'], ['SyncVault']],
  ['keys of organizations are no such hint', ['SyncOrgKeys', 'SyncVault', 'SyncOrgKeys'], ['SyncVault', 'SyncOrgKeys']],
  [
    'logins to be approved stay',
    ['AuthRequest a', 'AuthRequest b', 'SyncVault'],
    ['AuthRequest a', 'AuthRequest b', 'SyncVault'],
  ],
  ['one login is told once', ['AuthRequest a', 'AuthRequest a'], ['AuthRequest a']],
  [
    'nothing matters to who is logged out',
    ['SyncCipherUpdate c1', 'AuthRequest a', 'SyncOrgKeys', 'LogOut'],
    ['LogOut'],
  ],
  [
    'what comes after a log-out is told',
    ['LogOut', 'SyncCipherUpdate c1', 'AuthRequest a'],
    ['LogOut', 'SyncCipherUpdate c1', 'AuthRequest a'],
  ],
  [
    'what leaves a device out makes up for nothing that is to reach it',
    ['SyncCipherUpdate c1', '!SyncCipherUpdate c1'],
    ['SyncCipherUpdate c1', '!SyncCipherUpdate c1'],
  ],
  [
    'what reaches all makes up for what leaves one out',
    ['!SyncCipherUpdate c1', 'SyncCipherUpdate c1'],
    ['SyncCipherUpdate c1'],
  ],
  [
    'two that leave out the same one are one',
    ['!SyncCipherUpdate c1', '!SyncCipherUpdate c1'],
    ['!SyncCipherUpdate c1'],
  ],
  [
    'a sync that leaves one out covers nothing that is to reach it',
    ['!SyncVault', 'SyncCipherUpdate c1'],
    ['!SyncVault', 'SyncCipherUpdate c1'],
  ],
  ['a log-out that leaves one out leaves it what it is to hear', ['SyncVault', '!LogOut'], ['SyncVault', '!LogOut']],
]

for (const [what, told, left] of lines) {
  test(what, () => {
    const line = new Line('l')
    const out = told.flatMap((text) => line.add(read(text)))
    const waiting = [...line].map(({ push }) => (push.contextId === null ? '' : '!') + nameOf(push))
    assert.deepEqual(waiting, left)
    assert.equal(out.length, told.length - left.length)
  })
}

test('a log-out that gives a reason, which an app may stay for, makes up for nothing but itself', () => {
  const line = new Line('l')
  line.add(read('SyncCipherUpdate c1'))
  assert.deepEqual(line.add(pushOf(NotificationType.LogOut, { payload: { UserId: 'u', Reason: 0 } })), [])
  assert.equal(line.size, 2)
})

test('what is for clients of one type makes up for nothing that is for all', () => {
  const line = new Line('l')
  line.add(about(NotificationType.Notification, 'n'))
  const to = { ...toPhonesOf('u'), clientType: 'Mobile' } as Push['to']
  assert.deepEqual(line.add(about(NotificationType.Notification, 'n', { to })), [])
})

test('what is under way is not taken back, and what comes meanwhile is told after it', () => {
  const line = new Line('l')
  line.add(read('SyncVault'))
  line.start()
  assert.deepEqual(line.add(read('SyncCipherUpdate c1')), [])
  assert.equal(line.size, 2)
  line.finish()
  assert.deepEqual(
    [...line].map(({ push }) => nameOf(push)),
    ['SyncCipherUpdate c1'],
  )
})

test('what has to be tried again goes first, unless something that came meanwhile makes up for it', () => {
  const line = new Line('l')
  line.add(read('SyncCipherUpdate c1'))
  line.start()
  line.add(read('SyncCipherUpdate c2'))
  assert.equal(line.putBack(), undefined)
  assert.deepEqual(
    [...line].map(({ push }) => nameOf(push)),
    ['SyncCipherUpdate c1', 'SyncCipherUpdate c2'],
  )
  const first = line.start().push
  line.add(read('SyncVault'))
  assert.equal(line.putBack(), first)
  assert.deepEqual(
    [...line].map(({ push }) => nameOf(push)),
    ['SyncVault'],
  )
})
