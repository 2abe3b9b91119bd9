import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { Tokens } from '#auth'
import { systemClock } from '#kit'
import { type Device, openStore, type User } from '#store'
import { sampleDevice, sampleUser } from '../../../test/store/samples.ts'

/** What the servers have to be told as their DOMAIN: the tokens name it. */
export const DOMAIN = 'https://vault.example.com'

/** 9: Chrome. */
const DEVICE_TYPE = 9

/** Tokens signed at a time. */
const BATCH = 250

export interface Resident {
  readonly userId: string
  readonly accessToken: string
}

/** Fills a data folder, of Belfry or Vaultwarden, with users and devices. Resolves with all devices, user by user. */
export async function settle(dataFolder: string, users: number, devicesPerUser: number): Promise<Resident[]> {
  const store = await openStore({
    kind: 'sqlite',
    databaseFile: path.join(dataFolder, 'db.sqlite3'),
    clock: systemClock,
  })
  const keyFile = path.join(dataFolder, 'rsa_key.pem')
  const tokens = await Tokens.load({ keyFile, origin: DOMAIN, clock: systemClock })
  const households = Array.from({ length: users }, () => {
    const now = new Date()
    const user = sampleUser({ createdAt: now, updatedAt: now })
    return { user, devices: Array.from({ length: devicesPerUser }, () => newDevice(user)) }
  })
  await store.transaction(async (inside) => {
    for (const { user, devices } of households) {
      await inside.users.insert(user)
      for (const device of devices) await inside.devices.insert(device)
    }
  })
  await store.close()

  const residents: Resident[] = []
  const all = households.flatMap(({ user, devices }) => devices.map((device) => ({ user, device })))
  const grant = { clientId: 'web', scope: ['api', 'offline_access'] }
  for (let from = 0; from < all.length; from += BATCH) {
    const signing = all.slice(from, from + BATCH).map(async ({ user, device }) => {
      const { token } = await tokens.issueAccess(user, device, grant)
      return { userId: user.id, accessToken: token }
    })
    residents.push(...(await Promise.all(signing)))
  }
  return residents
}

/** As real clients, a little later than the user, and with an id for push. */
function newDevice({ id, createdAt }: User): Device {
  const updatedAt = new Date(createdAt.getTime() + 1)
  return sampleDevice(id, { createdAt, updatedAt, name: 'chrome', type: DEVICE_TYPE, pushId: randomUUID() })
}
