import type { CloseReason } from '../close-reason.ts'
import type { DoorContext } from '../context.ts'
import type { LeafConnection } from './connection.ts'

/** What all leaf node connections share. */
export interface LeafContext extends Omit<DoorContext, 'heads' | 'onLeft' | 'onGone'> {
  /** The connection takes no part any more; what is left of it is its farewell. */
  onLeft(connection: LeafConnection, reason: CloseReason): void
  /** Its transport is gone. */
  onGone(connection: LeafConnection): void
}
