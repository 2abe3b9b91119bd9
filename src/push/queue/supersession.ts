import { NotificationType } from '#notify'
import type { Push } from '../push.ts'

/**
 * What a push says, as far as it matters to which others it makes up for:
 * - `object`: one item, folder or Send has changed, or is gone;
 * - `sync`: whatever has changed in the account, fetch it;
 * - `log-out`: nothing told before it matters any more;
 * - `other`: only the same once more makes up for it.
 */
type Meaning =
  | { readonly kind: 'object'; readonly object: string; readonly isNew: boolean; readonly isGone: boolean }
  | { readonly kind: 'sync' | 'log-out' }
  | { readonly kind: 'other'; readonly what: string }

const T = NotificationType

const OBJECTS = new Map<number, { readonly noun: string; readonly isNew?: true; readonly isGone?: true }>([
  [T.SyncCipherCreate, { noun: 'cipher', isNew: true }],
  [T.SyncCipherUpdate, { noun: 'cipher' }],
  [T.SyncCipherDelete, { noun: 'cipher', isGone: true }],
  [T.SyncLoginDelete, { noun: 'cipher', isGone: true }],
  [T.SyncFolderCreate, { noun: 'folder', isNew: true }],
  [T.SyncFolderUpdate, { noun: 'folder' }],
  [T.SyncFolderDelete, { noun: 'folder', isGone: true }],
  [T.SyncSendCreate, { noun: 'send', isNew: true }],
  [T.SyncSendUpdate, { noun: 'send' }],
  [T.SyncSendDelete, { noun: 'send', isGone: true }],
])

/** For each of them all apps do the same: ask for the date of the last change, and sync if theirs is older. spec: hub §3.1 */
const SYNCS = new Set<number>([T.SyncVault, T.SyncCiphers, T.SyncSettings])

function meaningOf({ type, payload }: Push): Meaning {
  if (SYNCS.has(type)) return { kind: 'sync' }
  // With a reason an app may decide to stay.
  if (type === T.LogOut && (payload.Reason ?? null) === null) return { kind: 'log-out' }
  const { noun, isNew = false, isGone = false } = OBJECTS.get(type) ?? {}
  if (noun !== undefined) return { kind: 'object', object: `${noun} ${payload.Id}`, isNew, isGone }
  return { kind: 'other', what: `${type} ${payload.Id ?? ''}` }
}

/** Whether it says that something in an account has changed, so that a `SyncVault` can stand for it. */
export function isHint(push: Push): boolean {
  const { kind } = meaningOf(push)
  return kind === 'object' || kind === 'sync'
}

/** Whether `waiting` need not be told any more when `later` will be. Both are for the same addressee. */
export function isSuperseded(waiting: Push, later: Push): boolean {
  // Whoever is to hear the one must be among those who hear the other.
  if (later.contextId !== null && later.contextId !== waiting.contextId) return false
  if (clientTypeOf(later) !== undefined && clientTypeOf(later) !== clientTypeOf(waiting)) return false
  const [was, is] = [meaningOf(waiting), meaningOf(later)]
  switch (is.kind) {
    case 'log-out':
      return true
    case 'sync':
      return was.kind === 'sync' || was.kind === 'object'
    case 'object':
      if (was.kind !== 'object' || was.object !== is.object) return false
      // An app passes over an update of what it does not know, and the creation of what it knows: it may need both.
      return is.isGone || was.isNew === is.isNew
    case 'other':
      return was.kind === 'other' && was.what === is.what
  }
}

const clientTypeOf = ({ to }: Push) => (to.kind === 'phones' ? to.clientType : undefined)

/** Whether `later` need not be told, since `waiting` has the app fetch everything when it comes, which is after `later`. */
export function isCovered(later: Push, waiting: Push): boolean {
  if (waiting.contextId !== null && waiting.contextId !== later.contextId) return false
  return meaningOf(waiting).kind === 'sync' && isHint(later)
}
