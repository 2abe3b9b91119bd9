/** What every form of authentication has to show over every carrier: who gets in, who does not, and who has to go. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  assertEchoes,
  assertEnding,
  assertRefused,
  CARRIERS,
  type Carrier,
  type Credentials,
  type ExpectedEnding,
  LET_GO,
  VIOLATION,
} from './carriers.ts'
import { Certificates, type Implementation, type SiteConfig, Sites } from './sites.ts'

/** For the whole file: made before its tests have names. */
export const certificates = await Certificates.create()
after(() => certificates[Symbol.asyncDispose]())

export interface Shown extends Credentials {
  /** What it may publish to and subscribe to, which shows who it is taken for. Default: `echo`. */
  readonly subject?: string
}

type Table = Readonly<Record<string, Shown>>

export interface Form {
  readonly name: string
  readonly config: SiteConfig
  /** What gets in, by what it is. */
  readonly accepted?: Table
  readonly refused?: Table
  /** What gets in over WebSockets and is refused over TCP. */
  readonly webSocketOnly?: Table
  readonly tcpOnly?: Table
  /** Read again in the place of `config`, it sends the first of `accepted` away, and lets nobody in like it. */
  readonly removal?: SiteConfig
  /** Whether nats-server does so without a word. */
  readonly isRemovalSilent?: boolean
  /** What they are told otherwise. Default: that their authorization is violated. */
  readonly removalEnding?: ExpectedEnding
  /** Default: all. */
  readonly carriers?: readonly Carrier[]
}

export function describeForm(implementation: Implementation, form: Form): void {
  const { name, config, accepted = {}, refused = {}, webSocketOnly = {}, tcpOnly = {}, carriers = CARRIERS } = form
  describe(name, () => {
    let sites: Sites
    before(async () => {
      sites = await Sites.start(implementation, config, certificates)
    })
    after(() => sites?.[Symbol.asyncDispose]())

    const accepts = async (carrier: Carrier, { subject, ...credentials }: Shown) => {
      await using joined = await sites.join(carrier, credentials)
      await assertEchoes(joined.connection, subject)
    }
    const refuses = (carrier: Carrier, { subject: _, ...credentials }: Shown) =>
      assertRefused(...sites.over(carrier, credentials))
    const each = (shown: Table, isAccepted: (carrier: Carrier) => boolean) => {
      for (const [what, credentials] of Object.entries(shown)) {
        for (const carrier of carriers) {
          const run = isAccepted(carrier) ? accepts : refuses
          const does = isAccepted(carrier) ? 'gets in' : 'is refused'
          test(`${what} ${does} over ${carrier.name}`, () => run(carrier, credentials))
        }
      }
    }
    each(accepted, () => true)
    each(refused, () => false)
    each(webSocketOnly, ({ isWebSocket }) => isWebSocket)
    each(tcpOnly, ({ isWebSocket }) => !isWebSocket)

    const { removal, isRemovalSilent = false, removalEnding = VIOLATION } = form
    if (removal === undefined) return

    test('who is no longer welcome after a reload is sent away, over every carrier', async () => {
      const { subject: _, ...credentials }: Shown = Object.values(accepted)[0]!
      const inside = await sites.joinAll(credentials, carriers)
      assert.equal(await sites.reload(removal), undefined)
      const expected = isRemovalSilent && implementation.name !== 'belfry' ? LET_GO : removalEnding
      for (const { carrier, joined } of inside) assertEnding(carrier, await joined.ended(), expected)
      for (const carrier of carriers) await assertRefused(...sites.over(carrier, credentials))
    })
  })
}
