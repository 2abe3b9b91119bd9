/** The account of everybody who names none, as in nats-server. */
export const DEFAULT_ACCOUNT = '$G'

/** The account in which nats-server speaks of itself. */
export const SYSTEM_ACCOUNT = '$SYS'
