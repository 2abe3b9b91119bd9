import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../../web/src/api/json.ts'
import { SymmetricKey } from '../../../web/src/crypto/symmetric-key.ts'
import { Records } from '../../../web/src/vault/records.ts'

const KEY = SymmetricKey.random()

/** An object of the server; `second` is its date. */
const wire = (id: string, name: string, second = 0): JsonObject => ({
  ...{ id, name, revisionDate: new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString() },
})

async function opened(decode?: (one: JsonObject) => Promise<string>) {
  const records = new Records<string>(decode ?? (async ({ name }) => String(name)))
  await records.open(KEY)
  return records
}

const names = (records: Records<string>) => [...records.shown.value].sort()

test('the later date wins, in whatever order answers come', async () => {
  const records = await opened()
  const [first, second] = [records.mark(), records.mark()]
  assert.deepEqual(await records.put([wire('1', 'new', 2)], second), ['1'])
  assert.deepEqual(await records.put([wire('1', 'old', 1)], first), [])
  assert.deepEqual(names(records), ['new'])
})

test('of one date, what was asked for later wins', async () => {
  const records = await opened()
  const before = records.mark()
  await records.put([wire('1', 'first', 1)], records.mark())
  await records.amend(['1'], { name: 'amended' })
  await records.put([wire('1', 'first', 1)], before)
  assert.deepEqual(names(records), ['amended'])
  await records.put([wire('1', 'fetched', 1)], records.mark())
  assert.deepEqual(names(records), ['fetched'])
})

test('the same once more is no news', async () => {
  const records = await opened()
  await records.put([wire('1', 'one')], records.mark())
  assert.deepEqual(await records.put([wire('1', 'one')], records.mark()), [])
})

test('what was removed stays so for whatever was asked for before, and comes back with what was asked for after', async () => {
  const records = await opened()
  const askedAt = records.mark()
  await records.put([wire('1', 'one')], askedAt)
  records.remove('1')
  await records.put([wire('1', 'one', 5)], askedAt)
  await records.replace([wire('1', 'one', 5), wire('2', 'two')], askedAt)
  assert.deepEqual(names(records), ['two'])
  await records.replace([wire('1', 'one', 5), wire('2', 'two')], records.mark())
  assert.deepEqual(names(records), ['one', 'two'])
})

test('a snapshot takes away what is not in it, but for what was put since it was asked for', async () => {
  const records = await opened()
  await records.put([wire('1', 'gone'), wire('2', 'changed', 1), wire('3', 'same')], records.mark())
  const askedAt = records.mark()
  await records.put([wire('4', 'created since')], records.mark())
  await records.put([wire('5', 'changed since', 9)], records.mark())
  const snapshot = [wire('2', 'changed!', 2), wire('3', 'same'), wire('5', 'before', 1), wire('6', 'new')]
  assert.deepEqual(await records.replace(snapshot, askedAt), { created: ['6'], changed: ['2'] })
  assert.deepEqual(names(records), ['changed since', 'changed!', 'created since', 'new', 'same'])
})

test('a snapshot that is later than what was put since it was asked for wins all the same', async () => {
  const records = await opened()
  const askedAt = records.mark()
  await records.put([wire('1', 'older', 1)], records.mark())
  await records.replace([wire('1', 'newer', 2)], askedAt)
  assert.deepEqual(names(records), ['newer'])
})

test('what is as it was is not decrypted again', async () => {
  const decoded: unknown[] = []
  const records = await opened(async ({ name }) => {
    decoded.push(name)
    return String(name)
  })
  const wires = [wire('1', 'one'), wire('2', 'two')]
  await records.replace(wires, records.mark())
  await records.replace(structuredClone([...wires, wire('3', 'three')]), records.mark())
  assert.deepEqual(decoded, ['one', 'two', 'three'])
})

test('what is decrypted too late is not shown: there is a newer one, it is gone, or the vault is locked', async () => {
  const waiting = new Map<unknown, () => void>()
  const decode = async ({ name }: JsonObject) => {
    if (String(name).startsWith('slow')) await new Promise<void>((resolve) => waiting.set(name, resolve))
    return String(name)
  }
  const records = await opened(decode)
  const slow = [
    records.put([wire('1', 'slow 1', 1)], records.mark()),
    records.put([wire('2', 'slow 2', 1)], records.mark()),
  ]
  await records.put([wire('1', 'quick', 2)], records.mark())
  records.remove('2')
  for (const resolve of waiting.values()) resolve()
  await Promise.all(slow)
  assert.deepEqual(names(records), ['quick'])

  const late = records.put([wire('3', 'slow 3')], records.mark())
  records.lock()
  waiting.get('slow 3')!()
  await late
  assert.deepEqual(records.shown.value, [])
})

test('what is locked is kept encrypted; what is cleared is gone, and takes nothing that was asked for before', async () => {
  const records = await opened()
  const askedAt = records.mark()
  await records.put([wire('1', 'one')], askedAt)
  records.lock()
  await records.put([wire('2', 'two')], records.mark())
  assert.deepEqual(records.shown.value, [])
  await records.open(KEY)
  assert.deepEqual(names(records), ['one', 'two'])
  const before = records.mark()
  records.clear()
  await records.open(KEY)
  await records.put([wire('3', 'three')], before)
  await records.replace([wire('4', 'four')], before)
  assert.deepEqual(records.shown.value, [])
})

test('a thousand are shown all at once', async () => {
  const records = await opened()
  const counts: number[] = []
  records.shown.listen((shown) => counts.push(shown.length))
  await records.replace(
    Array.from({ length: 1000 }, (_, i) => wire(String(i), `item ${i}`)),
    records.mark(),
  )
  assert.deepEqual(counts, [1000])
})
