import type { Clock } from '#kit'
import type { Device, Store, User } from '#store'
import { equalSecrets } from './compare.ts'
import { isExcepted, type StampExceptionRoute } from './stamp-exception.ts'
import type { AccessClaims, Tokens } from './tokens.ts'

/** Who acts, and from which device. */
export interface Session {
  readonly user: User
  readonly device: Device
  readonly claims: AccessClaims
}

/** Turns an access token into the session it stands for, as long as that session holds. */
export class Sessions {
  readonly #tokens: Tokens
  readonly #store: Store
  readonly #clock: Clock

  constructor(tokens: Tokens, store: Store, clock: Clock) {
    this.#tokens = tokens
    this.#store = store
    this.#clock = clock
  }

  /**
   * Checks signature and times, the device, the user, whether the user is enabled, and the security stamp, in this
   * order (spec/vault.md §2.4.5); undefined when any fails. `route` is set by the few routes that an old stamp may
   * still reach for two minutes after a change of the password.
   */
  async authenticate(token: string, route?: StampExceptionRoute): Promise<Session | undefined> {
    const claims = await this.#tokens.verifyAccess(token)
    if (!claims) return undefined
    const device = await this.#store.devices.find(claims.device, claims.sub)
    if (!device) return undefined
    const user = await this.#store.users.find(claims.sub)
    if (!user?.enabled) return undefined
    const isCurrent = equalSecrets(user.securityStamp, claims.sstamp)
    if (!isCurrent && !(route && isExcepted(user, claims.sstamp, route, this.#clock.now()))) return undefined
    return { user, device, claims }
  }
}
