import { randomUUID } from 'node:crypto'
import { clientTypeOfDevice, type IssuedToken, isMobile } from '#auth'
import { currentRequest } from '#net'
import type { Device, Devices, Store, User } from '#store'
import { nextRevision, type VaultContext } from '../context.ts'
import { isAddressProven } from '../email-address.ts'
import { tellOfNewDevice } from './new-device.ts'
import { newRefreshToken } from './refresh-token.ts'

/** What a login says of the device it comes from. */
export type DescribedDevice = Pick<Device, 'id' | 'name' | 'type'>

export interface OpenedSession extends IssuedToken {
  readonly user: User
  readonly device: Device
}

/** A device, and whether this is the first login from it. */
interface RememberedDevice {
  readonly device: Device
  readonly isNew: boolean
}

export interface Grant {
  readonly clientId: string
  readonly scope: readonly string[]
  /** Of the client. */
  readonly address: string
  /** What lets the device in without a second factor the next time. Default: what does already. */
  readonly rememberToken?: string | undefined
  /**
   * Uses up what the login was proven by, in the transaction that begins the session; false when that is not there any
   * more. Default: the proof is good again and again.
   */
  readonly useUp?: ((store: Store) => Promise<boolean>) | undefined
}

/**
 * Begins a session of `checked`, the row that the secret of the login was found right for. Finding that out takes its
 * time; undefined when the account has ended its sessions, replaced its API key or been disabled meanwhile, or when the
 * proof was used up. A user with a new device is told by mail.
 */
export async function openSession(
  context: VaultContext,
  checked: User,
  described: DescribedDevice,
  grant: Grant,
): Promise<OpenedSession | undefined> {
  const open = async (store: Store) => {
    const { users, devices, heard, pushRegistrations } = store
    const user = await users.find(checked.id)
    if (!user || !isAsChecked(user, checked)) return undefined
    if (grant.useUp !== undefined && !(await grant.useUp(store))) return undefined
    const { device, isNew } = await rememberDevice(context, devices, user, described, grant.rememberToken)
    // Clients read the whole vault after a login, so whatever was before they have not missed. Of a browser that is one
    // tab: others, which have the same id, may be away and have missed something.
    if (clientTypeOfDevice(device.type) !== 'Web') {
      await heard.mark([{ userId: user.id, deviceId: device.id, heardAt: new Date(context.clock.now()) }])
    }
    // Whoever misses pushes logs out and in again.
    if (isMobile(device.type)) await pushRegistrations.renew(user.id, device.id)
    return { user, device, isNew }
  }
  const opened = await context.store.transaction(open, { account: checked.id })
  if (opened === undefined) return undefined
  const { isNew, ...session } = opened
  const request = currentRequest()
  if (request !== undefined) Object.assign(request, { userId: session.user.id, deviceId: session.device.id })
  if (isNew) await tellOfNewDevice(context, session, grant.address)
  context.notifier.devicesChanged(session.user.id)
  const emailVerified = isAddressProven(context, session.user)
  return {
    ...session,
    ...(await context.tokens.issueAccess(session.user, session.device, { ...grant, emailVerified })),
  }
}

/**
 * Every change of the password changes the stamp. The stored hash is not compared, because a login beside this one may
 * just have renewed it with more iterations.
 */
function isAsChecked(user: User, checked: User): boolean {
  return user.enabled && user.securityStamp === checked.securityStamp && user.apiKey === checked.apiKey
}

/** The user's device, remembered from now on, and marked as seen just now. */
async function rememberDevice(
  { clock }: VaultContext,
  devices: Devices,
  user: User,
  described: DescribedDevice,
  rememberToken: string | undefined,
): Promise<RememberedDevice> {
  const known = await devices.find(described.id, user.id)
  if (known) {
    // Vaultwarden keeps a device from the first try on, with equal dates until a login has worked.
    const isNew = known.updatedAt.getTime() === known.createdAt.getTime()
    const device = { ...known, twoFactorRemember: rememberToken ?? known.twoFactorRemember }
    if (rememberToken !== undefined) await devices.update(device)
    await devices.touch(known.id, user.id, nextRevision(known.updatedAt, clock))
    return { device, isNew }
  }
  const now = new Date(clock.now())
  const device: Device = {
    ...described,
    userId: user.id,
    createdAt: now,
    updatedAt: nextRevision(now, clock),
    pushToken: null,
    pushId: randomUUID(),
    refreshToken: newRefreshToken(),
    twoFactorRemember: rememberToken ?? null,
  }
  await devices.insert(device)
  return { device, isNew: true }
}
