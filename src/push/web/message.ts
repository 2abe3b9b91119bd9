import { createHash } from 'node:crypto'
import { NotificationType } from '#notify'
import { syncEvent } from '../event.ts'
import type { BrowserAddress, Push } from '../push.ts'

/** What a browser is sent, before it is encrypted. */
export interface WebPushMessage {
  /** UTF-8. */
  readonly content: Buffer
  /** How long the push service keeps it for a browser that is not there. RFC 8030 §5.2 */
  readonly ttlSeconds: number
  /** RFC 8030 §5.3 */
  readonly urgency: 'normal' | 'high'
  /** Of messages with the same one that wait for a browser, the last alone is handed over. RFC 8030 §5.4 */
  readonly topic: string | undefined
}

/**
 * A push service takes bodies of 4,096 bytes (RFC 8030 §7.2). Of these the encryption needs 86 for its header, 16 for its tag
 * and one for the end of the padding (RFC 8291 §4).
 */
const MAX_CONTENT_BYTES = 4096 - 86 - 16 - 1

/** Browsers that were off for longer sync when they are on. */
const MAX_TTL_SECONDS = 86_400

const URGENT = new Set<number>([NotificationType.LogOut, NotificationType.AuthRequest])

/**
 * Hints of which the last makes up for all before it: those that have a client look whether there is anything new, and the
 * one that has it take everything anew. No others, because Google keeps no more than four topics for a browser at a time,
 * of all its accounts, and drops what has a fifth.
 */
const TOPICS: ReadonlyMap<number, string> = new Map([
  [NotificationType.SyncCiphers, 'look'],
  [NotificationType.SyncVault, 'look'],
  [NotificationType.SyncSettings, 'look'],
  [NotificationType.SyncOrgKeys, 'take'],
])

/** Undefined when it comes too late. */
export function messageFor(push: Push, to: BrowserAddress, nowMs: number): WebPushMessage | undefined {
  if (nowMs >= push.expiresAtMs) return undefined
  const whole = contentOf(push, to)
  const isWhole = whole.length <= MAX_CONTENT_BYTES
  const sent = isWhole ? push : { ...push, ...syncEvent(to.userId, push.queuedAtMs), contextId: push.contextId }
  return {
    content: isWhole ? whole : contentOf(sent, to),
    // Of 0: if the browser is there at this moment.
    ttlSeconds: Math.min(MAX_TTL_SECONDS, Math.floor((push.expiresAtMs - nowMs) / 1000)),
    urgency: URGENT.has(sent.type) ? 'high' : 'normal',
    topic: topicOf(sent.type, to),
  }
}

/** As the worker of the extension reads it, which looks for members by these names. spec: hub §6 */
function contentOf(
  { type, payload, contextId }: Pick<Push, 'type' | 'payload' | 'contextId'>,
  { userId }: BrowserAddress,
): Buffer {
  const data = { type, payload: { ...payload, UserId: userId }, ...(contextId !== null && { contextId }) }
  return Buffer.from(JSON.stringify({ data }))
}

/** Says nothing of whose it is, also not that two browsers are of the same user. */
function topicOf(type: number, { userId, deviceId }: BrowserAddress): string | undefined {
  const kind = TOPICS.get(type)
  if (kind === undefined) return undefined
  const digest = createHash('sha256').update(`${userId} ${deviceId} ${kind}`).digest('base64url')
  // As long as a topic may be.
  return digest.slice(0, 32)
}
