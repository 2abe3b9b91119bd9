/** Where a browser takes Web Push (RFC 8030), and what its messages are encrypted with (RFC 8291). */
export interface WebPushAddress {
  /** URL of the push service. */
  readonly endpoint: string
  /** The browser's public key: an uncompressed point of P-256, in base64url. */
  readonly p256dh: string
  /** 16 bytes, in base64url. */
  readonly auth: string
}

export interface WebPushSubscription extends WebPushAddress {
  readonly userId: string
  readonly deviceId: string
}

/**
 * The browsers that take Web Push, one subscription for each user and device. A subscription outlives the session of its
 * device: the apps tell it once and never again, also not when the same user logs in once more. It outlives its user, too,
 * until `sweep`: the browser has yet to hear that it is logged out. spec: hub §6
 */
export interface WebPushSubscriptions {
  count(): Promise<number>
  /**
   * In place of an earlier one of the same user and device, which has a session at that moment. Of more than 64 of a user
   * those go whose session is over, then those whose device was used longest ago.
   */
  save(subscription: WebPushSubscription, at: Date): Promise<void>
  find(userId: string, deviceId: string): Promise<WebPushSubscription | undefined>
  /** Only as long as it is the one with that endpoint. */
  delete(userId: string, deviceId: string, endpoint: string): Promise<void>
  /**
   * Removes those whose device has had no session since `forgetBefore`, or for two days when its user is gone. To know that,
   * it notes `now` for all whose device has one: so it is to be called once a day at least, whether or not any are used.
   * Resolves with how many are gone.
   */
  sweep(now: Date, forgetBefore: Date): Promise<number>
}

/** A device that can be told something while it is not connected. */
export interface PushTarget {
  readonly userId: string
  readonly deviceId: string
  /** `spec/vault.md` §2.1; null when it has been deleted. */
  readonly type: number | null
  /**
   * Whether it is there and its user enabled, so that it is logged in or can be by its user alone. Without, it is only to
   * hear that it is logged out.
   */
  readonly hasSession: boolean
  /**
   * Whether the relay can tell it something: it is registered, or it is an Android or iOS device (types 0 and 1) that has a
   * push token and the relay was not asked yet. One that the relay has refused counts again as soon as that registration is
   * deleted or saved anew.
   */
  readonly isPhone: boolean
  /** The relay's name for it: that of its registration, or else that it will have; null when there is none yet. */
  readonly pushId: string | null
  /** Null: it takes no Web Push. Otherwise `isPhone` may be false. */
  readonly webPush: WebPushAddress | null
}

/** What is true of each device at one moment; each method is one statement. */
export interface PushTargets {
  /** Also those whose session is over, or whose user is gone, and that are still registered or subscribed. */
  ofUser(userId: string): Promise<PushTarget[]>
  /** Of its confirmed members, those that have a session. */
  ofOrganization(organizationId: string): Promise<PushTarget[]>
  /**
   * Ids of users, in their order and after `afterUserId` (empty: from the first), who have such devices with a session, and
   * whose account changed later than `since`.
   */
  usersChangedSince(since: Date, afterUserId: string, limit: number): Promise<string[]>
}

/** An Android or iOS device that is there and has a push token, whether or not its user is enabled. */
export interface Phone {
  readonly userId: string
  readonly deviceId: string
  /** 0 or 1: `spec/vault.md` §2.1. */
  readonly type: number
  readonly pushToken: string
  /** The relay's name for it: that of its registration, or else that it will have; null when there is none yet. */
  readonly pushId: string | null
}

/** What the relay was last told of a phone. Outlives the device and its user, until the relay has been told that it is gone. */
export interface PushRegistration {
  readonly userId: string
  readonly deviceId: string
  readonly pushId: string
  /** Of all that the relay was told: when it is another one now, the relay is to be told anew. */
  readonly digest: string
  /** Whether the relay took it. It is not told the same again that it has refused. */
  readonly isRefused: boolean
}

export interface PushRegistrations {
  /** How many phones the relay knows, or refuses. */
  count(): Promise<number>
  /** Ids of users, in their order and after `afterUserId` (empty: from the first), who have a phone or a registration. */
  users(afterUserId: string, limit: number): Promise<string[]>
  phonesOf(userId: string): Promise<Phone[]>
  ofUser(userId: string): Promise<PushRegistration[]>
  /**
   * The relay's name for the device from now on: that of its registration, so that a device that was deleted and logs in once
   * more is not registered twice, otherwise the one it has, otherwise `pushId`. Undefined: no such device.
   */
  claimPushId(userId: string, deviceId: string, pushId: string): Promise<string | undefined>
  /** In place of an earlier one of the same user and device. */
  save(registration: PushRegistration): Promise<void>
  /** What the relay was told of the device counts for nothing any more, also that it refused it. */
  renew(userId: string, deviceId: string): Promise<void>
  /** Only as long as it is the one of that `pushId`. */
  delete(userId: string, deviceId: string, pushId: string): Promise<void>
  /** The device has no token any more, if it is still that one. */
  forgetToken(userId: string, deviceId: string, pushToken: string): Promise<void>
}

/** A push that waits, for whatever reason. */
export interface QueuedPush {
  readonly id: string
  readonly content: string
  readonly queuedAt: Date
}

/** What an instance was still to push when it ended. */
export interface LeftPushes {
  /** Oldest first, and of the same date the one first that was saved first. */
  readonly pushes: readonly QueuedPush[]
  /** All changes before then are among them, or were pushed. */
  readonly wholeUntil: Date
}

/** What instances are still to push, each its own, so that it outlives them. */
export interface PushJournal {
  /**
   * Adds them to those of `instance`, in place of any of its own with the same ids. It is to have a mark by then: without,
   * nobody would ever take them over.
   */
  save(instance: string, pushes: readonly QueuedPush[]): Promise<void>
  /** Of `instance`; those that are not there or are another's are passed over. */
  delete(instance: string, ids: readonly string[]): Promise<void>
  /** Of what `instance` told, all changes before `wholeUntil` are pushed, or saved here. In place of its earlier mark. */
  mark(instance: string, wholeUntil: Date): Promise<void>
  /** The instances that have a mark. */
  instances(): Promise<string[]>
  /**
   * Makes what `from` has left that of `to`, and removes the mark of `from`. Undefined when it has no mark (any more): then
   * somebody else has done so. The mark of `to` is no later than that was. Should `from` be there after all, it goes on with its next `mark` and `save` as before, and
   * what it had saved is pushed twice rather than never.
   */
  takeOver(from: string, to: string): Promise<LeftPushes | undefined>
  /** `instance` ends: removes its mark if it has left nothing, else that stays for whoever takes over. */
  endOf(instance: string): Promise<void>
}
