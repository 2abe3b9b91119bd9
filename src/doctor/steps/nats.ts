/** NATS: at `/nats` of the web listener, and where else it is said to be. */
import type { Socket } from 'node:net'
import { PROBE_HEADER } from '#net'
import { connectionWords } from '../ask.ts'
import { jsonOf, page, shown, troubleIn } from '../http-answers.ts'
import { CONNECT_TIMEOUT_MS, Place } from '../place.ts'
import { openSocket } from '../socket.ts'
import { type Finding, fault, ok, skipped, type Walk } from '../walk.ts'
import { checkPath, wrongAccept } from './paths.ts'
import { reach } from './reach.ts'
import { checkTls } from './tls.ts'

export const NATS = '/nats'

const INFO_TIMEOUT_MS = 5_000

/** Longest INFO that is waited for; bytes. */
const MAX_INFO_BYTES = 64 * 1024

/** Whether NATS is served at `/nats`; where it is, whether it gets through. */
export async function checkNatsOfWeb(walk: Walk): Promise<boolean> {
  const title = `NATS at ${NATS}`
  const { arrival, hasFault } = await checkPath(walk, NATS)
  if (hasFault) {
    walk.skip('nats', title, 'requests do not arrive as they should')
    return false
  }
  const finding = await walk.step('nats', title, async () => {
    const opened = await walk.open(NATS)
    if (opened.socket === undefined) {
      const { status } = opened.answer
      if (status === 101) return wrongAccept(NATS)
      if (status === 404 || (arrival === undefined && status < 500)) {
        return skipped('not served there (web.nats, web.vault_users)')
      }
      if (status === 403) return skipped('403: for programs on the machine of the server only (web.nats)')
      const trouble = troubleIn(opened.answer)
      return fault(trouble?.fault ?? 'no-nats', trouble?.says ?? `${status} ${page(opened.answer)}`, { path: NATS })
    }
    using socket = opened.socket
    return infoFinding(await socket.message(INFO_TIMEOUT_MS, walk.signal), socket.inVain(INFO_TIMEOUT_MS))
  })
  return finding.status === 'ok'
}

/** One that was named: `ws:`, `wss:`, `nats:` or `tls:`. Resolves with where a silent WebSocket can be had. */
export async function checkNats(walk: Walk, url: URL): Promise<Place | undefined> {
  const isWebSocket = url.protocol === 'ws:' || url.protocol === 'wss:'
  const twin = new URL(
    url.href.replace(/^[a-z]+:/, url.protocol === 'wss:' || url.protocol === 'tls:' ? 'https:' : 'http:'),
  )
  // A port that HTTP has by default is none of NATS', and only there it is left out.
  if (!isWebSocket && url.port === '') twin.port = '4222'
  const place = new Place(twin, walk.place.ca)
  const title = `NATS at ${shown(url.href)}`
  const isReached = (await reach(walk, place)) && (!isWebSocket || !place.isTls || (await checkTls(walk, place)))
  if (!isReached) {
    walk.skip('nats', title, 'it cannot be reached')
    return undefined
  }
  const finding = await walk.step('nats', title, () =>
    isWebSocket ? overWebSocket(walk, place) : overTcp(walk, place),
  )
  return isWebSocket && finding.status === 'ok' ? place : undefined
}

async function overWebSocket(walk: Walk, place: Place): Promise<Finding> {
  const opened = await openSocket(place, { path: pathOf(place) }, walk.signal)
  if (opened.socket === undefined) {
    const { answer } = opened
    if (answer.status === 101) return wrongAccept(place.basePath || '/')
    const trouble = troubleIn(answer)
    if (trouble !== undefined) return fault(trouble.fault, trouble.says, { path: place.basePath })
    if (answer.status === 400) {
      const says = `400 ${page(answer)}: the headers Upgrade and Connection do not arrive`
      return fault('no-upgrade', says, { path: place.basePath || '/' })
    }
    return fault('no-nats', `instead of a 101 comes ${answer.status} ${page(answer)}`)
  }
  using socket = opened.socket
  return infoFinding(await socket.message(INFO_TIMEOUT_MS, walk.signal), socket.inVain(INFO_TIMEOUT_MS))
}

/** Places put their path in front: of the root, that is a slash. */
function pathOf({ basePath }: Place): string {
  return basePath === '' ? '/' : ''
}

/** A WebSocket of the probe at the same path, on which nothing is said. */
export async function openSilent(walk: Walk, place: Place) {
  const opened = await openSocket(place, { path: pathOf(place), headers: { [PROBE_HEADER]: 'websocket' } }, walk.signal)
  return opened.socket
}

async function overTcp(walk: Walk, place: Place): Promise<Finding> {
  const signal = AbortSignal.any([walk.signal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)])
  let socket: Socket | undefined
  try {
    socket = await place.connectTcp(place.address, signal)
    const line = await firstLine(socket, signal)
    const inVain = socket.destroyed ? 'before the connection ends' : `within ${INFO_TIMEOUT_MS / 1000} s`
    const finding = infoFinding(line, inVain)
    if (finding.status !== 'ok' || !place.isTls) return finding
    // NATS says INFO before TLS begins.
    const secure = await place.secure(socket, signal)
    const { authorizationError } = secure
    secure.destroy()
    if (!authorizationError) return ok(`${finding.says}, with TLS`)
    return fault(
      'certificate-unknown-authority',
      `${finding.says}, but its certificate is not trusted: ${authorizationError}`,
    )
  } catch (error) {
    walk.signal.throwIfAborted()
    return fault('no-nats', connectionWords(error as Error))
  } finally {
    socket?.destroy()
  }
}

function firstLine(socket: Socket, signal: AbortSignal): Promise<Buffer | undefined> {
  const { promise, resolve } = Promise.withResolvers<Buffer | undefined>()
  let text = Buffer.alloc(0)
  const take = (chunk: Buffer) => {
    text = Buffer.concat([text, chunk])
    if (text.includes('\n') || text.length > MAX_INFO_BYTES) resolve(text)
  }
  const give = () => resolve(undefined)
  socket.on('data', take).on('close', give)
  signal.addEventListener('abort', give, { once: true })
  const timer = setTimeout(give, INFO_TIMEOUT_MS)
  return promise.finally(() => {
    clearTimeout(timer)
    socket.off('data', take).off('close', give)
    signal.removeEventListener('abort', give)
    socket.pause()
  })
}

function infoFinding(line: Buffer | undefined, inVain: string): Finding {
  if (line === undefined) return fault('no-nats', `it is open, but no INFO comes ${inVain}`)
  const [, text] = /^INFO (\{.*)\r\n/s.exec(line.toString('utf8')) ?? []
  const info = (text === undefined ? undefined : jsonOf({ body: text.trim() })) as Record<string, unknown> | undefined
  if (typeof info?.server_id !== 'string') {
    return fault('no-nats', `instead of an INFO comes ${JSON.stringify(shown(line.toString('latin1', 0, 200)))}`)
  }
  const name = shown(String(info.server_name ?? info.server_id))
  return ok(
    `server ${name}, version ${shown(String(info.version ?? 'unknown'))}${info.auth_required ? ', asks for a login' : ''}`,
  )
}
