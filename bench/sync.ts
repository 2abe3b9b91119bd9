/**
 * What a sync and an import cost, of 500, 2,000 and 8,000 items: `node bench/sync.ts`, 1 min. The demand: a sync of 2,000
 * within 60 ms in the median on SQLite, and time in proportion to the items.
 */
import { once } from 'node:events'
import { type Json, registerAndLogin, type TestDevice } from '../test/helpers/account.ts'
import { machine } from './machine.ts'
import { startBelfry } from './servers/start-belfry.ts'
import { median } from './statistics.ts'
import type { Effort } from './sync/timed-belfry.ts'
import { printTable } from './table.ts'

const SIZES = [500, 2_000, 8_000]
const ROUNDS = 30
/** Every so many items one has an attachment. */
const ATTACHMENT_EVERY = 20

console.log(machine())
await using belfry = await startBelfry(new URL('sync/timed-belfry.ts', import.meta.url))
const { web } = belfry.addresses
const server = `http://127.0.0.1:${web.port}`

const effort = async (): Promise<Effort> => {
  belfry.child.send('effort')
  return (await once(belfry.child, 'message'))[0]
}

async function timed(work: () => Promise<{ status: number }>): Promise<number> {
  const startedMs = performance.now()
  const { status } = await work()
  if (status !== 200) throw new Error(`The server answered ${status}`)
  return performance.now() - startedMs
}

/** Whatever is in it is as long as in real vaults. */
const item = (device: TestDevice, i: number): Json =>
  device.loginItem(`Item ${i} of a vault`, {
    notes: i % 4 === 0 ? device.encrypt('x'.repeat(200)) : null,
    fields:
      i % 3 === 0 ? [{ type: 0, name: device.encrypt('field'), value: device.encrypt('value'), linkedId: null }] : [],
    favorite: i % 10 === 0,
  })

async function attach(device: TestDevice, cipherId: string): Promise<void> {
  const file = { key: device.encrypt('k'.repeat(64)), fileName: device.encrypt('file.txt'), fileSize: 10 }
  const { json } = await device.post(`/api/ciphers/${cipherId}/attachment/v2`, file)
  const form = new FormData()
  form.append('data', new Blob([Buffer.alloc(10)]), 'data')
  const upload = `${server}/api/ciphers/${cipherId}/attachment/${json.attachmentId}`
  const headers = { Authorization: `Bearer ${device.accessToken}` }
  const { status } = await fetch(upload, { method: 'POST', headers, body: form })
  if (status !== 200) throw new Error(`An upload was answered ${status}`)
}

async function measure(size: number) {
  const device = await registerAndLogin({ server })
  const folders = Array.from({ length: 20 }, (_, i) => ({ name: device.encrypt(`Folder ${i}`) }))
  const ciphers = Array.from({ length: size }, (_, i) => item(device, i))
  const folderRelationships = ciphers.map((_, i) => ({ key: i, value: i % folders.length }))
  await effort()
  const importMs = await timed(() => device.post('/api/ciphers/import', { ciphers, folders, folderRelationships }))
  const importing = await effort()

  const { json } = await device.get('/api/sync')
  for (let i = 0; i < size; i += ATTACHMENT_EVERY) await attach(device, json.ciphers[i].id)
  const sync = async () => {
    const response = await fetch(`${server}/api/sync`, {
      headers: { Authorization: `Bearer ${device.accessToken}`, 'Bitwarden-Client-Version': '2026.9.0' },
    })
    bytes = (await response.arrayBuffer()).byteLength
    return response
  }
  let bytes = 0
  for (let i = 0; i < 5; i++) await sync()
  await effort()
  const times: number[] = []
  for (let i = 0; i < ROUNDS; i++) times.push(await timed(sync))
  const syncing = await effort()
  return { importMs, importing, syncMs: median(times), syncing, bytes }
}

// Once for nothing: the first requests compile what the others run.
await measure(500)
const results: Awaited<ReturnType<typeof measure>>[] = []
for (const size of SIZES) results.push(await measure(size))

const column = (heading: string, digits: number, of: (result: (typeof results)[0]) => number) => ({
  heading,
  values: results.map(of),
  digits,
})
printTable(
  'one vault, over HTTP and loopback, on SQLite',
  SIZES.map((size) => `${size} items`),
  [
    column('sync ms', 1, ({ syncMs }) => syncMs),
    column('CPU ms', 1, ({ syncing }) => syncing.cpuMs / ROUNDS),
    column('held ms', 1, ({ syncing }) => syncing.longestHoldMs),
    column('KB', 0, ({ bytes }) => bytes / 1024),
    column('import ms', 0, ({ importMs }) => importMs),
    column('import CPU ms', 0, ({ importing }) => importing.cpuMs),
    column('import held ms', 0, ({ importing }) => importing.longestHoldMs),
  ],
)
