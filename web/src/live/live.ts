import { getRevisionDate } from '../api/account.ts'
import { getPendingRequests } from '../api/auth-requests.ts'
import type { Api } from '../api/client.ts'
import { type Notification, readNotification } from '../model/notification.ts'
import type { Session } from '../session/session.ts'
import type { SessionState } from '../session/state.ts'
import { Cell } from '../state/cell.ts'
import type { Hub } from './hub.ts'
import { patienceMs } from './patience.ts'
import type { WakeUp, WakeUps } from './wake-ups.ts'

/** `off`: nobody is logged in. `offline`: it did not go, and is tried again; until then changes are not told. */
export type LiveState = 'off' | 'connecting' | 'connected' | 'offline'

/** How long a connection may take to be made. Milliseconds. */
const CONNECT_MS = 15_000
/** One that lasted so long was none that the server closes each time. Milliseconds. */
const LASTING_MS = 10_000

/** Whoever does something about changes. */
export interface Listener {
  applyEvent(notification: Notification): Promise<void>
  /** Finds out what has changed while nothing was told. */
  sync(): Promise<void>
}

export interface LiveOptions {
  readonly api: Api
  readonly session: Pick<Session, 'state' | 'logOut'>
  readonly vault: Listener
  /** Default: none; `pageWakeUps` of page-wake-ups.ts in a page. */
  readonly wakeUps?: WakeUps
  /** See `HubOptions`. */
  readonly silenceMs?: number
}

/**
 * Hears what other devices do, for as long as somebody is logged in, be the vault open or locked. A connection that is lost
 * is made again: at once, then after longer and longer times, and it is never given up. Each time the vault looks for
 * what it has missed, also when the connection could not be made: some proxies let no WebSocket pass.
 */
export class Live {
  readonly state = new Cell<LiveState>('off')
  /** Ids of other devices' requests to be let in that nobody has answered. */
  readonly loginRequests = new Cell<readonly string[]>([])
  readonly #options: LiveOptions
  readonly #stopListening: readonly (() => void)[]
  #userId: string | undefined
  #stop = new AbortController()
  #hub: Hub | undefined
  /** That of a connection which is being made. */
  #attempt: AbortController | undefined
  #endPause: (() => void) | undefined

  constructor(options: LiveOptions) {
    this.#options = options
    const { session, wakeUps } = options
    this.#stopListening = [
      session.state.listen((state) => this.#follow(state)),
      ...(wakeUps ? [wakeUps((why) => this.#wake(why))] : []),
    ]
    this.#follow(session.state.value)
  }

  close(): void {
    for (const stop of this.#stopListening) stop()
    this.#leave()
  }

  /** A request is of no more interest. */
  forgetLoginRequest(id: string): void {
    this.loginRequests.value = this.loginRequests.value.filter((other) => other !== id)
  }

  #follow(state: SessionState): void {
    const userId = state.kind === 'locked' || state.kind === 'unlocked' ? state.userId : undefined
    if (userId === this.#userId) return
    this.#leave()
    this.#userId = userId
    if (userId === undefined) return
    this.#stop = new AbortController()
    void this.#stay(userId, this.#stop.signal)
  }

  #leave(): void {
    this.#userId = undefined
    this.#stop.abort()
    this.#hub?.close()
    this.#hub = undefined
    this.#endPause?.()
    this.state.value = 'off'
    this.loginRequests.value = []
  }

  /** Connects, again and again, until `signal` says that it is enough. */
  async #stay(userId: string, signal: AbortSignal): Promise<void> {
    let failures = 0
    while (!signal.aborted) {
      if (failures === 0) this.state.value = 'connecting'
      const sinceMs = performance.now()
      const hub = await this.#connect(userId, signal).catch(() => undefined)
      if (signal.aborted) return hub?.close()
      if (hub === undefined) {
        this.state.value = 'offline'
        this.#lookAround()
      } else {
        this.#hub = hub
        this.state.value = 'connected'
        this.#catchUp(signal)
        await hub.closed
        if (signal.aborted) return
        this.#hub = undefined
        this.state.value = 'connecting'
      }
      failures = hub !== undefined && performance.now() - sinceMs > LASTING_MS ? 0 : failures + 1
      const isWoken = await this.#pause(patienceMs(failures))
      if (isWoken) failures = 0
    }
  }

  async #connect(userId: string, signal: AbortSignal): Promise<Hub> {
    const { api, silenceMs } = this.#options
    const attempt = new AbortController()
    this.#attempt = attempt
    const timer = setTimeout(() => attempt.abort(), CONNECT_MS)
    const either = AbortSignal.any([signal, attempt.signal])
    try {
      const [{ openHub }, accessToken] = await Promise.all([import('./hub.ts'), api.accessToken({ signal: either })])
      return await openHub({
        url: new URL('notifications/hub', api.base).href,
        accessToken,
        signal: either,
        silenceMs,
        hear: (event) => {
          const notification = readNotification(event, userId)
          if (notification !== undefined && !signal.aborted) this.#hear(notification)
        },
      })
    } finally {
      clearTimeout(timer)
      // Somebody else may have logged in meanwhile.
      if (this.#attempt === attempt) this.#attempt = undefined
    }
  }

  #hear(notification: Notification): void {
    const { api, session, vault } = this.#options
    const { kind, contextId } = notification
    if (kind === 'log-out') {
      // Whoever changed the password here goes on by themselves.
      if (contextId !== api.device.identifier) session.logOut('revoked')
    } else if (kind === 'login-request') {
      this.loginRequests.value = [...new Set([...this.loginRequests.value, notification.id])]
    } else if (kind === 'login-answer') {
      this.forgetLoginRequest(notification.id)
    } else {
      void vault.applyEvent(notification)
      // Which organizations are told of here is decided when a connection is made.
      if (kind === 'organizations') this.#hub?.close()
    }
  }

  /** After a connection was made. */
  #catchUp(signal: AbortSignal): void {
    const { api, vault } = this.#options
    void vault.sync()
    getPendingRequests(api, { signal }).then(
      (requests) => {
        this.loginRequests.value = requests.map(({ id }) => id)
      },
      // They are on a page of their own, too.
      () => {},
    )
  }

  /** After one could not be made: where the session is over, this is how it is found out. */
  #lookAround(): void {
    const { api, session, vault } = this.#options
    if (session.state.value.kind === 'unlocked') void vault.sync()
    else getRevisionDate(api).catch(() => {})
  }

  #wake(why: WakeUp): void {
    this.#endPause?.()
    if (why !== 'doubt') return
    this.#hub?.close()
    this.#attempt?.abort()
  }

  /** Whether it was cut short, since it is better tried now. */
  #pause(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), ms)
      this.#endPause = () => {
        clearTimeout(timer)
        resolve(true)
      }
    })
  }
}
