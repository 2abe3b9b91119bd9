import { randomBytes } from 'node:crypto'
import type { Account } from './account.ts'
import type { ServiceExport, ServiceLatency } from './account-definition.ts'
import { Message } from './message.ts'
import type { Peer } from './peer.ts'
import { type RequestInfo, requestInfo, withoutEmpty } from './request-info.ts'
import { type TraceHeaders, traceHeaders } from './trace-headers.ts'

/** What nats-server says of requests that were not answered. */
const FAILURES = {
  noReply: [400, 'Bad Request'],
  nobodyWaits: [408, 'Request Timeout'],
  nobodyServes: [503, 'Service Unavailable'],
  noAnswer: [504, 'Service Timeout'],
} as const

interface SampleOptions {
  readonly service: ServiceExport
  readonly exporter: Account
  readonly requestor: RequestInfo
  readonly message: Message
  random(below: number): number
  monotonicMs(): number
}

/** How long the answer to one request takes: told in the account of the service, to the subject that its export names. */
export class LatencySample {
  readonly #exporter: Account
  readonly #subject: string
  readonly #requestor: RequestInfo
  readonly #header: TraceHeaders | undefined
  readonly #monotonicMs: () => number
  readonly #startMs: number

  /** `undefined`: this request is not one of those that are measured. */
  static of(options: SampleOptions): LatencySample | undefined {
    const { service, message, random } = options
    const { latency, responseType } = service
    if (latency === undefined || responseType !== 'single') return undefined
    const isDrawn = isAmongDrawn(latency, random)
    const header = isDrawn ? undefined : traceHeaders(message)
    return isDrawn || header !== undefined ? new LatencySample(latency, header, options) : undefined
  }

  private constructor({ subject }: ServiceLatency, header: TraceHeaders | undefined, options: SampleOptions) {
    this.#exporter = options.exporter
    this.#subject = subject
    this.#requestor = { ...options.requestor, svc: undefined }
    this.#header = header
    this.#monotonicMs = () => options.monotonicMs()
    this.#startMs = this.#monotonicMs()
  }

  answered(by: Peer | undefined): void {
    const responder = requestInfo(this.#exporter.name, by?.requestor?.(), true)
    const answerNs = this.#elapsedNs()
    this.#report({
      status: 200,
      responder,
      service: Math.max(0, answerNs - (responder.rtt ?? 0)),
      total: answerNs + (this.#requestor.rtt ?? 0),
    })
  }

  failed(failure: keyof typeof FAILURES): void {
    const [status, description] = FAILURES[failure]
    this.#report({ status, description, service: 0, total: 0 })
  }

  #elapsedNs(): number {
    return Math.round((this.#monotonicMs() - this.#startMs) * 1e6)
  }

  #report(result: {
    status: number
    description?: string
    responder?: RequestInfo
    service: number
    total: number
  }): void {
    const { status, description, responder, service, total } = result
    const now = this.#exporter.nowMs()
    const startMs = now - (this.#elapsedNs() + (this.#requestor.rtt ?? 0)) / 1e6
    const metric = {
      type: 'io.nats.server.metric.v1.service_latency',
      id: randomBytes(16).toString('base64url'),
      timestamp: new Date(now).toISOString(),
      status,
      description,
      requestor: withoutEmpty(this.#requestor),
      responder: responder && withoutEmpty(responder),
      header: this.#header,
      start: new Date(startMs).toISOString(),
      service,
      // Between the servers of requestor and responder, which are one.
      system: 0,
      total,
    }
    const message = new Message(this.#subject, Buffer.from(JSON.stringify(metric)))
    this.#exporter.carryOn(message, { from: undefined, echoes: true, hop: undefined })
  }
}

function isAmongDrawn({ sampling }: ServiceLatency, random: (below: number) => number): boolean {
  return sampling !== 'headers' && (sampling >= 100 || random(100) < sampling)
}
