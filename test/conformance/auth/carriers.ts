/**
 * NATS' own client libraries over every carrier that credentials travel by. The libraries share one global transport
 * factory, so connections are made one after another.
 */
import assert from 'node:assert/strict'
import { type ConnectionOptions, type NatsConnection, wsconnect } from '@nats-io/nats-core'
import { connect } from '@nats-io/transport-node'
import { connect as oldConnect } from 'nats.ws'
import { type ClientOptions, WebSocket as PackageWebSocket } from 'ws'
import { within } from '../../helpers/wait.ts'
import type { Address } from '../../net/raw-socket.ts'

export interface Site {
  readonly tcp: Address
  readonly webSocket: Address
}

/** What a client has to show; of TLS only over carriers that have it. */
export interface Credentials extends Partial<ConnectionOptions> {
  readonly certificate?: { readonly cert: string; readonly key: string }
  /** What trusts the server's certificate; PEM. */
  readonly ca?: string
  /** Only over WebSockets. */
  readonly cookie?: string
}

/** How a WebSocket ended: what its close frame said. */
export interface Goodbye {
  readonly code: number
  readonly reason: string
}

export interface Joined extends AsyncDisposable {
  readonly connection: NatsConnection
  /** The error that the client ended with, and the close frame where there are such. */
  ended(): Promise<Ending>
}

export interface Ending {
  readonly error: string
  readonly goodbye: Goodbye | undefined
}

export interface Carrier {
  readonly name: string
  readonly isWebSocket: boolean
  readonly isTls: boolean
  join(site: Site, credentials?: Credentials): Promise<Joined>
}

/** What a client is told at the end of its connection: by `-ERR`, empty for nothing, and by a close frame. */
export interface ExpectedEnding {
  readonly error: string
  /** Default 1008. */
  readonly code?: number
  readonly reason: string
}

/** What nats-server says to who shows the wrong thing, whatever it is. */
export const VIOLATION: ExpectedEnding = { error: 'Authorization Violation', reason: 'Authentication Failure' }
/** nats-server lets somebody go without a word whose user is gone from its table, or never was in one. */
export const LET_GO: ExpectedEnding = { error: '', code: 1000, reason: 'Client Closed' }
export const USER_EXPIRED: ExpectedEnding = { error: 'User Authentication Expired', reason: 'Authentication Expired' }
export const ACCOUNT_EXPIRED: ExpectedEnding = {
  error: 'Account Authentication Expired',
  reason: 'Authentication Expired',
}
export const REVOKED: ExpectedEnding = { error: 'User Authentication Revoked', reason: 'Credentials Revoked' }
export const TOO_MANY_OF_ACCOUNT: ExpectedEnding = {
  error: 'maximum account active connections exceeded',
  reason: 'Maximum Account Connections Exceeded',
}

/** Over TCP the library does not read any more once it has written to a server that hung up. */
const DEAF = /EPIPE|ECONNRESET/

/** What a server says last. */
const FATAL_ERROR = /^-ERR '((?!Permissions Violation|maximum subscriptions).*)'/m

type Library = (options: ConnectionOptions & { readonly wsFactory?: unknown }) => Promise<NatsConnection>

const viaCore: Library = (options) => wsconnect(options)
// The older library has the same shape and other types.
const viaNatsWs: Library = (options) => oldConnect(options as object) as unknown as Promise<NatsConnection>

/** Over a plain TCP port and over one with TLS, over WebSockets of Node and of the `ws` package, by both libraries. */
export const CARRIERS: readonly Carrier[] = [
  { name: 'TCP', isWebSocket: false, isTls: false, join: joinTcp },
  { name: 'ws', isWebSocket: true, isTls: false, join: joinWebSocket('ws', viaCore) },
  { name: 'ws by nats.ws', isWebSocket: true, isTls: false, join: joinWebSocket('ws', viaNatsWs) },
  { name: 'TLS', isWebSocket: false, isTls: true, join: joinTls },
  { name: 'wss', isWebSocket: true, isTls: true, join: joinWebSocket('wss', viaCore) },
]

/** `TCP`, `ws` … */
export function carrier(name: string): Carrier {
  return CARRIERS.find((each) => each.name === name) ?? assert.fail(name)
}

/** Resolves with how it ended; fails when the client gets in. */
export async function refusal(
  carrier: Carrier,
  site: Site,
  credentials: Credentials = {},
  attemptsLeft = 10,
): Promise<Ending> {
  const outcome = await carrier.join(site, credentials).catch((error: unknown) => error)
  if (outcome instanceof Refusal) {
    const isDeaf = DEAF.test(outcome.message) && attemptsLeft > 0
    return isDeaf ? refusal(carrier, site, credentials, attemptsLeft - 1) : outcome.ending
  }
  await (outcome as Joined)[Symbol.asyncDispose]()
  return assert.fail(`it came in over ${carrier.name}`)
}

export async function assertRefused(
  carrier: Carrier,
  site: Site,
  credentials: Credentials = {},
  expected = VIOLATION,
): Promise<void> {
  assertEnding(carrier, await refusal(carrier, site, credentials), expected)
}

export function assertEnding({ name, isWebSocket }: Carrier, ending: Ending, expected: ExpectedEnding): void {
  const { error, code = 1008, reason } = expected
  if (isWebSocket) assert.deepEqual(ending.goodbye, { code, reason }, name)
  // Who does not hear why at ten attempts is a client that was too slow; over WebSockets it would not pass.
  if (!isWebSocket && DEAF.test(ending.error)) return
  if (error === '') assert.equal(ending.error, '', name)
  else assert.match(ending.error, new RegExp(error, 'i'), name)
}

/** That it is in: what it publishes to `subject` comes back. */
export async function assertEchoes(connection: NatsConnection, subject = 'echo'): Promise<void> {
  const heard = connection.subscribe(subject, { max: 1 })
  connection.publish(subject, 'hello')
  const first = await within(heard[Symbol.asyncIterator]().next(), `what was published to ${subject}`)
  assert.equal(first.value?.string(), 'hello')
}

class Refusal extends Error {
  readonly ending: Ending

  constructor(ending: Ending, cause: unknown) {
    super(ending.error, { cause })
    this.ending = ending
  }
}

let lastJoin: Promise<unknown> = Promise.resolve()

/** What a WebSocket brought at the end, part of which the libraries sometimes hide behind its closing. */
interface Farewell {
  /** Texts of `-ERR`. */
  readonly errors: readonly string[]
  readonly goodbye: Promise<Goodbye>
}

async function joined(library: Library, options: object, farewell?: Farewell): Promise<Joined> {
  const attempt = lastJoin.then(() => library({ reconnect: false, timeout: 10_000, ...options }))
  lastJoin = attempt.catch(() => undefined)
  const told = farewell?.errors ?? []
  const ending = async (error: unknown): Promise<Ending> => {
    const goodbye = farewell && (await within(farewell.goodbye, 'the end of the WebSocket'))
    const texts = error instanceof Error ? [error.message, causeOf(error), ...told] : told
    // A library may make an error of the close frame's reason.
    return { error: texts.filter((text) => text !== '' && text !== goodbye?.reason).join(', '), goodbye }
  }
  try {
    const connection = await attempt
    return {
      connection,
      ended: async () => ending(await within(connection.closed(), 'the end of the connection')),
      async [Symbol.asyncDispose]() {
        // What is still to be sent when it closes costs a WebSocket client a tenth of a second.
        await connection.flush().catch(() => undefined)
        await connection.close()
      },
    }
  } catch (error) {
    throw new Refusal(await ending(error), error)
  }
}

/** The older library tells what the server said in another error. */
function causeOf(error: Error & { chainedError?: Error }): string {
  const inner = error.chainedError ?? error.cause
  return inner instanceof Error ? inner.message : ''
}

function joinTcp(site: Site, credentials: Credentials = {}): Promise<Joined> {
  return joined(connect, { ...optionsOf(credentials), servers: `nats://127.0.0.1:${site.tcp.port}` })
}

function joinTls(site: Site, credentials: Credentials = {}): Promise<Joined> {
  const tls = { ca: credentials.ca, ...credentials.certificate }
  return joined(connect, { ...optionsOf(credentials), servers: `tls://localhost:${site.tcp.port}`, tls })
}

function joinWebSocket(scheme: 'ws' | 'wss', library: Library): Carrier['join'] {
  return (site, { certificate, ca, cookie, ...options } = {}) => {
    const servers = `${scheme}://localhost:${site.webSocket.port}`
    const goodbye = Promise.withResolvers<Goodbye>()
    const errors: string[] = []
    const wsFactory = (url: string) => {
      const socket = webSocket(url, {
        ...(ca && { ca }),
        ...certificate,
        ...(cookie && { headers: { Cookie: cookie } }),
      })
      socket.addEventListener('close', ({ code, reason }) => goodbye.resolve({ code, reason }))
      return { socket: leavingTheEndToTheServer(socket, errors), encrypted: scheme === 'wss' }
    }
    return joined(library, { ...options, servers, wsFactory }, { errors, goodbye: goodbye.promise })
  }
}

/**
 * The socket as the libraries have it. They hang up as soon as they hear an error, and what the server's close frame
 * says would sometimes be lost: the end is the server's then. `errors` keeps what it complained about.
 */
function leavingTheEndToTheServer(socket: WebSocket, errors: string[]): WebSocket {
  socket.addEventListener('message', ({ data }) => {
    const [, text] = FATAL_ERROR.exec(Buffer.from(data as ArrayBuffer).toString('latin1')) ?? []
    if (text !== undefined) errors.push(text)
  })
  const close = (...args: Parameters<WebSocket['close']>) => {
    if (errors.length === 0) socket.close(...args)
  }
  return new Proxy(socket, {
    get: (_, key) => {
      const value = key === 'close' ? close : Reflect.get(socket, key, socket)
      return typeof value === 'function' ? value.bind(socket) : value
    },
    set: (_, key, value) => Reflect.set(socket, key, value, socket),
  })
}

/** Node's own where it can: it takes neither authorities nor cookies. */
function webSocket(url: string, options: ClientOptions): WebSocket {
  if (Object.keys(options).length === 0) return new WebSocket(url)
  return new PackageWebSocket(url, options) as unknown as WebSocket
}

function optionsOf({ certificate: _, ca: __, cookie: ___, ...options }: Credentials): Partial<ConnectionOptions> {
  return options
}
