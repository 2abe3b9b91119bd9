import type { Json, Reply } from '../../helpers/account.ts'
import type { App } from './app.ts'
import type { Random } from './random.ts'

type Change = (app: App, random: Random) => Promise<void>

/** Each with how often it is made. What the app knows of it is what the answer says, as with the real ones. */
const CHANGES: readonly (readonly [weight: number, change: Change])[] = [
  [25, create],
  [20, update],
  [
    7,
    (app, random) =>
      item(app, random, 'PUT', 'partial', { folderId: aFolder(app, random), favorite: random.chance(0.5) }),
  ],
  [4, (app, random) => item(app, random, 'PUT', random.pick(['archive', 'unarchive', 'restore']))],
  [4, trash],
  [5, erase],
  [12, several],
  [6, createFolder],
  [5, renameFolder],
  [3, eraseFolder],
  [4, rename],
  [0.5, changePassword],
  [0.5, sendDeviceAway],
]
/** With fewer items than that there is not much to change. */
const FEW = 5

const TOTAL = CHANGES.reduce((sum, [weight]) => sum + weight, 0)

/** Something that a user does with an app. */
export async function change(app: App, random: Random): Promise<void> {
  if (app.ciphers.size < FEW) return create(app, random)
  let left = random.next() * TOTAL
  const [, work] = CHANGES.find(([weight]) => {
    left -= weight
    return left <= 0
  })!
  await work(app, random)
}

const anItem = ({ ciphers }: App, random: Random) => (ciphers.size === 0 ? undefined : random.pick([...ciphers.keys()]))

const aFolder = ({ folders }: App, random: Random): string | null => random.pick([null, ...folders.keys()])

/** Whether it was done. */
async function ask(app: App, method: string, path: string, body?: unknown): Promise<Reply | undefined> {
  const reply = await app.device.request(method, path, body)
  app.note(`${method} ${path}: ${reply.status}`)
  if (reply.status === 401) app.logOut('401')
  if (reply.status !== 200) return undefined
  if (method !== 'GET') app.changes++
  return reply
}

async function create(app: App, random: Random): Promise<void> {
  const body = app.device.loginItem('new', { folderId: aFolder(app, random), favorite: random.chance(0.3) })
  const reply = await ask(app, 'POST', '/api/ciphers', body)
  if (reply) app.put(reply.json)
}

async function update(app: App, random: Random): Promise<void> {
  await item(app, random, 'PUT', '', app.device.loginItem('changed', { folderId: aFolder(app, random) }))
}

async function item(app: App, random: Random, method: string, what: string, body?: Json): Promise<void> {
  const id = anItem(app, random)
  if (id === undefined) return
  const reply = await ask(app, method, `/api/ciphers/${id}${what && `/${what}`}`, body)
  if (reply) app.put(reply.json)
}

async function trash(app: App, random: Random): Promise<void> {
  const id = anItem(app, random)
  if (id !== undefined && (await ask(app, 'PUT', `/api/ciphers/${id}/delete`))) await look(app, [id])
}

/** The real apps know by themselves what the trash does to an item, but for its dates. */
async function look(app: App, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const reply = await ask(app, 'GET', `/api/ciphers/${id}/details`)
    if (reply) app.put(reply.json)
  }
}

async function erase(app: App, random: Random): Promise<void> {
  const id = anItem(app, random)
  if (id !== undefined && (await ask(app, 'DELETE', `/api/ciphers/${id}`))) app.ciphers.delete(id)
}

async function several(app: App, random: Random): Promise<void> {
  const ids = [...app.ciphers.keys()].filter(() => random.chance(0.2))
  if (ids.length === 0) return
  const what = random.pick(['erase', 'move', 'delete', 'restore', 'archive', 'unarchive'])
  if (what === 'erase') {
    if (await ask(app, 'DELETE', '/api/ciphers', { ids })) for (const id of ids) app.ciphers.delete(id)
  } else if (what === 'move') {
    const folderId = aFolder(app, random)
    if (!(await ask(app, 'PUT', '/api/ciphers/move', { ids, folderId }))) return
    for (const id of ids) {
      const own = app.ciphers.get(id)
      if (own !== undefined) app.ciphers.set(id, { ...own, folderId })
    }
  } else {
    const reply = await ask(app, 'PUT', `/api/ciphers/${what}`, { ids })
    if (reply && what === 'delete') await look(app, ids)
    else if (reply) for (const cipher of reply.json.data) app.put(cipher)
  }
}

async function createFolder(app: App): Promise<void> {
  const reply = await ask(app, 'POST', '/api/folders', { name: app.device.encrypt('new') })
  if (reply) app.folders.set(reply.json.id, reply.json)
}

async function renameFolder(app: App, random: Random): Promise<void> {
  const id = aFolder(app, random)
  const reply = id && (await ask(app, 'PUT', `/api/folders/${id}`, { name: app.device.encrypt('other') }))
  if (reply) app.folders.set(reply.json.id, reply.json)
}

async function eraseFolder(app: App, random: Random): Promise<void> {
  const id = aFolder(app, random)
  if (id && (await ask(app, 'DELETE', `/api/folders/${id}`))) app.forgetFolder(id)
}

async function rename(app: App, random: Random): Promise<void> {
  const reply = await ask(app, 'PUT', '/api/accounts/profile', { name: `Alice ${random.below(1_000_000)}` })
  if (reply) app.name = reply.json.name
}

/** To the same one, so that everybody can log in again. */
async function changePassword(app: App): Promise<void> {
  const { passwordHash: masterPasswordHash, token } = app.device
  const body = {
    masterPasswordHash,
    newMasterPasswordHash: masterPasswordHash,
    masterPasswordHint: null,
    key: token.Key,
  }
  await ask(app, 'POST', '/api/accounts/password', body)
}

/** Another one of the user's, which is logged out. */
async function sendDeviceAway(app: App, random: Random): Promise<void> {
  const reply = await ask(app, 'GET', '/api/devices')
  const others = reply?.json.data.filter(({ identifier }: Json) => identifier !== app.device.deviceId)
  if (others?.length > 0) await ask(app, 'DELETE', `/api/devices/${random.pick<Json>(others).id}`)
}
