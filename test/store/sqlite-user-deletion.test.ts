import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { openTestStore } from './open-test-store.ts'
import { made, sampleCipher, sampleDevice, sampleFolder, sampleUser } from './samples.ts'
import type { TestStore } from './suite.ts'

/** A value for a column of any type that may not be empty. */
const filler = (type: string) =>
  /INT|BOOL/.test(type) ? '0' : /DATE|TIME/.test(type) ? `'2026-01-01 00:00:00'` : `'x'`

/** A row in every table that a user can be named in, made from the catalogue so that none is forgotten. */
async function fillFor(opened: TestStore, userId: string, email: string) {
  const { store, query } = opened
  const device = sampleDevice(userId)
  const folder = sampleFolder(userId)
  const cipher = sampleCipher(userId)
  await store.devices.insert(device)
  await store.folders.insert(folder)
  await store.ciphers.insert(cipher)
  await store.ciphers.setFolder(userId, [cipher.id], folder.id)
  await store.ciphers.setFavorite(userId, cipher.id, true)
  await store.ciphers.setArchived(userId, [cipher.id], made)
  await store.users.setKeyId(userId, 'ab')
  await store.heard.mark([{ userId, deviceId: device.id, heardAt: made }])
  const insert = async (table: string, given: Record<string, string>) => {
    const columns = await query(`SELECT name, type FROM pragma_table_info('${table}') WHERE "notnull" = 1`)
    const values = new Map(columns.map(({ name, type }) => [String(name), filler(String(type))]))
    for (const [name, value] of Object.entries(given)) values.set(name, `'${value}'`)
    await query(`INSERT INTO ${table} (${[...values.keys()]}) VALUES (${[...values.values()]})`)
  }
  const id = randomUUID
  const [org, collection, group, member, orgCipher] = [id(), id(), id(), id(), id()]
  await insert('organizations', { uuid: org })
  await insert('collections', { uuid: collection, org_uuid: org })
  await insert('groups', { uuid: group, organizations_uuid: org })
  await insert('users_organizations', { uuid: member, user_uuid: userId, org_uuid: org })
  await insert('groups_users', { groups_uuid: group, users_organizations_uuid: member })
  await insert('users_collections', { user_uuid: userId, collection_uuid: collection })
  await insert('ciphers', { uuid: orgCipher, organization_uuid: org })
  await insert('favorites', { user_uuid: userId, cipher_uuid: orgCipher })
  await insert('folders_ciphers', { folder_uuid: folder.id, cipher_uuid: orgCipher })
  await insert('sends', { uuid: id(), user_uuid: userId })
  await insert('auth_requests', { uuid: id(), user_uuid: userId })
  await insert('twofactor', { uuid: id(), user_uuid: userId })
  await insert('twofactor_incomplete', { user_uuid: userId, device_uuid: device.id })
  await insert('sso_users', { user_uuid: userId, identifier: id() })
  await insert('emergency_access', { uuid: id(), grantor_uuid: userId })
  await insert('emergency_access', { uuid: id(), grantee_uuid: userId })
  await insert('emergency_access', { uuid: id(), email })
  await insert('invitations', { email })
  return { device, cipher, orgCipher }
}

/** How many rows of each table name the user, by id or address, or something of theirs. */
async function traces({ query }: TestStore, userId: string, email: string) {
  const found: Record<string, number> = {}
  const tables = await query(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'`)
  for (const { name } of tables) {
    if (name === 'event') continue
    const columns = (await query(`SELECT name FROM pragma_table_info('${name}')`)).map((row) => `"${row.name}"`)
    const [row] = await query(
      `SELECT count(*) AS count FROM "${name}" WHERE '${userId}' IN (${columns}) OR '${email}' IN (${columns})`,
    )
    if (Number(row?.count) > 0) found[String(name)] = Number(row?.count)
  }
  return found
}

test('a user who is deleted leaves no row that names them, and others and organizations keep what is theirs', async () => {
  await using opened = await openTestStore()
  const [ada, bob] = [sampleUser(), sampleUser()]
  for (const user of [ada, bob]) await opened.store.users.insert(user)
  const ofAda = await fillFor(opened, ada.id, ada.email)
  const ofBob = await fillFor(opened, bob.id, bob.email)
  const before = await traces(opened, bob.id, bob.email)
  assert.ok(Object.keys(before).length >= 17, `only in ${Object.keys(before)}`)
  assert.deepEqual(await traces(opened, ada.id, ada.email), before)

  await opened.store.users.delete(ada.id)
  assert.deepEqual(await traces(opened, ada.id, ada.email), {})
  assert.deepEqual(await traces(opened, bob.id, bob.email), before)
  assert.equal((await opened.store.ciphers.ownOf(bob.id)).length, 1)
  const left = await opened.query(`SELECT uuid FROM ciphers`)
  assert.deepEqual(left.map((row) => row.uuid).sort(), [ofAda.orgCipher, ofBob.orgCipher, ofBob.cipher.id].sort())
  assert.deepEqual(await opened.query('PRAGMA foreign_key_check'), [])
  await opened.store.users.delete(ada.id)
})

test('the files of a user who is deleted are doomed, and nobody else’s', async () => {
  await using opened = await openTestStore()
  const { store, query } = opened
  const [ada, bob] = [sampleUser(), sampleUser()]
  for (const user of [ada, bob]) await store.users.insert(user)
  const { cipher } = await fillFor(opened, ada.id, ada.email)
  const ofBob = await fillFor(opened, bob.id, bob.email)
  for (const [id, of] of [
    ['a', cipher],
    ['b', ofBob.cipher],
  ] as const) {
    await query(`INSERT INTO attachments (id, cipher_uuid, file_name, file_size) VALUES ('${id}', '${of.id}', 'x', 1)`)
  }
  const announced = { id: 'c', cipherId: cipher.id, userId: ada.id, fileName: 'x', key: null, size: 1 }
  await store.attachments.announce({ ...announced, announcedAt: made, revisionDate: made })
  const [text, file, bobs] = [randomUUID(), randomUUID(), randomUUID()]
  const sends = await query(`SELECT uuid FROM sends WHERE user_uuid = '${ada.id}'`)
  await query(`UPDATE sends SET uuid = '${text}', atype = 0 WHERE uuid = '${sends[0]?.uuid}'`)
  const columns = (await query(`SELECT name FROM pragma_table_info('sends')`)).map(({ name }) => String(name))
  for (const [id, userId] of [
    [file, ada.id],
    [bobs, bob.id],
  ] as const) {
    const given: Record<string, string> = { uuid: `'${id}'`, user_uuid: `'${userId}'`, atype: '1' }
    const values = columns.map((name) => given[name] ?? name)
    await query(`INSERT INTO sends (${columns}) SELECT ${values} FROM sends WHERE uuid = '${text}'`)
  }

  await store.users.delete(ada.id)
  const doomed = (await store.doomedFiles.some(10)).map(({ kind, owner, id }) => [kind, owner, id])
  assert.deepEqual(
    new Set(doomed.map((one) => one.join(' '))),
    new Set([`attachment ${cipher.id} a`, `attachment ${cipher.id} c`, `send ${file} `]),
  )
})
