/** What the admin pages make of the answers to their requests. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AdminApi, AdminError } from '../../../web/src/admin/api.ts'

const CHECK = { id: 'dns', title: 'addresses', status: 'ok', says: 'one', ms: 1 }
const FOUND = `${JSON.stringify({ check: CHECK })}\n{}\n`

async function findingsIn(answer: string): Promise<object[]> {
  const api = new AdminApi(new URL('https://x.example/admin/'), async () => new Response(answer))
  const found: object[] = []
  const signal = new AbortController().signal
  await api.doctor({ url: 'https://x.example', idleSeconds: 0, signal }, (finding) => found.push(finding))
  return found
}

test('findings come one by one, and lines that say nothing are none', async () => {
  assert.deepEqual(await findingsIn(`${FOUND}{"report":{}}\n`), [CHECK])
})

test('an answer that ends before its report is no healthy server', async () => {
  await assert.rejects(findingsIn(FOUND), (error) => error instanceof AdminError && error.status === 0)
  await assert.rejects(findingsIn(`${FOUND}{"error":"no such host"}\n`), /no such host/)
})
