import type { OutgoingHttpHeaders } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import Type, { type Static } from 'typebox'
import type { AdminTools } from './app.ts'

/** What to look at, and for how long nothing is to be said on connections. */
export const DoctorOrder = Type.Object({
  url: Type.String({ minLength: 1, maxLength: 2048 }),
  idleSeconds: Type.Integer({ minimum: 0, maximum: 300 }),
})
export type DoctorOrder = Static<typeof DoctorOrder>

/** Runs the doctor: calls `onCheck` with each finding as it is made, plain data, and resolves with the report. */
export type Doctor = (order: DoctorOrder & { signal: AbortSignal }, onCheck: (check: object) => void) => Promise<object>

/**
 * Between two findings the doctor may be silent for minutes, and a proxy whose limit for that is too short is what it looks
 * for: its answer must not be cut by the same one.
 */
const KEEP_ALIVE_MS = 3_000

type Surroundings = Pick<AdminTools, 'doctor' | 'domain' | 'basePath' | 'logger' | 'clock'>

/** The doctor for whoever looks at the pages: one at a time, which ends when nobody listens any more. */
export class DoctorRuns {
  readonly #tools: Surroundings
  #isUnderWay = false

  constructor(tools: Surroundings) {
    this.#tools = tools
  }

  /**
   * Findings as lines of JSON (`{"check":…}`), the last one the report (`{"report":…}`) or what went wrong (`{"error":…}`);
   * between them lines that say nothing (`{}`).
   */
  async answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const order = request.body as DoctorOrder
    // The server asks nobody but itself on behalf of a page.
    if (!this.#isOurs(order.url, request))
      return reply.code(400).send({ message: 'That is not an address of this server' })
    if (this.#isUnderWay) return reply.code(409).send({ message: 'The doctor is under way already' })
    this.#isUnderWay = true
    const { raw } = reply.hijack()
    const abort = new AbortController()
    raw.once('close', () => abort.abort())
    // Whoever asked may have gone already.
    if (raw.destroyed) abort.abort()
    // Not kept back by proxies: whoever looks wants to see the findings one by one.
    const headers = { 'Content-Type': 'application/x-ndjson', 'X-Accel-Buffering': 'no', ...reply.getHeaders() }
    raw.writeHead(200, headers as OutgoingHttpHeaders)
    const line = (value: object) => void (raw.destroyed || raw.write(`${JSON.stringify(value)}\n`))
    const keepAlive = this.#tools.clock.every(KEEP_ALIVE_MS, () => line({}))
    try {
      line({ report: await this.#tools.doctor({ ...order, signal: abort.signal }, (check) => line({ check })) })
    } catch (error) {
      if (!abort.signal.aborted) this.#tools.logger.error({ error }, 'the doctor failed')
      line({ error: (error as Error).message })
    } finally {
      keepAlive.cancel()
      this.#isUnderWay = false
      raw.end()
    }
    return reply
  }

  #isOurs(url: string, { headers }: FastifyRequest): boolean {
    const { domain, basePath } = this.#tools
    const plain = url.replace(/\/+$/, '')
    if (domain !== undefined) return plain === domain
    return headers.origin !== undefined && plain === headers.origin + basePath
  }
}
