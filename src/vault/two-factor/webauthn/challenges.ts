import { randomBytes } from 'node:crypto'
import type { Store } from '#store'
import { parseJson } from '../../json-text.ts'
import { isObject } from '../../schema.ts'
import { newRow } from '../factor-types.ts'

const CHALLENGE_BYTES = 32

/** How long a key may take, which browsers are told too. */
export const TIMEOUT_MS = 120_000

/** Of one user and kind at once: several devices may be about to log in. */
const MAX_OPEN = 8

interface OpenChallenge {
  readonly challenge: string
  /** Milliseconds since the epoch. */
  readonly until: number
}

/**
 * A new challenge, kept in the user's row of `type` until it is answered; where too many are open the oldest is given up.
 * What Vaultwarden has in such a row is for no answer of ours, and is replaced. In a transaction.
 */
export async function openChallenge(
  { twoFactors }: Pick<Store, 'twoFactors'>,
  { userId, type, now }: { userId: string; type: number; now: number },
): Promise<string> {
  const challenge = randomBytes(CHALLENGE_BYTES).toString('base64url')
  const open = readChallenges((await twoFactors.find(userId, type))?.data, now)
  const kept = [...open, { challenge, until: now + TIMEOUT_MS }].slice(-MAX_OPEN)
  await twoFactors.put(newRow(userId, type, kept))
  return challenge
}

/** Uses a challenge up; false when it is not open any more, or never was. In a transaction, too. */
export async function closeChallenge(
  { twoFactors }: Pick<Store, 'twoFactors'>,
  { userId, type, now, challenge }: { userId: string; type: number; now: number; challenge: string },
): Promise<boolean> {
  const open = readChallenges((await twoFactors.find(userId, type))?.data, now)
  const left = open.filter((one) => one.challenge !== challenge)
  if (left.length === 0) await twoFactors.delete(userId, type)
  else await twoFactors.put(newRow(userId, type, left))
  return left.length < open.length
}

function readChallenges(data: string | undefined, now: number): OpenChallenge[] {
  const list = parseJson(data)
  return Array.isArray(list) ? list.filter(isOpen).filter(({ until }) => until >= now) : []
}

const isOpen = (value: unknown): value is OpenChallenge =>
  isObject(value) && typeof value.challenge === 'string' && typeof value.until === 'number'
