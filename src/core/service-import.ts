import type { Account, AccountTools } from './account.ts'
import type { ServiceExport } from './account-definition.ts'
import { type Hop, type Journey, mayCross, type ServiceCrossing } from './crossing.ts'
import type { ImportMapping } from './import-mapping.ts'
import type { Message } from './message.ts'
import { NOBODY, type Peer } from './peer.ts'
import { type RequestInfo, requestInfo, withRequestInfo } from './request-info.ts'
import { LatencySample } from './service-latency.ts'
import { Subscription } from './subscription.ts'

export interface ServiceLink {
  readonly exporter: Account
  readonly service: ServiceExport
  readonly mapping: ImportMapping
  /** Whether who answers is told who asks. */
  readonly shares: boolean
}

/** A service of another account, as the importing account sees it: a subscriber that takes requests over. */
export class ServiceImportCrossing implements ServiceCrossing {
  readonly kind = 'service'
  readonly subscription: Subscription
  readonly #importer: Account
  readonly #link: ServiceLink
  readonly #tools: AccountTools

  constructor(importer: Account, link: ServiceLink, tools: AccountTools) {
    this.#importer = importer
    this.#link = link
    this.#tools = tools
    this.subscription = new Subscription(NOBODY, link.mapping.local, '', '', this)
  }

  carry(message: Message, journey: Journey): boolean {
    const { from, echoes, hop, budget } = journey
    const { exporter, service, mapping, shares } = this.#link
    if (!mayCross(journey, service)) return false

    const info = this.#infoOf(from, hop)
    const sample = LatencySample.of({ service, exporter, requestor: info, message, ...this.#tools })
    const responses = message.reply === '' ? undefined : exporter.responsesTo(this.#importer)
    if (responses === undefined) sample?.failed('noReply')
    const reply = responses?.expect({ reply: message.reply, service, sample }) ?? ''
    const subject = exporter.mapped(mapping.toRemote(message.subject))
    const request = withRequestInfo(message, { subject, reply, info })
    const next = { service, shares: hop?.shares ?? shares, info, previous: hop, budget }
    const isDelivered = exporter.carryOn(request, { from, echoes, hop: next }) > 0
    if (!isDelivered) responses?.giveUp(reply)
    return isDelivered
  }

  /** Whoever comes later in a chain of services knows no more of the requestor than the first, save for its server. */
  #infoOf(from: Peer | undefined, hop: Hop | undefined): RequestInfo {
    const { exporter, shares } = this.#link
    const requestor = from?.requestor?.()
    const first = hop?.info ?? requestInfo(this.#importer.name, requestor, shares)
    const server = shares || this.#tools.isSystemAccount(exporter.name) ? requestor?.server : undefined
    return { ...first, svc: hop?.info === undefined ? undefined : this.#importer.name, server: first.server ?? server }
  }
}
