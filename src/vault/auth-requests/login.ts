import { equalSecrets } from '#auth'
import type { AuthRequest, Store } from '#store'
import type { VaultContext } from '../context.ts'
import { isAlive } from './lifetime.ts'

/** A login that another device has approved. */
export interface ApprovedLogin {
  readonly requestId: string
  readonly accessCode: string
  readonly deviceId: string
  /** Of the client. */
  readonly address: string
}

/**
 * Whether the user's request `login.requestId` lets this login in: made by the same device at the same address, with
 * that access code, approved, alive, and not used before.
 */
export async function isApproved(
  { store, clock }: VaultContext,
  userId: string,
  { requestId, accessCode, deviceId, address }: ApprovedLogin,
): Promise<boolean> {
  const request = await store.authRequests.find(requestId.toLowerCase())
  return (
    request !== undefined &&
    equalSecrets(request.accessCode, accessCode) &&
    request.userId === userId &&
    request.deviceId === deviceId &&
    request.address === address &&
    isUsable(request) &&
    isAlive(request, clock)
  )
}

/**
 * Marks the request as used; false when another login has used it meanwhile, or when the device that approved it is
 * gone. To be called in the transaction that begins the session.
 */
export async function useUp({ clock }: VaultContext, store: Store, requestId: string): Promise<boolean> {
  const request = await store.authRequests.find(requestId.toLowerCase())
  if (request === undefined || !isUsable(request) || request.responseDeviceId === null) return false
  if ((await store.devices.find(request.responseDeviceId, request.userId)) === undefined) return false
  request.authenticatedAt = new Date(clock.now())
  await store.authRequests.update(request)
  return true
}

const isUsable = ({ approved, authenticatedAt }: AuthRequest) => approved === true && authenticatedAt === null
