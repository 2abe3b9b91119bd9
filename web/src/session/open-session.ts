import { Api, type ApiOptions } from '../api/client.ts'
import { describeBrowser } from '../api/device.ts'
import { type Clock, systemClock } from './clock.ts'
import { deviceIdentifier } from './device-identifier.ts'
import { Session } from './session.ts'
import { type PageStorage, Shelf } from './shelf.ts'
import type { TabChannel } from './tabs.ts'

export interface OpenSessionOptions extends Pick<ApiOptions, 'fetch' | 'upload'> {
  /** Where the server is, with the path it may lie below. */
  readonly base: URL
  /** May throw, as `localStorage` does where a site may keep nothing. */
  readonly storage: () => PageStorage
  /** By a name of this vault; undefined where there are no other tabs to hear. */
  readonly channel?: ((name: string) => TabChannel) | undefined
  readonly userAgent: string
  readonly clock?: Clock
}

/** The server and who is logged in to it, joined to each other, and started. What belongs to one vault is kept apart by its path. */
export function openSession(options: OpenSessionOptions): { readonly api: Api; readonly session: Session } {
  const { base, storage, channel, userAgent, clock = systemClock, fetch, upload } = options
  const scope = base.pathname
  const shelf = new Shelf(storage, scope)
  const api: Api = new Api({
    base,
    device: describeBrowser(userAgent, deviceIdentifier(shelf)),
    fetch,
    upload,
    now: () => clock.now(),
    sharedRefreshToken: () => session.sharedRefreshToken,
  })
  const session = new Session({ api, shelf, channel: channel?.(`belfry:${scope}`), clock })
  session.start()
  return { api, session }
}
