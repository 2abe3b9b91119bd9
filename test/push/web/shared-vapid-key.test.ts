import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { startPostgres } from '../../helpers/postgres.ts'
import { requireProgram } from '../../helpers/programs.ts'
import { startTestServer } from '../../helpers/server.ts'

const { skip } = requireProgram('postgres')

test('servers on one database announce one key, and each keeps it in its folder', { skip }, async () => {
  await using postgres = await startPostgres()
  const databaseUrl = await postgres.createDatabase()
  await using first = await startTestServer({ vault: { databaseUrl } })
  const rsaKeyFilename = path.join(first.dataFolder, 'rsa_key')
  await using second = await startTestServer({ vault: { databaseUrl, rsaKeyFilename } })
  const [one, two] = await Promise.all(
    [first, second].map(async ({ webUrl, dataFolder }) => {
      const answer = await fetch(`${webUrl}/api/config`)
      const { push } = (await answer.json()) as { push: Record<string, unknown> }
      return { push, file: await readFile(path.join(dataFolder, 'vapid_key.pem'), 'utf8') }
    }),
  )
  assert.deepEqual(one, two)
  assert.equal(one!.push.pushTechnology, 1)
})
