/** One client connection as events tell of it: what the doors show of theirs. Times are milliseconds since the epoch. */
export interface ObservedConnection {
  readonly cid: number
  readonly type: 'nats' | 'websocket' | 'mqtt'
  /** Default: `Client`. */
  readonly kind?: string | undefined
  readonly ip: string
  readonly startMs: number
  readonly stopMs?: number | undefined
  /** Why it ended. */
  readonly reason?: string | undefined
  readonly rttMs?: number | undefined
  readonly inMsgs: number
  readonly outMsgs: number
  readonly inBytes: number
  readonly outBytes: number
  readonly name?: string | undefined
  readonly lang?: string | undefined
  readonly version?: string | undefined
  /** A user's name or public key, or who it claimed to be. Never a secret. */
  readonly authorizedUser?: string | undefined
  /** Empty before it is in one. */
  readonly account: string
  readonly nkey?: string | undefined
  readonly details?:
    | {
        readonly jwt?: string | undefined
        readonly issuerKey?: string | undefined
        readonly tags?: readonly string[] | undefined
      }
    | undefined
  readonly mqttClient?: string | undefined
}
