/** Data folders of Vaultwarden: what is in them is there afterwards, and what cannot be opened is left alone. */
import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { login, TestDevice } from '../helpers/account.ts'
import { contentOf } from '../helpers/folder-content.ts'
import { runProgram } from '../helpers/processes.ts'
import { attach, readAll, serveFolder, vaultwardenFolder } from '../helpers/vaultwarden-folder.ts'

const BELFRY = path.resolve(import.meta.dirname, '../../bin/belfry')

for (const format of ['pkcs1', 'pkcs8'] as const) {
  test(`with a ${format} key reads the same here, also to a device that was logged in there`, async () => {
    await using given = await vaultwardenFolder()
    const keyFile = given.folder.join('data', 'rsa_key.pem')
    const key = createPrivateKey(await readFile(keyFile))
    await writeFile(keyFile, key.export({ type: format, format: 'pem' }))
    await using server = await serveFolder(given.dataFolder)
    const { email, passwordHash, deviceId, token, userKey } = given.device
    const there = { server: server.webUrl, fetch, email, passwordHash, deviceId, token, userKey }
    assert.deepEqual(await readAll(new TestDevice(there)), given.content)
    const again = await login({ server: server.webUrl, email })
    assert.deepEqual(again.userKey, userKey)
    assert.deepEqual(await readAll(again), given.content)
    const other = await fetch(`${server.webUrl}/identity/accounts/register/send-verification-email`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ email: 'other@example.com', name: 'Other' }),
    })
    assert.equal(other.status, 400, 'the panel has closed sign-up')
  })
}

test('has nothing that Vaultwarden does not know in its tables when it goes back', async () => {
  await using given = await vaultwardenFolder()
  const schema = () => {
    using database = new DatabaseSync(given.folder.join('data', 'db.sqlite3'), { readOnly: true })
    return database.prepare(`SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE '%belfry_%' ORDER BY name`).all()
  }
  const before = schema()
  {
    await using server = await serveFolder(given.dataFolder)
    const device = await login({ server: server.webUrl, email: given.device.email })
    await attach(device, given.content.sync.ciphers[0].id, 'another')
  }
  assert.deepEqual(schema(), before)
})

for (const [whose, sql, complaint] of [
  [
    'newer',
    `INSERT INTO __diesel_schema_migrations (version) VALUES ('20990101000000')`,
    /a newer Vaultwarden has changed it \(migrations 20990101000000\)/,
  ],
  [
    'older',
    `DELETE FROM __diesel_schema_migrations WHERE version = '20260505120000'`,
    /it is of an older Vaultwarden \(without migrations 20260505120000\)/,
  ],
] as const) {
  test(`of a ${whose} Vaultwarden is refused, and then as it was, to the last byte`, async () => {
    await using given = await vaultwardenFolder()
    {
      using database = new DatabaseSync(given.folder.join('data', 'db.sqlite3'))
      database.exec(sql)
    }
    const before = await contentOf(given.dataFolder)
    const { code, stderr } = await runProgram({
      command: BELFRY,
      args: ['-c', '/dev/null'],
      cwd: given.folder.path,
      env: { DATA_FOLDER: given.dataFolder },
    })
    assert.equal(code, 1)
    assert.match(stderr, complaint)
    assert.deepEqual(await contentOf(given.dataFolder), before)
  })
}
