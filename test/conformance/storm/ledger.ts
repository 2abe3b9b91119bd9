import { NotificationType } from '../../../src/notify/index.ts'
import type { App } from './app.ts'

/** Something that an app heard from the hub. */
export interface Heard {
  readonly atMs: number
  readonly type: number
  /** The same for the same event on all devices. */
  readonly what: string
  /** Of what it tells of; of a `SyncVault` when it was told. Milliseconds since the Unix epoch, by the server's clock. */
  readonly dateMs: number
  /** The device that did it; null: nobody is known to. */
  readonly by: string | null
}

/** When an app was on the hub, when it read all that there is, and what it heard; in milliseconds since the Unix epoch. */
export class Diary {
  readonly heard: Heard[] = []
  readonly logins: number[] = []
  readonly #connected: { readonly sinceMs: number; untilMs: number }[] = []

  connected(): void {
    this.#connected.push({ sinceMs: Date.now(), untilMs: Number.POSITIVE_INFINITY })
  }

  lost(): void {
    const last = this.#connected.at(-1)
    if (last !== undefined) last.untilMs = Math.min(last.untilMs, Date.now())
  }

  /** How much of that time it listened. */
  listenedMs(sinceMs: number, untilMs: number): number {
    const parts = this.#connected.map((one) => Math.min(one.untilMs, untilMs) - Math.max(one.sinceMs, sinceMs))
    return parts.reduce((sum, ms) => sum + Math.max(0, ms), 0)
  }

  hasJustConnected(atMs: number): boolean {
    return this.listenedMs(atMs - 1_000, atMs) < 990
  }
}

/** What became of the changes that were told to anybody. */
export interface Balance {
  /** Told to a device, and how many of these as the event itself. */
  readonly told: number
  readonly toldAsItself: number
  /** How long a device listened before it was told by a `SyncVault`: the longest, and the half; ms. */
  readonly longestMs: number
  readonly medianMs: number
  /** `SyncVault`s, and those that told nothing: to devices that had just connected, and to others. */
  readonly syncs: number
  readonly vainOfConnected: number
  readonly vainOfOthers: number
  /** Changes that devices never heard of. */
  readonly missed: readonly string[]
}

const { SyncVault, LogOut } = NotificationType

/** Of the devices of one user. */
export function balance(apps: readonly App[]): Balance {
  const changes = new Map<string, Heard>()
  for (const { diary } of apps) {
    for (const heard of diary.heard) {
      if (heard.type !== SyncVault && heard.type !== LogOut) changes.set(heard.what, heard)
    }
  }
  const delays: number[] = []
  const missed: string[] = []
  const counts = { told: 0, toldAsItself: 0, syncs: 0, vainOfConnected: 0, vainOfOthers: 0 }
  for (const { diary, device } of apps) {
    const asItself = new Map(diary.heard.map((heard) => [heard.what, heard]))
    const syncs = diary.heard.filter(({ type }) => type === SyncVault)
    const useful = new Set<Heard>()
    for (const { what, dateMs, by } of changes.values()) {
      if (by === device.deviceId) continue
      const live = asItself.get(what)
      const sync = syncs.find((sync) => sync.dateMs >= dateMs)
      const loginMs = diary.logins.find((ms) => ms >= dateMs) ?? Number.POSITIVE_INFINITY
      if (sync && sync.atMs < Math.min(live?.atMs ?? Number.POSITIVE_INFINITY, loginMs)) useful.add(sync)
      const toldMs = Math.min(live?.atMs ?? Number.POSITIVE_INFINITY, sync?.atMs ?? Number.POSITIVE_INFINITY, loginMs)
      if (toldMs === Number.POSITIVE_INFINITY) missed.push(`device ${device.deviceId} never heard of ${what}`)
      counts.told++
      if (live?.atMs === toldMs) counts.toldAsItself++
      else if (sync?.atMs === toldMs) delays.push(diary.listenedMs(dateMs, toldMs))
    }
    counts.syncs += syncs.length
    for (const sync of syncs) {
      if (useful.has(sync)) continue
      if (diary.hasJustConnected(sync.atMs)) counts.vainOfConnected++
      else counts.vainOfOthers++
    }
  }
  delays.sort((a, b) => a - b)
  return { ...counts, missed, longestMs: delays.at(-1) ?? 0, medianMs: delays[delays.length >> 1] ?? 0 }
}
