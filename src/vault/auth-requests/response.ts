import { deviceTypeName } from '#auth'
import type { AuthRequest } from '#store'
import { formatDate, formatOptionalDate } from '../wire.ts'

/**
 * A request as clients get it. Those of 2026 show by `requestDeviceIdentifier` and `requestDeviceId`, which Vaultwarden
 * leaves out, which of the user's devices asks.
 */
export function authRequestResponse(request: AuthRequest, origin: string) {
  return {
    id: request.id,
    publicKey: request.publicKey,
    requestDeviceIdentifier: request.deviceId,
    requestDeviceId: request.deviceId,
    requestDeviceTypeValue: request.deviceType,
    requestDeviceType: deviceTypeName(request.deviceType),
    requestIpAddress: request.address,
    requestCountryName: null,
    key: request.key,
    masterPasswordHash: request.masterPasswordHash,
    creationDate: formatDate(request.createdAt),
    responseDate: formatOptionalDate(request.respondedAt),
    requestApproved: request.approved,
    origin,
    object: 'auth-request',
  }
}
