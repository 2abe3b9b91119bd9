import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import path from 'node:path'
import { type Clock, type Logger, silentLogger } from '#kit'
import { requestTarget } from '#net'
import { accountz, accstatz } from './accounts.ts'
import { connz } from './connz.ts'
import { healthz } from './healthz.ts'
import { indexPage } from './index-page.ts'
import { compactJson, indentedJson, type JsonObject } from './json.ts'
import { leafz } from './leafz.ts'
import { OneByOne } from './one-by-one.ts'
import { ProcessMeter } from './process-usage.ts'
import { pushz } from './pushz.ts'
import { BadRequest, Query } from './query.ts'
import { type Answer, refuseForNow, respond, sendText } from './respond.ts'
import { Overloaded, type Scan, Scans } from './scans.ts'
import type { MonitoringSource } from './source.ts'
import { gatewayz, jsz, routez } from './stand-alone.ts'
import { subsz } from './subsz.ts'
import { varz } from './varz.ts'

export interface MonitoringHandlerOptions {
  /** nats-server's `http_base_path`; with or without the slash before it. Default: everything lies at the root. */
  readonly basePath?: string | undefined
  readonly clock: Clock
  readonly logger?: Logger | undefined
}

/** Answers that are too long for one piece, at once. Nobody logs in here, so the memory that they hold needs a bound. */
const MAX_LONG_ANSWERS = 8
/** JSONP: names that a page can have given a function, joined by dots. Anything else would be a program of the sender's. */
const CALLBACK = /^(?=.{1,128}$)[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*$/
const PLAIN = 'text/plain; charset=utf-8'
const JSON_TYPE = 'application/json'

type List = (source: MonitoringSource, query: Query, nowMs: number, scan: Scan) => JsonObject | Promise<JsonObject>

/** What needs nothing but the source and the query. */
const LISTS: Readonly<Record<string, List>> = {
  '/connz': connz,
  '/routez': routez,
  '/gatewayz': gatewayz,
  '/leafz': leafz,
  '/subsz': subsz,
  '/accountz': accountz,
  '/accstatz': accstatz,
  '/jsz': jsz,
  '/pushz': pushz,
}

/**
 * Answers nats-server's monitoring requests (`spec/nats.md` §7), and one of our own, from what `source` says at that moment. As there, any
 * method is answered like GET, a parameter that does not parse is a 400 with nats-server's text, and other paths are 404.
 * No answer holds the event loop for long, and no answer has a secret in it as long as the source has none.
 */
export function createMonitoringHandler(source: MonitoringSource, options: MonitoringHandlerOptions): RequestListener {
  const endpoints = new MonitoringEndpoints(source, options)
  return (request, response) => void endpoints.handle(request, response)
}

class MonitoringEndpoints {
  readonly #source: MonitoringSource
  readonly #clock: Clock
  readonly #logger: Logger
  /** As the operator wrote it: `/varz` shows it. */
  readonly #givenBasePath: string
  /** Empty, or a path that begins with a slash and ends with none. */
  readonly #basePath: string
  readonly #meter = new ProcessMeter()
  readonly #oneByOne = new OneByOne()
  readonly #scans: Scans
  readonly #requests = new Map<string, number>()
  #longAnswers = 0

  constructor(source: MonitoringSource, { basePath = '', clock, logger = silentLogger }: MonitoringHandlerOptions) {
    this.#source = source
    this.#clock = clock
    this.#logger = logger
    this.#scans = new Scans(clock)
    this.#givenBasePath = basePath
    this.#basePath = path.posix.join('/', basePath).replace(/\/$/, '')
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await this.#oneByOne.turnOf(request, response)
    if (request.socket.destroyed) return
    try {
      const answer = await this.#answer(request, response)
      await respond(response, answer, { clock: this.#clock, admit: () => this.#admitLongAnswer() })
    } catch (error) {
      if (error instanceof BadRequest) {
        sendText(response, { status: 400, type: PLAIN, text: error.message })
        return
      }
      if (error instanceof Overloaded) {
        refuseForNow(response, error.message)
        return
      }
      this.#logger.error({ error }, 'monitoring request failed')
      if (response.headersSent) response.destroy()
      else sendText(response, { status: 500, type: PLAIN, text: 'Internal Server Error' })
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<Answer> {
    const { path: target, query } = requestTarget(request)
    const endpoint = this.#endpointOf(target)
    // Errors are plain text that repeats what was sent: no browser may take it for anything else.
    response.setHeader('X-Content-Type-Options', 'nosniff')
    if (endpoint === undefined) return { status: 404, type: PLAIN, body: ['404 page not found\n'] }
    return this.#answerOf(endpoint, new Query(query), response)
  }

  /** The path below the base path; `undefined` outside of it. `/subscriptionsz` is the old name of `/subsz`. */
  #endpointOf(target: string): string | undefined {
    if (target === (this.#basePath === '' ? '/' : this.#basePath)) return '/'
    if (!target.startsWith(`${this.#basePath}/`)) return undefined
    const endpoint = target.slice(this.#basePath.length)
    if (endpoint === '/') return undefined // nats-server, too, has the index page without the slash only
    return endpoint === '/subscriptionsz' ? '/subsz' : endpoint
  }

  async #answerOf(endpoint: string, query: Query, response: ServerResponse): Promise<Answer> {
    const list = Object.hasOwn(LISTS, endpoint) ? LISTS[endpoint] : undefined
    if (list !== undefined) {
      this.#count(endpoint)
      const scan: Scan = (work) => this.#scans.run(work, () => !response.destroyed)
      return this.#json(response, query, indentedJson(await list(this.#source, query, this.#clock.now(), scan)))
    }
    switch (endpoint) {
      case '/':
        this.#count(endpoint)
        return {
          status: 200,
          type: 'text/html; charset=utf-8',
          body: [indexPage(this.#basePath, this.#source.server().version)],
        }
      case '/varz':
        this.#count(endpoint)
        return this.#json(response, query, indentedJson(this.#varz()))
      case '/healthz':
        this.#count(endpoint)
        return this.#healthz(response, query)
      case '/ipqueuesz':
        return this.#json(response, query, ['{}'])
      case '/raftz':
        return { status: 404, type: PLAIN, body: ['No Raft nodes registered'] }
      default:
        return { status: 404, type: PLAIN, body: ['404 page not found\n'] }
    }
  }

  #varz(): JsonObject {
    return varz({
      server: this.#source.server(),
      totals: this.#source.totals(),
      usage: this.#meter.read(),
      nowMs: this.#clock.now(),
      basePath: this.#givenBasePath,
      requests: Object.fromEntries([...this.#requests].sort(([a], [b]) => (a < b ? -1 : 1))),
    })
  }

  #healthz(response: ServerResponse, query: Query): Answer {
    const { status, body, failure } = healthz(this.#source, query)
    if (failure !== undefined) this.#logger.warn({ failure }, 'health check failed')
    return { ...this.#json(response, query, [compactJson(body)]), status }
  }

  /** JSON that pages of any origin may read; with `callback=`, wrapped in a call of that function, as 2.9 did. */
  #json(response: ServerResponse, query: Query, body: Iterable<string>): Answer {
    response.setHeader('Access-Control-Allow-Origin', '*')
    const callback = query.text('callback')
    if (!CALLBACK.test(callback)) return { status: 200, type: JSON_TYPE, body }
    return { status: 200, type: 'application/javascript', body: wrapped(callback, body) }
  }

  #count(endpoint: string): void {
    this.#requests.set(endpoint, (this.#requests.get(endpoint) ?? 0) + 1)
  }

  #admitLongAnswer(): Disposable | undefined {
    if (this.#longAnswers >= MAX_LONG_ANSWERS) return undefined
    this.#longAnswers++
    return { [Symbol.dispose]: () => void this.#longAnswers-- }
  }
}

function* wrapped(callback: string, body: Iterable<string>): Generator<string, void, undefined> {
  yield `${callback}(`
  yield* body
  yield ')'
}
