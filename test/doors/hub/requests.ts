import { once } from 'node:events'
import {
  type Agent,
  type ClientRequest,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http'
import { text } from 'node:stream/consumers'
import { encodeHandshakeRequest } from '#wire/signalr'
import { within } from '../../helpers/wait.ts'
import { ALICE, type HubServer } from './hub-server.ts'

const UPGRADE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

export const HUB = '/notifications/hub'

/** The request of a JSON client, as text. */
export const JSON_HANDSHAKE = encodeHandshakeRequest({ protocol: 'json', version: 1 }).toString()

export interface Answer {
  /** 101 for an upgrade that was accepted, and ended at once. */
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

export interface AskOptions {
  /** Default ALICE; empty: none. */
  readonly token?: string
  readonly headers?: Record<string, string>
  readonly body?: string | Buffer
  readonly agent?: Agent
}

/** Sends a request; its answer is for the caller. */
export function send(hub: Pick<HubServer, 'port'>, method: string, path: string, options: AskOptions = {}) {
  const { token = ALICE, headers, body, agent } = options
  const authorization = token === '' ? {} : { Authorization: `Bearer ${token}` }
  return httpRequest({
    host: '127.0.0.1',
    port: hub.port,
    method,
    path,
    headers: { ...authorization, ...headers },
    ...(agent === undefined ? {} : { agent }),
  }).end(body)
}

/** The whole answer to a request. */
export async function ask(
  hub: Pick<HubServer, 'port'>,
  method: string,
  path: string,
  options: AskOptions = {},
): Promise<Answer> {
  return wholeAnswer(send(hub, method, path, options))
}

/** The answer to a WebSocket's request. */
export async function askToUpgrade(hub: HubServer, path: string, options: AskOptions = {}): Promise<Answer> {
  const request = send(hub, 'GET', path, { ...options, headers: { ...UPGRADE, ...options.headers } })
  const accepted = once(request, 'upgrade').then(([response, socket]) => {
    socket.destroy()
    return { status: response.statusCode, headers: response.headers, text: '' }
  })
  const refused = once(request, 'response').then(([response]) => answerIn(response))
  return within(Promise.race([accepted, refused]), 'an answer')
}

export async function wholeAnswer(request: ClientRequest): Promise<Answer> {
  const [response] = (await within(once(request, 'response'), 'an answer')) as [IncomingMessage]
  // Who is refused may still be writing a body that nobody takes any more.
  request.on('error', () => undefined)
  return within(answerIn(response), 'the end of the answer')
}

async function answerIn(response: IncomingMessage): Promise<Answer> {
  return { status: response.statusCode ?? 0, headers: response.headers, text: await text(response) }
}

export interface Negotiated {
  readonly connectionId: string
  readonly connectionToken: string
  readonly useStatefulReconnect?: boolean
}

/** Negotiates in version 1; answers with the path of the requests that follow. */
export async function negotiate(hub: HubServer, { token = ALICE, query = '' } = {}): Promise<string> {
  const { text: json } = await ask(hub, 'POST', `${HUB}/negotiate?negotiateVersion=1${query}`, { token })
  return `${HUB}?id=${encodeURIComponent((JSON.parse(json) as Negotiated).connectionToken)}`
}

/** A JSON client over Server-Sent Events, which does nothing by itself, and reads nothing but what it is asked for. */
export class EventStream {
  readonly headers: IncomingHttpHeaders
  readonly path: string
  readonly response: IncomingMessage
  readonly #hub: HubServer
  readonly #chunks: AsyncIterator<string>
  #text = ''

  private constructor(hub: HubServer, path: string, response: IncomingMessage) {
    this.#hub = hub
    this.path = path
    this.response = response
    this.headers = response.headers
    response.setEncoding('utf8')
    this.#chunks = response[Symbol.asyncIterator]()
  }

  /** The stream is open; no handshake was sent. */
  static async open(hub: HubServer, path?: string, headers: Record<string, string> = {}): Promise<EventStream> {
    const at = path ?? (await negotiate(hub))
    const request = send(hub, 'GET', `${at}&access_token=${ALICE}`, {
      token: '',
      headers: { ...headers, Accept: 'text/event-stream' },
    })
    const [response] = (await within(once(request, 'response'), 'the stream')) as [IncomingMessage]
    return new EventStream(hub, at, response)
  }

  /** Open, with the handshake done. */
  static async start(hub: HubServer): Promise<EventStream> {
    const stream = await EventStream.open(hub)
    await stream.say(JSON_HANDSHAKE)
    if ((await stream.next()) !== '{}\x1e') throw new Error('The handshake was refused')
    return stream
  }

  say(body: string): Promise<Answer> {
    return ask(this.#hub, 'POST', this.path, { body })
  }

  /** The next event or comment, as it stands there. */
  async nextBlock(): Promise<string> {
    for (;;) {
      const end = this.#text.indexOf('\n\n')
      if (end !== -1) {
        const block = this.#text.slice(0, end)
        this.#text = this.#text.slice(end + 2)
        return block
      }
      const { done, value } = await within(this.#chunks.next(), 'an event')
      if (done) throw new Error('The stream has ended')
      this.#text += value
    }
  }

  /** The data of the next event. */
  async next(): Promise<string> {
    for (;;) {
      const block = await this.nextBlock()
      if (block.startsWith('data: ')) return block.slice('data: '.length)
    }
  }

  /** Resolves when the server has ended the stream in good order; answers with what was not asked for. */
  async ended(): Promise<string> {
    for (;;) {
      const { done, value } = await within(this.#chunks.next(), 'the end of the stream')
      if (done) return this.#text
      this.#text += value
    }
  }

  destroy(): void {
    this.response.destroy()
  }
}

/** A JSON client over long polling, which does nothing by itself. */
export class PollingClient implements AsyncDisposable {
  readonly path: string
  readonly #hub: HubServer

  private constructor(hub: HubServer, path: string) {
    this.#hub = hub
    this.path = path
  }

  /** The first poll was answered; no handshake was sent. */
  static async open(hub: HubServer): Promise<PollingClient> {
    const client = new PollingClient(hub, await negotiate(hub))
    const { status, text: body } = await client.poll()
    if (status !== 200 || body !== '') throw new Error(`The first poll was answered ${status} ${body}`)
    return client
  }

  /** With the handshake done, and no poll open. */
  static async start(hub: HubServer): Promise<PollingClient> {
    const client = await PollingClient.open(hub)
    await client.say(JSON_HANDSHAKE)
    if ((await client.poll()).text !== '{}\x1e') throw new Error('The handshake was refused')
    return client
  }

  poll(): Promise<Answer> {
    return wholeAnswer(this.sendPoll())
  }

  /** A poll that the server holds, unless it has answered it. */
  async hold(): Promise<{ readonly answer: Promise<Answer> }> {
    const isThere = this.#hub.nextRequest()
    const answer = this.poll()
    await within(isThere, 'the poll')
    return { answer }
  }

  sendPoll(): ClientRequest {
    return send(this.#hub, 'GET', this.path)
  }

  say(body: string | Buffer): Promise<Answer> {
    return ask(this.#hub, 'POST', this.path, { body })
  }

  leave(): Promise<Answer> {
    return ask(this.#hub, 'DELETE', this.path)
  }

  /** A server that closes would wait for the next poll. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave()
  }
}
