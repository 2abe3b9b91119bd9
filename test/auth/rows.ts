import { randomUUID } from 'node:crypto'
import type { Device, User } from '#store'

/** A user as registration leaves it, with `fields` in place of what is usual. */
export function aUser(fields: Partial<User> = {}): User {
  return {
    id: randomUUID(),
    createdAt: new Date(0),
    updatedAt: new Date(0),
    email: 'alice@example.com',
    name: 'Alice',
    passwordHash: Buffer.alloc(0),
    salt: Buffer.alloc(64),
    passwordIterations: 100_000,
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
    ...fields,
  }
}

export function aDevice(userId: string, fields: Partial<Device> = {}): Device {
  return {
    id: randomUUID(),
    userId,
    createdAt: new Date(0),
    updatedAt: new Date(0),
    name: 'laptop',
    type: 25,
    pushToken: null,
    pushId: null,
    refreshToken: randomUUID(),
    twoFactorRemember: null,
    ...fields,
  }
}
