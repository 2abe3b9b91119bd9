import type { Finding } from './findings.ts'

/** How long anything may take, but the server's ping, which comes after 15 s. Milliseconds. */
const DEADLINE_MS = 10_000
const PING_DEADLINE_MS = 20_000
/** What ends each record of SignalR. */
const RECORD_END = '\u001e'

export interface BrowserCheckTools {
  readonly fetch: typeof fetch
  readonly WebSocket: typeof WebSocket
  readonly now: () => number
  readonly signal: AbortSignal
}

/**
 * The way of this very browser to the server: HTTP, then the hub's WebSocket with its handshake and a ping. It goes through the
 * proxy as the apps go, which the server can only guess at from inside. `server` ends with a slash.
 */
export async function checkFromHere(
  server: URL,
  { fetch, WebSocket, now, signal }: BrowserCheckTools,
  onFinding: (finding: Finding) => void,
): Promise<void> {
  const from = now()
  const find = (id: string, title: string, status: Finding['status'], says: string, startedMs = from) =>
    onFinding({ id, title, status, says, ms: Math.round(now() - startedMs) })
  try {
    const late = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)])
    const { status } = await fetch(new URL('alive', server), { signal: late, cache: 'no-store' })
    if (status === 200) find('browser-http', 'HTTP', 'ok', 'the server answers')
    else find('browser-http', 'HTTP', 'fault', `/alive answered ${status}`)
  } catch (error) {
    return find('browser-http', 'HTTP', 'fault', `/alive was not answered: ${(error as Error).message}`)
  }

  const url = new URL(`notifications/anonymous-hub?Token=${crypto.randomUUID()}`, server)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  const openedMs = now()
  const socket = new WebSocket(url)
  const records = new Records(socket, signal)
  try {
    await records.open(DEADLINE_MS)
    find('browser-websocket', 'WebSocket', 'ok', 'the connection was upgraded (101)', openedMs)
    const greetedMs = now()
    socket.send(`{"protocol":"json","version":1}${RECORD_END}`)
    const greeting = await records.next(DEADLINE_MS)
    if (greeting !== '{}')
      return find('browser-hub', 'Hub', 'fault', `the hub answered the handshake with ${greeting.slice(0, 200)}`)
    find('browser-hub', 'Hub', 'ok', 'the hub answered the handshake', greetedMs)
    const waitedMs = now()
    const ping = await records.next(PING_DEADLINE_MS)
    if (!ping.includes('"type":6'))
      return find('browser-ping', 'Ping', 'fault', `the hub said ${ping.slice(0, 200)}`, waitedMs)
    find('browser-ping', 'Ping', 'ok', 'a ping of the server came through', waitedMs)
  } catch (error) {
    const why = (error as Error).message
    if (socket.readyState === WebSocket.CONNECTING || !records.wasOpen) {
      find(
        'browser-websocket',
        'WebSocket',
        'fault',
        `no upgrade (101) came: a proxy does not pass it on. ${why}`,
        openedMs,
      )
    } else find('browser-hub', 'Hub', 'fault', `the connection was made, but then: ${why}`, openedMs)
  } finally {
    socket.close()
  }
}

/** The records that a WebSocket brings, one after the other. */
class Records {
  wasOpen = false
  readonly #waiting: string[] = []
  readonly #signal: AbortSignal
  #wake = () => {}
  #end: string | undefined

  constructor(socket: WebSocket, signal: AbortSignal) {
    this.#signal = signal
    socket.addEventListener('message', ({ data }) => {
      this.#waiting.push(...String(data).split(RECORD_END).slice(0, -1))
      this.#wake()
    })
    socket.addEventListener('open', () => {
      this.wasOpen = true
      this.#wake()
    })
    socket.addEventListener('close', ({ code, reason }) => {
      this.#end = `it was closed (${code}${reason === '' ? '' : `: ${reason}`})`
      this.#wake()
    })
  }

  async open(deadlineMs: number): Promise<void> {
    await this.#until(() => this.wasOpen || undefined, deadlineMs)
  }

  next(deadlineMs: number): Promise<string> {
    return this.#until(() => this.#waiting.shift(), deadlineMs)
  }

  async #until<T>(get: () => T | undefined, deadlineMs: number): Promise<T> {
    const late = AbortSignal.any([this.#signal, AbortSignal.timeout(deadlineMs)])
    for (;;) {
      const got = get()
      if (got !== undefined) return got
      if (this.#end !== undefined) throw new Error(this.#end)
      if (late.aborted) throw new Error(`nothing came within ${deadlineMs / 1000} s`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        late.addEventListener('abort', () => resolve(), { once: true })
      })
    }
  }
}
