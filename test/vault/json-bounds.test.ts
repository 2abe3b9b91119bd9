/** JSON that takes long to parse for its length. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { TestDevice } from '../helpers/account.ts'
import { startVault } from './harness.ts'

const vault = await startVault()
after(() => vault[Symbol.asyncDispose]())
await vault.register('alice@example.com')
const alice = await vault.login('alice@example.com')

async function messageTo(path: string, body: string, device?: TestDevice): Promise<string> {
  const response = await vault.fetch(vault.server + path, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      ...(device && { Authorization: `Bearer ${device.accessToken}` }),
    },
    body,
  })
  assert.equal(response.status, 400)
  return ((await response.json()) as { message: string }).message
}

const IMPORT = '/api/ciphers/import'
const many = (value: string, count: number) => `[${`${value},`.repeat(count - 1)}${value}]`

test('brackets within brackets are counted before anybody parses them', async () => {
  const tooDeep = 'The request body is nested too deeply.'
  assert.equal(await messageTo(IMPORT, '['.repeat(9_000_000) + ']'.repeat(9_000_000), alice), tooDeep)
  assert.equal(await messageTo('/identity/accounts/prelogin', '{"a":'.repeat(65), undefined), tooDeep)
  const asText = JSON.stringify({ ciphers: ['['.repeat(100), '\\"[{'.repeat(100)] })
  assert.equal(await messageTo(IMPORT, asText, alice), 'folders is required')
})

test('so are values', async () => {
  const tooMany = 'The request body has too many parts.'
  for (const [value, count] of [
    ['[]', 300_001],
    ['{}', 6_000_000],
    ['1', 1_000_002],
  ] as const) {
    assert.equal(await messageTo(IMPORT, many(value, count), alice), tooMany, value)
  }
  const texts = many(JSON.stringify(',[{'.repeat(30)), 100_000)
  assert.equal(await messageTo(IMPORT, `{"ciphers":${texts}}`, alice), 'folders is required')
})

test('the largest import that there may be is read', async () => {
  const ciphers = many('{"type":2,"name":"","secureNote":{"type":0},"fields":[{"type":0}],"notes":null}', 40_000)
  const places = many('{"key":0,"value":0}', 80_000)
  const message = await messageTo(IMPORT, `{"ciphers":${ciphers},"folders":[],"folderRelationships":${places}}`, alice)
  assert.equal(message, 'The model state is invalid.')
})
