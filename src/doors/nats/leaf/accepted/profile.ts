import type { ListenerProfile } from '../../profile.ts'

/** What a way in for leaf nodes means for those who take it: the rules of `leafnodes {}`. */
export interface LeafProfile extends ListenerProfile {
  /** Its `isRequired` is true: every server has to say who it is, if only to be bound to an account. */
  readonly authenticator: ListenerProfile['authenticator']
  /** The oldest server that is let in, `MAJOR.MINOR.PATCH`. */
  readonly minVersion: string | undefined
  /** Whether those who come in hear nothing of each other's subscriptions. */
  readonly isolatesInterest: boolean
  readonly writeDeadlineMs: number | undefined
  readonly writeTimeoutPolicy: 'close' | 'retry'
}

/** As `ProfileHolder`; over WebSocket what it is follows from two blocks. */
export interface LeafProfileHolder {
  readonly current: LeafProfile
}
