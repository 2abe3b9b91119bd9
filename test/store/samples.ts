import { randomUUID } from 'node:crypto'
import type { Cipher, Device, Folder, Send, User } from '#store'

/** The moment that every sample was made at. */
export const made = new Date('2026-03-01T10:20:30.405Z')

export function sampleUser(changes: Partial<User> = {}): User {
  const id = changes.id ?? randomUUID()
  return {
    id,
    createdAt: made,
    updatedAt: made,
    email: `${id}@example.com`,
    name: 'Ada',
    passwordHash: Buffer.from('00ff80', 'hex'),
    salt: Buffer.from('salt'),
    passwordIterations: 600_000,
    passwordHint: null,
    key: '2.key',
    privateKey: null,
    publicKey: null,
    recoveryCode: null,
    securityStamp: randomUUID(),
    stampException: null,
    equivalentDomains: '[]',
    excludedGlobals: '[]',
    kdf: { type: 0, iterations: 600_000, memory: null, parallelism: null },
    verifiedAt: null,
    lastVerifyingAt: null,
    loginVerifyCount: 0,
    newEmail: null,
    newEmailToken: null,
    enabled: true,
    apiKey: null,
    avatarColor: null,
    ...changes,
  }
}

/** Sets what `sampleUser` leaves out, and makes everything else different. */
export function otherSettings(user: User): User {
  return {
    ...user,
    updatedAt: new Date(user.updatedAt.getTime() + 1),
    email: `new-${user.email}`,
    name: 'Ada Lovelace ☂',
    passwordHash: Buffer.alloc(32, 7),
    salt: Buffer.alloc(64, 9),
    passwordIterations: 700_000,
    passwordHint: 'the usual',
    key: '2.other',
    privateKey: '2.private',
    publicKey: 'public',
    recoveryCode: 'recovery',
    securityStamp: randomUUID(),
    stampException: '{}',
    equivalentDomains: '[["a.com","b.com"]]',
    excludedGlobals: '[1,2]',
    kdf: { type: 1, iterations: 3, memory: 64, parallelism: 4 },
    verifiedAt: made,
    lastVerifyingAt: new Date(made.getTime() + 5),
    loginVerifyCount: 2,
    newEmail: 'next@example.com',
    newEmailToken: '123456',
    enabled: false,
    apiKey: 'api',
    avatarColor: '#ff0000',
  }
}

export function sampleDevice(userId: string, changes: Partial<Device> = {}): Device {
  return {
    id: randomUUID(),
    userId,
    createdAt: made,
    updatedAt: made,
    name: 'firefox',
    type: 10,
    pushToken: null,
    pushId: null,
    refreshToken: randomUUID(),
    twoFactorRemember: null,
    ...changes,
  }
}

export function sampleFolder(userId: string, changes: Partial<Folder> = {}): Folder {
  return { id: randomUUID(), userId, createdAt: made, updatedAt: made, name: '2.folder', ...changes }
}

export function sampleCipher(userId: string | null, changes: Partial<Cipher> = {}): Cipher {
  return {
    id: randomUUID(),
    createdAt: made,
    updatedAt: made,
    userId,
    organizationId: null,
    type: 1,
    name: '2.name',
    notes: null,
    fields: null,
    data: '{"username":"2.u"}',
    passwordHistory: null,
    key: null,
    reprompt: null,
    deletedAt: null,
    ...changes,
  }
}

export function sampleSend(userId: string | null, changes: Partial<Send> = {}): Send {
  return {
    id: randomUUID(),
    userId,
    createdAt: made,
    revisionDate: made,
    type: 0,
    name: '2.name',
    notes: null,
    data: '{"text":"2.text","hidden":false}',
    key: '2.key',
    passwordHash: null,
    passwordSalt: null,
    passwordIterations: null,
    maxAccessCount: null,
    accessCount: 0,
    expirationDate: null,
    deletionDate: new Date(made.getTime() + 1000),
    disabled: false,
    hideEmail: null,
    ...changes,
  }
}
