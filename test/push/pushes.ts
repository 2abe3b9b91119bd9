import { randomUUID } from 'node:crypto'
import { NotificationType } from '#notify'
import { ttlMs } from '../../src/push/event.ts'
import type { Deliver, Outcome, Push } from '../../src/push/push.ts'

export const USER = '11111111-1111-4111-8111-111111111111'
export const OTHER = '22222222-2222-4222-8222-222222222222'

/** For the phones of `USER` unless `given` says otherwise. */
export function pushOf(type: number, given: Partial<Push> = {}): Push {
  const queuedAtMs = given.queuedAtMs ?? Date.UTC(2026, 0, 2, 3, 4, 5, 678)
  return {
    id: randomUUID(),
    to: toPhonesOf(USER),
    type,
    payload: { UserId: USER },
    contextId: null,
    queuedAtMs,
    expiresAtMs: queuedAtMs + ttlMs(type),
    ...given,
  }
}

export const toPhonesOf = (id: string): Push['to'] => ({ kind: 'phones', audience: 'user', id, actingPushId: null })

export const toBrowserOf = (userId: string, deviceId: string, origin = 'https://push.example'): Push['to'] => ({
  kind: 'browser',
  userId,
  deviceId,
  origin,
})

/** About the item `Id`. */
export const about = (type: number, Id: string, given: Partial<Push> = {}) =>
  pushOf(type, { payload: { Id, UserId: USER }, ...given })

export const nameOf = ({ type, payload }: Push) => {
  const name = Object.entries(NotificationType).find(([, number]) => number === type)?.[0]
  return payload.Id === undefined ? `${name}` : `${name} ${payload.Id}`
}

/** A push service whose answers the test gives, one attempt at a time. */
export class HandDelivery {
  /** Attempts that wait for their outcome, oldest first. */
  readonly attempts: { readonly push: Push; readonly signal: AbortSignal; answer(outcome: Outcome): Promise<void> }[] =
    []
  readonly deliver: Deliver = (push, signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
    signal.addEventListener('abort', () => reject(signal.reason))
    const attempt = {
      push,
      signal,
      answer: async (outcome: Outcome) => {
        this.attempts.splice(this.attempts.indexOf(attempt), 1)
        resolve(outcome)
        await settled()
      },
    }
    this.attempts.push(attempt)
    return promise
  }

  get names(): string[] {
    return this.attempts.map(({ push }) => nameOf(push))
  }

  /** The attempt that waits for longest. */
  async answer(outcome: Outcome): Promise<void> {
    await this.attempts[0]!.answer(outcome)
  }
}

/** Whatever needs no time has happened. */
export const settled = () => new Promise<void>((resolve) => setImmediate(resolve))
