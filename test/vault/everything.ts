import { randomUUID } from 'node:crypto'
import type { Json, TestDevice } from '../helpers/account.ts'
import type { Route } from './routes.ts'
import { fileSend, form, sendFile, textSend } from './send-requests.ts'

const BYTES = new TextEncoder().encode('what is in the file')
const FILE = { fileName: '2.fileName', fileSize: BYTES.length, adminRequest: false }

/** Ids of what a user has, one of each kind. */
export interface Belongings {
  readonly user: string
  readonly device: string
  readonly cipher: string
  readonly folder: string
  readonly authRequest: string
  readonly attachment: string
  readonly send: string
  /** What the link of the Send names it by. */
  readonly sendAccess: string
  /** Of the Send. */
  readonly file: string
}

/** Gives the user of `device` one of everything. */
export async function makeBelongings(device: TestDevice): Promise<Belongings> {
  const made = async (path: string, body: Json | FormData): Promise<Json> => {
    // Of the type that devices in tests are of.
    const { status, json } = await device.request('POST', path, body, { 'Device-Type': '9' })
    if (status !== 200) throw new Error(`${path} answered ${status}: ${JSON.stringify(json)}`)
    return json
  }
  const folder = await made('/api/folders', { name: device.encrypt('Folder') })
  const item = device.loginItem('Item', { folderId: folder.id, favorite: true, notes: device.encrypt('Notes') })
  const cipher = await made('/api/ciphers', item)
  const authRequest = await made('/api/auth-requests', {
    email: device.email,
    publicKey: 'public',
    deviceIdentifier: device.deviceId,
    accessCode: 'code',
    type: 0,
  })
  const key = device.encrypt('key of a file')
  const announced = await made(`/api/ciphers/${cipher.id}/attachment/v2`, { ...FILE, key })
  await made(`/api${announced.url}`, form(BYTES))
  const send = await sendFile(device, BYTES, { name: device.encrypt('Send'), password: 'password of the Send' })
  return {
    attachment: announced.attachmentId,
    send: send.id,
    sendAccess: send.accessId,
    file: send.file.id,
    user: device.userId,
    device: device.deviceId,
    cipher: cipher.id,
    folder: folder.id,
    authRequest: authRequest.id,
  }
}

/** What a parameter names, by its own name or by the part of the path before it. */
const KINDS: Readonly<Record<string, keyof Belongings>> = {
  ':attachmentId': 'attachment',
  ':fileId': 'file',
  ':accessId': 'sendAccess',
  attachments: 'cipher',
  ciphers: 'cipher',
  folders: 'folder',
  users: 'user',
  devices: 'device',
  identifier: 'device',
  'auth-requests': 'authRequest',
  sends: 'send',
}

/** The path of a route with ids in place of its parameters. Throws when it does not know what one of them names. */
export function pathOf({ method, path }: Route, ids: Belongings): string {
  const parts = path.split('/')
  const named = parts.map((part, index) => {
    if (!part.startsWith(':')) return part
    if (part === ':host') return 'www.example.com'
    const kind = KINDS[part] ?? KINDS[parts[index - 1] ?? '']
    if (kind === undefined) throw new Error(`everything.ts does not say what ${part} of ${method} ${path} names`)
    return ids[kind]
  })
  return named.join('/')
}

/** Whether a route takes files, and no JSON. */
export const takesFiles = ({ method, path }: Route): boolean =>
  method === 'POST' && /\/attachment(\/:attachmentId)?$|^\/api\/sends\/(:id\/)?file(\/:fileId)?$/.test(path)

/** What `device` would send to a route about the things that are `ids`. */
export async function requestTo(route: Route, device: TestDevice, ids: Belongings) {
  if (!takesFiles(route)) return { type: 'application/json', payload: JSON.stringify(bodyFor(route, device, ids)) }
  const model = JSON.stringify(fileSend(BYTES.length))
  const request = new Request('https://localhost', { method: 'POST', body: form(BYTES, { key: '2.key', model }) })
  return { type: request.headers.get('content-type')!, payload: Buffer.from(await request.arrayBuffer()) }
}

/** A body that fits nearly every route: what a route does not know it passes over. */
export function bodyFor({ path }: Route, device: TestDevice, ids: Belongings): Json {
  const kdf = { kdfType: 0, iterations: 100_000, memory: null, parallelism: null }
  return {
    ...device.loginItem('x'),
    name: '2.name',
    folderId: ids.folder,
    ids: [ids.cipher],
    favorite: false,
    masterPasswordHash: device.passwordHash,
    newMasterPasswordHash: device.passwordHash,
    key: '2.key',
    avatarColor: '#123456',
    publicKey: 'public',
    encryptedPrivateKey: '2.private',
    userKeyId: '0123456789abcdef0123456789abcdef',
    email: device.email,
    newEmail: 'other@example.org',
    token: '123456',
    authenticationData: { kdf, salt: device.email, masterPasswordAuthenticationHash: device.passwordHash },
    unlockData: { kdf, salt: device.email, masterKeyWrappedUserKey: '2.key' },
    identifier: randomUUID(),
    deviceIdentifier: device.deviceId,
    accessCode: 'code',
    requestApproved: true,
    userId: ids.user,
    pushToken: 'push',
    cipher: device.loginItem('x', { folderId: ids.folder }),
    ciphers: [],
    folders: [{ id: ids.folder, name: '2.name' }],
    folderRelationships: [],
    equivalentDomains: [['example.com', 'example.org']],
    excludedGlobalEquivalentDomains: [],
    ...FILE,
    ...(path.startsWith('/api/sends') ? fileSend(BYTES.length) : {}),
    ...(path === '/api/sends' ? textSend() : {}),
  }
}
