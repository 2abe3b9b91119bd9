import { createECDH, randomBytes, randomUUID } from 'node:crypto'
import { FAST_KDF, type Json, type TestDevice } from '../../helpers/account.ts'
import { rotationOf } from '../key-rotation/rotation.ts'
import { fileSend, form, sendFile, textSend } from '../sends/send-requests.ts'
import type { Route } from './routes.ts'

const BYTES = new TextEncoder().encode('what is in the file')
const FILE = { fileName: '2.fileName', fileSize: BYTES.length, adminRequest: false }

export const SEND_PASSWORD = 'password of the Send'

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
  /** Whose files are still to be uploaded. */
  readonly announced: { readonly attachment: string; readonly send: string; readonly file: string }
}

/** Gives the user of `device` one of everything. */
export async function makeBelongings(device: TestDevice): Promise<Belongings> {
  const made = async (path: string, body: Json | FormData): Promise<Json> => {
    const { status, json } = await device.request('POST', path, body, clientHeaders(device))
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
  const file = { ...FILE, fileName: device.encrypt('name of a file'), key }
  const announced = await made(`/api/ciphers/${cipher.id}/attachment/v2`, file)
  await made(`/api${announced.url}`, form(BYTES))
  const later = await made(`/api/ciphers/${cipher.id}/attachment/v2`, file)
  const sent = { name: device.encrypt('Send'), key: device.encrypt('key of a Send') }
  const send = await sendFile(device, BYTES, { ...sent, password: SEND_PASSWORD })
  const { sendResponse: laterSend } = await made('/api/sends/file/v2', fileSend(BYTES.length, sent))
  return {
    announced: { attachment: later.attachmentId, send: laterSend.id, file: laterSend.file.id },
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
const KINDS: Readonly<Record<string, Exclude<keyof Belongings, 'announced'>>> = {
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
export function pathOf(route: Route, belongings: Belongings): string {
  const { method, path } = route
  const ids = takesFiles(route) ? { ...belongings, ...belongings.announced } : belongings
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

/** The headers that clients send with every request, or with some. */
export const clientHeaders = (device: TestDevice): Record<string, string> => ({
  // Of the type that devices in tests are of.
  'device-type': '9',
  'x-request-email': Buffer.from(device.email).toString('base64url'),
  'x-device-identifier': device.deviceId,
})

/** What `device` would send to a route about the things that are `ids`. */
export async function requestTo(route: Route, device: TestDevice, ids: Belongings) {
  if (route.path === '/identity/connect/token') {
    const fields = { grant_type: 'client_credentials', client_id: `user.${ids.user}`, client_secret: 'x', scope: 'api' }
    return { type: 'application/x-www-form-urlencoded', payload: new URLSearchParams(fields).toString() }
  }
  if (!takesFiles(route))
    return { type: 'application/json', payload: JSON.stringify(await bodyFor(route, device, ids)) }
  const fields = { key: device.encrypt('key of a file'), model: JSON.stringify(fileSend(BYTES.length)) }
  const request = new Request('https://localhost', { method: 'POST', body: form(BYTES, fields) })
  return { type: request.headers.get('content-type')!, payload: Buffer.from(await request.arrayBuffer()) }
}

/** A body that fits nearly every route: what a route does not know it passes over. */
export async function bodyFor({ path }: Route, device: TestDevice, ids: Belongings): Promise<Json> {
  if (path.endsWith('/rotate-user-account-keys')) return rotationAbout(device, ids)
  const kdf = { kdfType: FAST_KDF.type, iterations: FAST_KDF.iterations, memory: null, parallelism: null }
  const encrypted = device.encrypt('something')
  return {
    ...device.loginItem('x'),
    name: '2.name',
    folderId: ids.folder,
    ids: [path.startsWith('/api/folders') ? ids.folder : ids.cipher],
    favorite: false,
    masterPasswordHash: device.passwordHash,
    newMasterPasswordHash: device.passwordHash,
    avatarColor: '#123456',
    publicKey: 'public',
    encryptedPrivateKey: encrypted,
    kdf: FAST_KDF.type,
    kdfIterations: FAST_KDF.iterations,
    userKeyId: '0123456789abcdef0123456789abcdef',
    email: device.email,
    newEmail: 'other@example.org',
    token: '123456',
    // Elsewhere it would stand in place of the password.
    ...(path.endsWith('/verify-otp') ? { otp: '123456' } : {}),
    authenticationData: { kdf, salt: device.email, masterPasswordAuthenticationHash: device.passwordHash },
    unlockData: { kdf, salt: device.email, masterKeyWrappedUserKey: encrypted },
    identifier: randomUUID(),
    deviceIdentifier: device.deviceId,
    accessCode: 'code',
    requestApproved: true,
    userId: ids.user,
    pushToken: randomBytes(20).toString('hex'),
    ...webPushSubscription(),
    cipher: device.loginItem('x', { folderId: ids.folder }),
    ciphers: [],
    folders: [{ id: ids.folder, name: encrypted }],
    folderRelationships: [],
    equivalentDomains: [['example.com', 'example.org']],
    excludedGlobalEquivalentDomains: [],
    attachments2: { [ids.attachment]: { fileName: encrypted, key: encrypted } },
    // Of YubiKeys and security keys.
    nfc: true,
    id: 1,
    deviceResponse: {},
    ...FILE,
    ...(path.startsWith('/api/sends') ? fileSend(BYTES.length) : {}),
    ...(path === '/api/sends' ? textSend() : {}),
    key: encrypted,
  }
}

/** What a browser says of a subscription of its own. */
export function webPushSubscription() {
  const keys = createECDH('prime256v1')
  return {
    endpoint: `https://push.example.com/send?to=${randomBytes(20).toString('hex')}`,
    p256dh: keys.generateKeys('base64url'),
    auth: randomBytes(16).toString('base64url'),
  }
}

/** Of the account of `device`; with a folder that is somebody else's, if the `ids` are. */
async function rotationAbout(device: TestDevice, ids: Belongings): Promise<Json> {
  const rotation = await rotationOf(device)
  if (ids.user !== device.userId) rotation.accountData.folders.push({ id: ids.folder, name: device.encrypt('x') })
  return rotation
}
