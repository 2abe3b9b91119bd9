import { clientTypeOfDevice } from '#auth'
import { NotificationType } from '#notify'
import type { PushTarget } from '#store'
import type { PushedEvent } from './event.ts'

/** By which way a device is told of an event. */
export type Way =
  /** It caused the event, or is not meant. */
  | 'none'
  /** It has told the hub that it has heard. */
  | 'hub'
  | 'browser'
  /** With all phones of the user or the organization. */
  | 'phones'

/**
 * That a login was approved: the Android app takes it for another one that asks, and asks its user again
 * (github.com/bitwarden/android/issues/6857); the one for iOS passes over it.
 */
const NOT_FOR_PHONES = new Set<number>([NotificationType.AuthRequestResponse])

/**
 * The one place where it is decided how a device hears of an event: by one way, and never by another where the hub was
 * told by the device itself that it has heard. In this order:
 *
 * 1. The device that caused it is not told, nor one that it is not for.
 * 2. A device that is logged out is told that it is, and nothing else.
 * 3. A device that is connected and has confirmed what it was told is told by the hub alone.
 * 4. A browser with a subscription is told by Web Push.
 * 5. A phone is told by the relay, of what its app does something sensible with.
 */
export function wayTo(target: PushTarget, event: PushedEvent, hasHeard: boolean): Way {
  const { deviceId, type, hasSession, isPhone, webPush } = target
  const { deviceIds } = event
  if (deviceId === event.contextId) return 'none'
  if (!hasSession && event.type !== NotificationType.LogOut) return 'none'
  if (event.clientType !== undefined && (type === null || clientTypeOfDevice(type) !== event.clientType)) return 'none'
  if (deviceIds !== undefined && !deviceIds.includes(deviceId)) return 'none'
  if (hasHeard) return 'hub'
  if (webPush !== null) return 'browser'
  // The relay would tell all phones of the user. Its app finds out with its next request.
  return isPhone && deviceIds === undefined && !NOT_FOR_PHONES.has(event.type) ? 'phones' : 'none'
}
