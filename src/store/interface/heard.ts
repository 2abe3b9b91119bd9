/** What devices have heard of their account: so that one that is back after a gap is told that it missed something. */
export interface Heard {
  /** Undefined when there is no such device. */
  find(deviceId: string, userId: string): Promise<HeardState | undefined>
  /** The same of many devices, in their order. */
  findMany(devices: readonly HeardDevice[]): Promise<(HeardState | undefined)[]>
  /** Writes all of them. A mark only ever moves forward, and that of a device that is gone is passed over. */
  mark(marks: readonly HeardMark[]): Promise<void>
}

export interface HeardState {
  /** The mark: of what was told up to then the device missed nothing. Null when there is none. */
  readonly heardAt: Date | null
  /** When the device logged in for the first time: it missed nothing of what was before. */
  readonly deviceSince: Date
  /** When the account changed last. */
  readonly accountChangedAt: Date
  /** Of the sessions that hold; undefined when the user is disabled, so that none does. */
  readonly securityStamp: string | undefined
}

export interface HeardDevice {
  readonly deviceId: string
  readonly userId: string
}

export interface HeardMark extends HeardDevice {
  readonly heardAt: Date
}
