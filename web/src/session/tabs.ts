import { isObject } from '../api/json.ts'
import type { SignedOutReason } from './state.ts'

/** What one tab tells the others of this vault. No secret is ever in it. */
export type TabMessage =
  | { readonly kind: 'locked' }
  | { readonly kind: 'signed-out'; readonly why: SignedOutReason }
  /** Somebody has logged in: who, stands in the storage. */
  | { readonly kind: 'signed-in' }
  /** There was input there. */
  | { readonly kind: 'active' }
  /** Something else is wanted: what, stands in the storage. */
  | { readonly kind: 'preferences' }

/** A `BroadcastChannel`, or less. */
export interface TabChannel {
  postMessage(message: unknown): void
  onmessage: ((event: MessageEvent) => void) | null
  close(): void
}

/** The other tabs of the same vault in this browser: they lock together, and log out together. */
export class Tabs {
  readonly #channel: TabChannel | undefined

  constructor(channel: TabChannel | undefined, hear: (message: TabMessage) => void) {
    this.#channel = channel
    if (channel === undefined) return
    channel.onmessage = ({ data }) => {
      const message = readMessage(data)
      if (message !== undefined) hear(message)
    }
  }

  tell(message: TabMessage): void {
    this.#channel?.postMessage(message)
  }

  close(): void {
    this.#channel?.close()
  }
}

/** Another tab may run another version. */
function readMessage(data: unknown): TabMessage | undefined {
  if (!isObject(data)) return undefined
  const { kind, why } = data
  if (kind === 'locked' || kind === 'signed-in' || kind === 'active' || kind === 'preferences') return { kind }
  if (kind === 'signed-out') return { kind, why: why === 'revoked' ? 'revoked' : 'logged-out' }
  return undefined
}
