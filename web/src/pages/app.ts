import { getContext, setContext } from 'svelte'
import type { Api } from '../api/client.ts'
import type { Live } from '../live/live.ts'
import type { Session } from '../session/session.ts'
import type { Vault } from '../vault/vault.ts'
import type { Router } from './router.ts'

/** What every page can reach. */
export interface App {
  readonly api: Api
  readonly session: Session
  readonly vault: Vault
  readonly live: Live
  readonly router: Router
}

const KEY = Symbol('app')

/** For the root of the page alone. */
export function setApp(app: App): void {
  setContext(KEY, app)
}

/** While a component is made, that is at the top of its script. */
export function getApp(): App {
  return getContext<App>(KEY)
}
