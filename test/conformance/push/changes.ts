import assert from 'node:assert/strict'
import { NotificationType } from '../../../src/notify/index.ts'
import type { Json, TestDevice } from '../../helpers/account.ts'
import type { Arrivals } from '../../helpers/arrivals.ts'
import type { PhoneEvent } from '../../helpers/push-relay.ts'
import type { PushedMessage } from '../../helpers/push-service.ts'
import { until } from '../../helpers/wait.ts'
import { type Household, readByExtension, type Told } from './household.ts'

const { SyncFolderCreate, SyncFolderUpdate, SyncFolderDelete, SyncVault, SyncCiphers, SyncSettings } = NotificationType
const SYNCS: readonly number[] = [SyncVault, SyncCiphers, SyncSettings]

/** Something that the server has acknowledged. */
export interface Change {
  readonly id: string
  readonly isGone: boolean
  /** As it is now; of what is gone, when it was last changed. Milliseconds since the Unix epoch. */
  readonly dateMs: number
  /** When it was acknowledged. */
  readonly doneAtMs: number
}

/** What a device was told, and when. Milliseconds since the Unix epoch. */
type ToldAt = Told & { readonly atMs: number }

/** Makes folders, renames some of them and deletes some, and keeps in mind what the server has acknowledged. */
export class Changes {
  readonly #device: TestDevice
  readonly #last = new Map<string, Change>()
  #count = 0

  constructor(device: TestDevice) {
    this.#device = device
  }

  /** The last of each folder. */
  get all(): readonly Change[] {
    return [...this.#last.values()]
  }

  /** One after the other. Rejects with a `TypeError` when the server is gone. */
  async make(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await this.#next()
  }

  async #next(): Promise<void> {
    const step = this.#count++
    const body = { name: this.#device.encrypt(`folder ${step}`) }
    const present = this.all.filter(({ isGone }) => !isGone)
    const one = present[step % Math.max(1, present.length)]
    if (one === undefined || step % 3 === 0) return this.#keep(await this.#device.post('/api/folders', body))
    if (step % 3 === 1) return this.#keep(await this.#device.put(`/api/folders/${one.id}`, body))
    const { status } = await this.#device.delete(`/api/folders/${one.id}`)
    assert.equal(status, 200)
    this.#last.set(one.id, { ...one, isGone: true, doneAtMs: Date.now() })
  }

  #keep({ status, json }: { status: number; json: Json }): void {
    assert.equal(status, 200)
    const dateMs = Date.parse(json.revisionDate)
    this.#last.set(json.id, { id: json.id, isGone: false, dateMs, doneAtMs: Date.now() })
  }
}

/** Those of `changes` that somebody who was told only this does not know of. */
export function unknownTo(told: readonly ToldAt[], changes: readonly Change[]): Change[] {
  return changes.filter(({ id, isGone, dateMs, doneAtMs }) => {
    const makesKnown = ({ type, payload, atMs }: ToldAt) => {
      // Of an account as a whole, whatever its date says: the app fetches everything when it comes.
      if (SYNCS.includes(type)) return atMs >= doneAtMs
      if (payload.id !== id) return false
      return isGone ? type === SyncFolderDelete : Date.parse(payload.revisionDate) >= dateMs
    }
    return !told.some(makesKnown)
  })
}

/** Resolves when phone and browser know of all of it. */
export async function untilAllIsKnown(home: Household, changes: Changes, deadlineMs = 60_000): Promise<void> {
  const missing = () => ({
    phone: unknownTo(toldTo(home.phone.events), changes.all),
    browser: unknownTo(toldTo(home.browser.subscription.received), changes.all),
  })
  const isKnown = () => missing().phone.length + missing().browser.length === 0
  await until(isKnown, 'all to be known', deadlineMs).catch((cause: unknown) => {
    throw new Error(`Not known: ${JSON.stringify(missing())} of ${changes.all.length}`, { cause })
  })
}

/** In its order. */
export function toldTo({ all, timesMs }: Arrivals<PhoneEvent> | Arrivals<PushedMessage>): ToldAt[] {
  return all.map((one, index) => ({ ...('json' in one ? readByExtension(one) : one), atMs: timesMs[index]! }))
}

/** Throws unless each folder was made before it was changed, and changed before it was deleted, as far as anything was told of it. */
export function assertInOrder(told: readonly Told[]): void {
  const order: readonly number[] = [SyncFolderCreate, SyncFolderUpdate, SyncFolderDelete]
  const last = new Map<string, Told>()
  for (const one of told) {
    if (!order.includes(one.type)) continue
    const before = last.get(one.payload.id)
    last.set(one.payload.id, one)
    if (before === undefined) continue
    const isLater = order.indexOf(one.type) >= order.indexOf(before.type)
    const isNewer = Date.parse(one.payload.revisionDate) >= Date.parse(before.payload.revisionDate)
    assert.ok(isLater && isNewer, `${JSON.stringify(one)} was told behind ${JSON.stringify(before)}`)
  }
}
