import type { Device, User } from '#store'
import { sampleDevice, sampleUser } from '../store/samples.ts'

const made = { createdAt: new Date(0), updatedAt: new Date(0) }

/** A user as registration leaves it, with `fields` in place of what is usual. */
export function aUser(fields: Partial<User> = {}): User {
  const salt = Buffer.alloc(64)
  return sampleUser({
    ...made,
    email: 'alice@example.com',
    name: 'Alice',
    salt,
    passwordIterations: 100_000,
    ...fields,
  })
}

export function aDevice(userId: string, fields: Partial<Device> = {}): Device {
  return sampleDevice(userId, { ...made, name: 'laptop', type: 25, ...fields })
}
