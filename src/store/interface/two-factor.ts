/**
 * One row for each user and type. Types below 1000 are second factors (spec/vault.md §2.4.4), those above are challenges
 * under way and one-time codes (§2.12).
 */
export interface TwoFactor {
  readonly id: string
  readonly userId: string
  readonly type: number
  enabled: boolean
  /** What the type needs, mostly JSON. */
  data: string
  /** Of an authenticator app the last step (30 s since the epoch) that was used; else 0. */
  lastUsed: number
}

export interface TwoFactors {
  find(userId: string, type: number): Promise<TwoFactor | undefined>
  /** Ascending by type. */
  ofUser(userId: string): Promise<TwoFactor[]>
  /** Writes it in place of the user's row of that type, if there is one. */
  put(factor: TwoFactor): Promise<void>
  /** Marks a step as used; false when that or a later one was before. */
  useStep(userId: string, type: number, step: number): Promise<boolean>
  /** False when there was none. */
  delete(userId: string, type: number): Promise<boolean>
  deleteAllOf(userId: string): Promise<void>
}

/** A login whose password was right and whose second factor has not come. */
export interface IncompleteLogin {
  readonly userId: string
  readonly deviceId: string
  readonly deviceName: string
  readonly deviceType: number
  readonly at: Date
  readonly address: string
}

export interface IncompleteLogins {
  /** Does nothing when one of the same user and device is there: its time counts. */
  begin(login: IncompleteLogin): Promise<void>
  end(userId: string, deviceId: string): Promise<void>
  /** The oldest first, at most a hundred. */
  before(at: Date): Promise<IncompleteLogin[]>
}
