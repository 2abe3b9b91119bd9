import { randomUUID } from 'node:crypto'
import type { Json, TestDevice } from '../helpers/account.ts'
import type { Route } from './routes.ts'

/** Ids of what a user has, one of each kind. */
export interface Belongings {
  readonly user: string
  readonly device: string
  readonly cipher: string
  readonly folder: string
  readonly authRequest: string
}

/** Gives the user of `device` one of everything. */
export async function makeBelongings(device: TestDevice): Promise<Belongings> {
  const made = async (path: string, body: Json): Promise<Json> => {
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
  return {
    user: device.userId,
    device: device.deviceId,
    cipher: cipher.id,
    folder: folder.id,
    authRequest: authRequest.id,
  }
}

/** What a parameter names, by the part of the path before it. */
const KINDS: Readonly<Record<string, keyof Belongings>> = {
  ciphers: 'cipher',
  folders: 'folder',
  users: 'user',
  devices: 'device',
  identifier: 'device',
  'auth-requests': 'authRequest',
}

/** The path of a route with ids in place of its parameters. Throws when it does not know what one of them names. */
export function pathOf({ method, path }: Route, ids: Belongings): string {
  const parts = path.split('/')
  const named = parts.map((part, index) => {
    if (!part.startsWith(':')) return part
    const kind = KINDS[parts[index - 1] ?? '']
    if (kind === undefined) throw new Error(`everything.ts does not say what ${part} of ${method} ${path} names`)
    return ids[kind]
  })
  return named.join('/')
}

/**
 * A body that fits nearly every route: what a route does not know it passes over. As `device` would send it, about the
 * things that are `ids`.
 */
export function bodyFor(device: TestDevice, ids: Belongings): Json {
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
    authenticationData: { kdf, salt: device.email, masterPasswordAuthenticationHash: device.passwordHash },
    unlockData: { kdf, salt: device.email, masterKeyWrappedUserKey: '2.key' },
    identifier: randomUUID(),
    deviceIdentifier: device.deviceId,
    accessCode: 'code',
    requestApproved: true,
  }
}
