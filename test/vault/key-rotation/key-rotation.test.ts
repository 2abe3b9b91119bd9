import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Send } from '#store'
import { decrypt } from '#vault'
import { type Json, postForm, registerAndLogin, type TestDevice } from '../../helpers/account.ts'
import { sampleSend } from '../../store/samples.ts'
import { afterNext, startVault, type TestVault } from '../harness.ts'
import { rotationOf } from './rotation.ts'

const ROTATE = '/api/accounts/key-management/rotate-user-account-keys'
const NEW_PASSWORD = 'a new password'
const NOW = '2026-03-01 10:20:30'

let vault: TestVault
before(async () => {
  vault = await startVault()
})
after(() => vault[Symbol.asyncDispose]())

/** A vault with something of every kind: in a folder, in the trash, archived, with a file, and a Send. */
async function fullVault() {
  const device = await registerAndLogin({ fetch: vault.fetch })
  const folder = (await device.post('/api/folders', { name: device.encrypt('folder') })).json
  const create = async (name: string, fields: object = {}) =>
    (await device.post('/api/ciphers', device.loginItem(name, fields))).json
  const plain = await create('plain', { folderId: folder.id, favorite: true, notes: device.encrypt('note') })
  const trashed = await create('trashed')
  await device.put(`/api/ciphers/${trashed.id}/delete`)
  const archived = await create('archived')
  await device.put('/api/ciphers/archive', { ids: [archived.id] })
  const keyed = await create('keyed', { key: device.encrypt('a key of its own') })
  const attachment = {
    id: randomUUID().replaceAll('-', '').slice(0, 20),
    cipherId: plain.id,
    fileName: device.encrypt('file'),
    size: 3,
    key: device.encrypt('key of the file'),
  }
  await vault.store.attachments.insert(attachment)
  const send = sampleSend(device.userId, {
    key: device.encrypt('seed'),
    passwordHash: Buffer.from('hash'),
    passwordSalt: Buffer.from('salt'),
    passwordIterations: 1000,
    maxAccessCount: 5,
    accessCount: 2,
    deletionDate: new Date(Date.now() + 86_400_000),
  })
  await vault.store.sends.insert(send)
  vault.takeTold()
  return { device, folder, plain, trashed, archived, keyed, attachment, send }
}

const rotate = (device: TestDevice, body: Json) => device.post(ROTATE, body)
/** With the Send that is in the database, whether or not `sync` lists it. */
async function fullRotation(device: TestDevice, send: Send, options: { password?: string } = {}) {
  const sync = (await device.get('/api/sync')).json
  return rotationOf(device, { ...options, sync: { ...sync, sends: [{ id: send.id, key: send.key }] } })
}
const plainOf = (device: TestDevice, ciphers: Json[]) =>
  new Map(ciphers.map(({ id, name, login }) => [id, [device.decrypt(name), device.decrypt(login.password)]]))

test('everything is encrypted with the new key, stays where it is, and opens with the new password', async () => {
  const { device, folder, plain, trashed, archived, keyed, attachment, send } = await fullVault()
  await device.post('/api/accounts/key-management/user-key-id', { userKeyId: 'a'.repeat(32) })
  const other = await vault.login(device.email)
  const before = (await device.get('/api/sync')).json
  vault.takeTold()
  const { status, json } = await rotate(device, {
    ...(await fullRotation(device, send, { password: NEW_PASSWORD })),
    newUserKeyId: 'B'.repeat(32),
  })
  assert.deepEqual([status, json], [200, undefined])
  const told = vault.takeTold()
  assert.deepEqual(
    told.map(({ event, contextId }) => [event, contextId]),
    [['LogOut', device.deviceId]],
  )
  for (const { accessToken, token } of [device, other]) {
    const headers = { Authorization: `Bearer ${accessToken}` }
    assert.equal((await vault.fetch(`${vault.server}/api/sync`, { headers })).status, 401)
    const refresh = { grant_type: 'refresh_token', refresh_token: token.refresh_token }
    assert.equal((await postForm(vault.fetch, `${vault.server}/identity/connect/token`, refresh)).status, 400)
  }
  await assert.rejects(vault.login(device.email), /Username or password is incorrect/)

  const again = await vault.login(device.email, { password: NEW_PASSWORD })
  const now = (await again.get('/api/sync')).json
  assert.notDeepEqual(again.userKey, device.userKey)
  assert.deepEqual(plainOf(again, now.ciphers), plainOf(device, before.ciphers))
  assert.equal(again.decrypt(now.folders[0].name), 'folder')
  const byId = new Map<string, Json>(now.ciphers.map((cipher: Json) => [cipher.id, cipher]))
  for (const old of before.ciphers) {
    const { folderId, favorite, deletedDate, archivedDate, creationDate, revisionDate, type } = byId.get(old.id)!
    assert.ok(revisionDate > old.revisionDate)
    assert.deepEqual(
      { folderId, favorite, deletedDate, archivedDate, creationDate, type },
      {
        folderId: old.folderId,
        favorite: old.favorite,
        deletedDate: old.deletedDate,
        archivedDate: old.archivedDate,
        creationDate: old.creationDate,
        type: old.type,
      },
    )
  }
  assert.deepEqual([byId.get(plain.id)!.folderId, byId.get(plain.id)!.favorite], [folder.id, true])
  assert.ok(byId.get(trashed.id)!.deletedDate && byId.get(archived.id)!.archivedDate)
  assert.equal(again.decrypt(byId.get(plain.id)!.notes), 'note')
  assert.equal(again.decrypt(byId.get(keyed.id)!.key), 'a key of its own')
  assert.deepEqual(decrypt(now.profile.privateKey, again.userKey), decrypt(before.profile.privateKey, device.userKey))
  assert.deepEqual(
    now.profile.accountKeys.publicKeyEncryptionKeyPair.publicKey,
    before.profile.accountKeys.publicKeyEncryptionKeyPair.publicKey,
  )
  assert.equal(now.userDecryption.userKeyId, 'b'.repeat(32))

  const file = (await vault.store.attachments.find(attachment.id))!
  assert.deepEqual([again.decrypt(file.fileName), again.decrypt(file.key!), file.size], ['file', 'key of the file', 3])
  const { key, revisionDate, ...sendNow } = (await vault.store.sends.find(send.id))!
  const { key: _, revisionDate: sentBefore, ...sendBefore } = send
  assert.equal(again.decrypt(key), 'seed')
  assert.ok(revisionDate > sentBefore)
  assert.deepEqual(sendNow, sendBefore)
})

test('without the name of the new key the old one is forgotten; the hint changes only where there is one', async () => {
  const device = await registerAndLogin({ fetch: vault.fetch })
  await device.post('/api/accounts/key-management/user-key-id', { userKeyId: 'a'.repeat(32) })
  await vault.sql(`UPDATE users SET password_hint = 'old' WHERE uuid = '${device.userId}'`)
  assert.equal((await rotate(device, await rotationOf(device))).status, 200)
  const user = (await vault.store.users.find(device.userId))!
  assert.deepEqual([user.passwordHint, await vault.store.users.keyId(user.id)], ['old', undefined])

  const again = await vault.login(device.email)
  const body = await rotationOf(again)
  body.accountUnlockData.masterPasswordUnlockData.masterPasswordHint = ' new '
  assert.equal((await rotate(again, body)).status, 200)
  assert.equal((await vault.store.users.find(device.userId))?.passwordHint, 'new')
})

/** Each makes a whole rotation into one that must not be. */
const FAULTS: readonly [what: string, message: RegExp, spoil: (body: Json) => void][] = [
  [
    'has a wrong password',
    /^Invalid password$/,
    (body) => Object.assign(body, { oldMasterKeyAuthenticationHash: 'eA==' }),
  ],
  ['leaves an item out', /^All existing ciphers must/, (body) => body.accountData.ciphers.pop()],
  ['leaves a folder out', /^All existing folders must/, (body) => body.accountData.folders.pop()],
  ['leaves a Send out', /^All existing sends must/, (body) => body.accountData.sends.pop()],
  [
    'leaves a file out',
    /^All existing attachments must/,
    (body) => {
      for (const cipher of body.accountData.ciphers) cipher.attachments2 = null
    },
  ],
  [
    'has an item of nobody',
    /^Cipher doesn't exist/,
    ({ accountData: { ciphers } }) => ciphers.push({ ...ciphers[0], id: randomUUID() }),
  ],
  [
    'has a folder of nobody',
    /^Folder doesn't exist/,
    ({ accountData: { folders } }) => folders.push({ ...folders[0], id: randomUUID() }),
  ],
  [
    'has a Send of nobody',
    /^Send doesn't exist/,
    ({ accountData: { sends } }) => sends.push({ ...sends[0], id: randomUUID() }),
  ],
  [
    'has an item twice',
    /^Cipher must not be there twice/,
    ({ accountData: { ciphers } }) => ciphers.push({ ...ciphers[0], id: ciphers[0].id.toUpperCase() }),
  ],
  [
    'makes an item one of another type',
    /^Invalid type$/,
    ({ accountData: { ciphers } }) => Object.assign(ciphers[0], { type: 2, secureNote: { type: 0 } }),
  ],
  [
    'names an emergency contact of nobody',
    /^Emergency access doesn't exist/,
    ({ accountUnlockData }) =>
      accountUnlockData.emergencyAccessUnlockData.push({ id: randomUUID(), keyEncrypted: '4.x' }),
  ],
  [
    'names an organization of nobody',
    /^Reset password doesn't exist/,
    ({ accountUnlockData }) =>
      accountUnlockData.organizationAccountRecoveryUnlockData.push({
        organizationId: randomUUID(),
        resetPasswordKey: '4.x',
      }),
  ],
  [
    'has another KDF',
    /^Changing the kdf variant or email/,
    ({ accountUnlockData }) => Object.assign(accountUnlockData.masterPasswordUnlockData, { kdfIterations: 100_001 }),
  ],
  [
    'has another address',
    /^Changing the kdf variant or email/,
    ({ accountUnlockData }) => Object.assign(accountUnlockData.masterPasswordUnlockData, { email: 'x@example.com' }),
  ],
  [
    'has another salt',
    /^Changing the kdf variant or email/,
    ({ accountUnlockData }) =>
      Object.assign(accountUnlockData.masterPasswordUnlockData, { masterPasswordSalt: 'x@example.com' }),
  ],
  [
    'has another public key',
    /^Changing the asymmetric keypair/,
    ({ accountKeys }) => Object.assign(accountKeys, { accountPublicKey: 'eA==' }),
  ],
  [
    'has signature keys, which cannot be stored',
    /signature keys/,
    ({ accountKeys }) => Object.assign(accountKeys, { signatureKeyPair: { signatureAlgorithm: 'ed25519' } }),
  ],
  [
    'has a private key that is not encrypted',
    /userKeyEncryptedAccountPrivateKey/,
    ({ accountKeys }) => Object.assign(accountKeys, { userKeyEncryptedAccountPrivateKey: 'plain' }),
  ],
  [
    'has a Send whose key is not encrypted',
    /sends.*key/,
    ({ accountData: { sends } }) => Object.assign(sends[0], { key: 'plain' }),
  ],
  [
    'has a file whose key is not encrypted',
    /key/,
    ({ accountData: { ciphers } }) =>
      Object.assign(
        ciphers.find((cipher: Json) => cipher.attachments2),
        { attachments2: { x: { fileName: '2.x', key: 'plain' } } },
      ),
  ],
  [
    'was made before the last change of an item',
    /out of date/,
    ({ accountData: { ciphers } }) => Object.assign(ciphers.at(-1), { lastKnownRevisionDate: '2020-01-01T00:00:00Z' }),
  ],
]
test('a rotation that would lose something is refused, and nothing of it is written', async () => {
  const { device, send } = await fullVault()
  const state = async () => [
    (await device.get('/api/sync')).json,
    await vault.store.users.find(device.userId),
    await vault.store.sends.find(send.id),
    await vault.sql(`SELECT * FROM attachments ORDER BY id`),
  ]
  const before = await state()
  vault.takeTold()
  for (const [what, message, spoil] of FAULTS) {
    const body = await fullRotation(device, send)
    spoil(body)
    const { status, json } = await rotate(device, body)
    assert.equal(status, 400, what)
    assert.match(json.message, message, what)
  }
  assert.deepEqual(await state(), before)
  assert.deepEqual(vault.takeTold(), [])
  assert.equal((await rotate(device, await fullRotation(device, send))).status, 200)
})

test('an item of somebody else is not touched', async () => {
  const device = await registerAndLogin({ fetch: vault.fetch })
  const other = await registerAndLogin({ fetch: vault.fetch })
  const theirs = (await other.post('/api/ciphers', other.loginItem('theirs'))).json
  const body = await rotationOf(device)
  body.accountData.ciphers.push({ ...device.loginItem('x'), id: theirs.id })
  const { status, json } = await rotate(device, body)
  assert.deepEqual([status, json.message], [400, "Cipher doesn't exist"])
  assert.deepEqual((await other.get(`/api/ciphers/${theirs.id}`)).json, theirs)
})

test('a file keeps its key where the item has one of its own', async () => {
  const { device, keyed, send } = await fullVault()
  const file = {
    id: 'f'.repeat(20),
    cipherId: keyed.id,
    fileName: device.encrypt('x'),
    size: 1,
    key: device.encrypt('y'),
  }
  await vault.store.attachments.insert(file)
  const body = await fullRotation(device, send)
  for (const cipher of body.accountData.ciphers) if (cipher.id === keyed.id) cipher.attachments2 = null
  assert.equal((await rotate(device, body)).status, 200)
  assert.deepEqual(await vault.store.attachments.find(file.id), file)
})

test('an item that was made meanwhile is not lost: the rotation is refused', async () => {
  const device = await registerAndLogin({ fetch: vault.fetch })
  const body = await rotationOf(device)
  const make = afterNext(vault.store.devices, 'find', () => device.post('/api/ciphers', device.loginItem('new')))
  const { status, json } = await rotate(device, body)
  await make()
  assert.deepEqual([status, json.message], [400, 'All existing ciphers must be included in the rotation'])
})

test('of two rotations at once one is done, and all that is stored is of that one', async () => {
  const { device, send } = await fullVault()
  const bodies = await Promise.all([1, 2].map((n) => fullRotation(device, send, { password: `${NEW_PASSWORD} ${n}` })))
  const replies = await Promise.all(bodies.map((body) => rotate(device, body)))
  assert.deepEqual(replies.map(({ status }) => status).sort(), [200, 401])
  const winner = replies.findIndex(({ status }) => status === 200) + 1
  const again = await vault.login(device.email, { password: `${NEW_PASSWORD} ${winner}` })
  const { ciphers } = (await again.get('/api/sync')).json
  assert.equal(plainOf(again, ciphers).size, 4)
})

test('a change of the password leaves its client two minutes to rotate the key', async () => {
  const device = await registerAndLogin({ fetch: vault.fetch })
  const body = await rotationOf(device)
  const change = { masterPasswordHash: device.passwordHash, newMasterPasswordHash: 'bmV3', key: '2.key' }
  assert.equal((await device.post('/api/accounts/password', change)).status, 200)
  assert.equal((await rotate(device, { ...body, oldMasterKeyAuthenticationHash: 'bmV3' })).status, 200)
  // Only once.
  assert.equal((await rotate(device, body)).status, 401)
  await vault.login(device.email)
})

test('those who hold a copy of the key are told to the client, and get a new one', async () => {
  const device = await registerAndLogin({ fetch: vault.fetch })
  const contact = await registerAndLogin({ fetch: vault.fetch })
  const [agreement, invited, organization] = [randomUUID(), randomUUID(), randomUUID()]
  for (const [id, status] of [
    [agreement, 2],
    [invited, 0],
  ] as const) {
    await vault.sql(
      `INSERT INTO emergency_access (uuid, grantor_uuid, grantee_uuid, key_encrypted, atype, status, wait_time_days,
         updated_at, created_at)
       VALUES ('${id}', '${device.userId}', '${contact.userId}', '4.old', 0, ${status}, 7, '${NOW}', '${NOW}')`,
    )
  }
  await vault.sql(
    `INSERT INTO organizations (uuid, name, billing_email, public_key) VALUES ('${organization}', 'Acme', 'x', 'public')`,
  )
  await vault.sql(
    `INSERT INTO users_organizations (uuid, user_uuid, org_uuid, access_all, akey, status, atype, reset_password_key)
     VALUES ('${randomUUID()}', '${device.userId}', '${organization}', false, '', 2, 2, '4.old')`,
  )
  const { publicKey } = (await contact.get(`/api/users/${contact.userId}/public-key`)).json
  assert.deepEqual((await device.get('/api/accounts/key-management/key-rotation-data')).json, {
    organizationPasswordResetKeyData: [
      {
        organizationId: organization,
        organizationName: 'Acme',
        organizationPublicKey: 'public',
        object: 'organizationPasswordResetKeyData',
      },
    ],
    emergencyAccessKeyData: [
      {
        id: agreement,
        granteeId: contact.userId,
        granteeName: 'Alice',
        granteeEmail: contact.email,
        publicKey,
        object: 'emergencyAccessKeyData',
      },
    ],
    trustedDeviceKeyData: [],
    passkeyKeyData: [],
    object: 'keyRotationData',
  })

  const { data } = (await device.get('/api/emergency-access/trusted')).json
  assert.deepEqual(
    data.find(({ id }: Json) => id === agreement),
    {
      id: agreement,
      status: 2,
      type: 0,
      waitTimeDays: 7,
      granteeId: contact.userId,
      email: contact.email,
      name: 'Alice',
      avatarColor: null,
      object: 'emergencyAccessGranteeDetails',
    },
  )
  assert.deepEqual(new Set(data.map(({ id }: Json) => id)), new Set([agreement, invited]))

  const body = await rotationOf(device)
  const messageOf = async () => (await rotate(device, body)).json.message
  assert.equal(await messageOf(), 'All existing emergency access keys must be included in the rotation')
  body.accountUnlockData.emergencyAccessUnlockData = [{ id: agreement, keyEncrypted: '4.new' }]
  assert.equal(await messageOf(), 'All existing reset password keys must be included in the rotation')
  const forOrganization = { organizationId: organization, resetPasswordKey: '4.newer' }
  body.accountUnlockData.organizationAccountRecoveryUnlockData = [forOrganization]
  assert.equal((await rotate(device, body)).status, 200)
  const [kept] = await vault.sql(`SELECT key_encrypted FROM emergency_access WHERE uuid = '${agreement}'`)
  const [member] = await vault.sql(
    `SELECT reset_password_key FROM users_organizations WHERE org_uuid = '${organization}'`,
  )
  assert.deepEqual([kept!.key_encrypted, member!.reset_password_key], ['4.new', '4.newer'])
})
