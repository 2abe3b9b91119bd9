/**
 * How long the sublist takes to say who gets a message, and to take a subscription in and out. Beside it stands a plain
 * Map from subject to subscriptions: what it would cost if there were no wildcards. Run: `node bench/match.ts`
 */
import { type Peer, Sublist, Subscription } from '#core'
import { machine } from './machine.ts'
import { compare } from './measure.ts'

/** Fewer than the sublist remembers, and more. */
const REMEMBERED_SUBJECTS = 1_000
const TOO_MANY_SUBJECTS = 10_000

const MATCHES_PER_ROUND = 50_000
const CHANGES_PER_ROUND = 5_000

const peer: Peer = { send() {} }
let sum = 0

/** Every hundredth is a wildcard over its tenant, so that each match has a literal and a wildcard receiver. */
function subscriptions(count: number): Subscription[] {
  return Array.from({ length: count }, (_, i) =>
    i % 100 === 0
      ? new Subscription(peer, `tenant.${i / 100}.>`, String(i))
      : new Subscription(peer, subject(i), String(i)),
  )
}

function subject(i: number): string {
  return `tenant.${Math.floor(i / 100)}.device.${i}.changed`
}

/** Strings of their own, as a parser makes them: not the very objects that were subscribed with. */
function published(count: number, below: number): string[] {
  return Array.from({ length: count }, (_, i) => subject(Math.floor((i * below) / count)))
}

class PlainMap {
  readonly #subscriptions = new Map<string, Set<Subscription>>()

  insert(subscription: Subscription): void {
    const others = this.#subscriptions.get(subscription.subject)
    if (others === undefined) this.#subscriptions.set(subscription.subject, new Set([subscription]))
    else others.add(subscription)
  }

  remove(subscription: Subscription): void {
    const others = this.#subscriptions.get(subscription.subject)
    others?.delete(subscription)
    if (others?.size === 0) this.#subscriptions.delete(subscription.subject)
  }

  match(subject: string): number {
    return this.#subscriptions.get(subject)?.size ?? 0
  }
}

function filled(count: number): { sublist: Sublist; map: PlainMap } {
  const sublist = new Sublist()
  const map = new PlainMap()
  for (const subscription of subscriptions(count)) {
    sublist.insert(subscription)
    map.insert(subscription)
  }
  return { sublist, map }
}

function compareMatch(title: string, count: number, subjects: readonly string[]): void {
  const { sublist, map } = filled(count)
  const each = (match: (subject: string) => number) => () => {
    for (let i = 0; i < MATCHES_PER_ROUND; i++) sum += match(subjects[i % subjects.length]!)
  }
  compare(title, MATCHES_PER_ROUND, [
    { name: 'Sublist.match', run: each((subject) => sublist.match(subject).plain.length) },
    { name: 'Map.get, no wildcards', run: each((subject) => map.match(subject)) },
  ])
}

function compareChanges(title: string, count: number, pattern: (i: number) => string): void {
  const { sublist, map } = filled(count)
  const changing = Array.from({ length: CHANGES_PER_ROUND }, (_, i) => new Subscription(peer, pattern(i), `c${i}`))
  const each = (target: Pick<PlainMap, 'insert'> & { remove(subscription: Subscription): unknown }) => () => {
    for (const subscription of changing) target.insert(subscription)
    for (const subscription of changing) target.remove(subscription)
  }
  compare(title, 2 * CHANGES_PER_ROUND, [
    { name: 'Sublist.insert or remove', run: each(sublist) },
    { name: 'Map of Sets, no wildcards', run: each(map) },
  ])
}

console.log(`${machine()}; one match, one change`)
for (const count of [10_000, 100_000]) {
  const name = `${count.toLocaleString('en')} subscriptions`
  compareMatch(`${name}, match of a remembered subject`, count, published(REMEMBERED_SUBJECTS, count))
  compareMatch(`${name}, match of a subject to look up`, count, published(TOO_MANY_SUBJECTS, count))
  compareChanges(`${name}, literal subjects come and go`, count, (i) => `tenant.${i % 100}.inbox.${i}`)
  compareChanges(`${name}, wildcards come and go`, count, (i) => `tenant.${i % 100}.*.${i}.>`)
}
if (sum === 0) throw new Error('nothing matched')
