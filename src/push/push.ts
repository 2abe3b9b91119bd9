import type { ClientType } from '#notify'

/** Something that one device, or all phones of a user or an organization, are to be told by way of a push service. */
export interface Push {
  /** A UUID. */
  readonly id: string
  readonly to: PhonesAddress | BrowserAddress
  /** `NotificationType`. */
  readonly type: number
  /**
   * As published (`Notification.Payload`), except that `UserId` names the user who is told, also about an item of an
   * organization: phones pass over what names nobody, and several accounts of a browser share one subscription.
   */
  readonly payload: Readonly<Record<string, unknown>>
  /** Identifier of the device that caused it and need not be told; null when there is none. */
  readonly contextId: string | null
  /** Milliseconds since the Unix epoch. */
  readonly queuedAtMs: number
  /** From then on it is of no use. */
  readonly expiresAtMs: number
}

/** The relay knows users and organizations, and not which of their phones are awake. */
export interface PhonesAddress {
  readonly kind: 'phones'
  readonly audience: 'user' | 'organization'
  /** Of the user or the organization. */
  readonly id: string
  /** Only clients of that type; undefined: all. */
  readonly clientType?: ClientType | undefined
  /** The relay's name for the device that caused it; null when it has none. */
  readonly actingPushId: string | null
}

export interface BrowserAddress {
  readonly kind: 'browser'
  readonly userId: string
  readonly deviceId: string
  /** Scheme, host and port of its push service. */
  readonly origin: string
}

/** What became of an attempt. */
export type Outcome =
  | { readonly kind: 'sent' }
  /** The push service does not answer, or wants to be asked later: whatever is for it waits. */
  | { readonly kind: 'busy'; readonly why: string; readonly afterMs?: number }
  /** It never will be: trying again would change nothing. */
  | { readonly kind: 'refused'; readonly why: string }
  /** The browser has another push service by now: what is for it waits there. */
  | { readonly kind: 'moved'; readonly origin: string }
  /** There is nobody (any more) whom it would be for. */
  | { readonly kind: 'gone' }

/** Never rejects, except when `signal` is aborted. */
export type Deliver = (push: Push, signal: AbortSignal) => Promise<Outcome>
