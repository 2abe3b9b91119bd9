/**
 * `doubt`: a connection that is there may be dead, since the network is another one, or the machine slept.
 * `attention`: somebody looks at the page: what waits for its time is better tried now.
 */
export type WakeUp = 'doubt' | 'attention'

/** Tells when to try; what is returned ends that. */
export type WakeUps = (wake: (why: WakeUp) => void) => () => void
