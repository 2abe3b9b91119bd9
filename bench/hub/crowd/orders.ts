import type { ListenAddress } from '#net'

/** What the crowd, a process of its own, is to do next. Each order is answered once it is carried out. */
export type Order =
  | { readonly kind: 'settle'; readonly dataFolder: string; readonly users: number; readonly devicesPerUser: number }
  /** Devices `from` to `to` connect, `atATime` of them. */
  | {
      readonly kind: 'connect'
      readonly address: ListenAddress
      readonly from: number
      readonly to: number
      readonly atATime: number
    }
  /** From now on events are counted; `events` then waits until there are as many, or rejects. */
  | { readonly kind: 'expect'; readonly events: number }
  | { readonly kind: 'events' }
  /** Each user changes something through the API, which all their devices hear of. */
  | { readonly kind: 'change'; readonly address: ListenAddress; readonly atATime: number }
  /** These devices lose their connections all at once. */
  | { readonly kind: 'drop'; readonly from: number; readonly to: number }

/** By the kind of order. Moments are nanoseconds of the machine's monotonic clock, which all processes share. */
export interface Answers {
  /** With the token of one device. */
  readonly settle: { readonly userIds: readonly string[]; readonly accessToken: string }
  readonly connect: { readonly seconds: number; readonly eachMs: readonly number[]; readonly refused: number }
  readonly expect: Record<string, never>
  readonly events: { readonly firstAtNs: number; readonly lastAtNs: number }
  readonly change: { readonly beganAtNs: number }
  readonly drop: Record<string, never>
}
