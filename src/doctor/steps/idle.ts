/** What becomes of connections on which little or nothing is said. */
import { PROBE_HEADER } from '#net'
import { shown } from '../http-answers.ts'
import type { Place } from '../place.ts'
import type { DoctorSocket, Ending } from '../socket.ts'
import { type Finding, fault, ok, skipped, type Walk, warning } from '../walk.ts'
import { openAnonymousHub, protocol } from './hub.ts'
import { NATS, openSilent } from './nats.ts'

const DEFAULT_IDLE_MS = 75_000

/** As apps ping, and servers. spec: hub §1.7 */
const HUB_PING_MS = 15_000

/** After so much silence apps give up. spec: hub §1.7 */
const HUB_TIMEOUT_MS = 30_000

/** As clients and servers of NATS ping by default. */
const NATS_PING_MS = 120_000

/** What is to be watched. */
export interface IdlePlaces {
  readonly hub: boolean
  /** Paths of the server at which the probe has a WebSocket. */
  readonly paths: readonly string[]
  /** Where NATS is served beside the web listener. */
  readonly nats: readonly Place[]
}

interface Watched {
  readonly name: string
  /** The longest silence on connections of its kind; milliseconds. */
  readonly silenceMs: number
  readonly socket: DoctorSocket
  ending: Ending | undefined
}

/** Opens one connection of each kind at once and leaves them alone for `idleMs`; 0 leaves the step out. */
export async function checkIdle(walk: Walk, places: IdlePlaces): Promise<void> {
  const { idleMs = DEFAULT_IDLE_MS } = walk.options
  const title = `connections left alone for ${idleMs / 1000} s`
  if (idleMs === 0) {
    walk.skip('idle', title, 'not asked for')
    return
  }
  if (!places.hub && places.paths.length + places.nats.length === 0) {
    walk.skip('idle', title, 'there is no connection to be watched')
    return
  }
  await walk.step('idle', title, async () => {
    using sockets = new DisposableStack()
    const { watched, refused } = await open(walk, places, sockets)
    if (watched.length === 0) return skipped('no connection can be opened for it')
    await untilOver(walk, watched, idleMs)
    walk.signal.throwIfAborted()
    return hubSilence(walk, watched) ?? judge(watched, refused, idleMs)
  })
}

/** The hub has to say something as well. spec: hub §0 */
function hubSilence(walk: Walk, watched: readonly Watched[]): Finding | undefined {
  const { hubTimeoutMs = HUB_TIMEOUT_MS } = walk.options
  const hub = watched.find(({ name, ending }) => name === HUB_NAME && ending === undefined)
  if (hub === undefined || hub.socket.silentMs < hubTimeoutMs) return undefined
  return fault('hub-silent', `the hub sends no ping: apps give up after ${hubTimeoutMs / 1000} s of silence`)
}

interface Opened {
  readonly watched: readonly Watched[]
  /** What was open before by itself, and is not beside the others. */
  readonly refused: readonly string[]
}

async function open(walk: Walk, { hub, paths, nats }: IdlePlaces, sockets: DisposableStack): Promise<Opened> {
  const watched: Watched[] = []
  const refused: string[] = []
  const watch = (name: string, silenceMs: number, socket: DoctorSocket) => {
    const one: Watched = { name, silenceMs, socket: sockets.use(socket), ending: undefined }
    void socket.ended.then((ending) => {
      one.ending = ending
    })
    watched.push(one)
  }
  if (hub) {
    const { socket } = await openAnonymousHub(walk)
    if (socket !== undefined) {
      watch(HUB_NAME, HUB_PING_MS, socket)
      const timer = setInterval(() => socket.send(protocol.ping), walk.options.pingIntervalMs ?? HUB_PING_MS)
      sockets.defer(() => clearInterval(timer))
    }
  }
  for (const path of paths) {
    const { socket, answer } = await walk.open(path, { [PROBE_HEADER]: 'websocket' })
    if (socket !== undefined) watch(path, path === NATS ? NATS_PING_MS : HUB_PING_MS, socket)
    else refused.push(`${path} (${answer.status})`)
  }
  for (const place of nats) {
    const socket = await openSilent(walk, place)
    if (socket !== undefined) watch(place.url.href.replace(/^http/, 'ws'), NATS_PING_MS, socket)
  }
  return { watched, refused }
}

const HUB_NAME = 'the hub'

/** Resolves when the time is over, or nothing is left to be watched. */
async function untilOver(walk: Walk, watched: readonly Watched[], idleMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, idleMs)
  const give = () => resolve()
  walk.signal.addEventListener('abort', give, { once: true })
  void Promise.all(watched.map(({ socket }) => socket.ended)).then(() => resolve())
  await promise
  clearTimeout(timer)
  walk.signal.removeEventListener('abort', give)
}

function judge(watched: readonly Watched[], refused: readonly string[], idleMs: number): Finding {
  const over = watched.flatMap(({ ending, ...one }) => (ending === undefined ? [] : [{ ...one, ending }]))
  if (over.length === 0 && refused.length > 0) {
    const says = `beside ${watched.length} that are open, refused: ${refused.join(', ')}: something limits the connections of one address, and devices at home share one`
    return warning('too-many-connections', says)
  }
  if (over.length === 0) return ok(`none of ${watched.length} is cut: ${watched.map(({ name }) => name).join(', ')}`)
  // Only who speaks WebSocket says goodbye: what cuts idle connections does not.
  const cut = over.filter(({ ending }) => ending.code === undefined)
  if (cut.length === 0) return warning('server-error', `the server ended them: ${linesOf(over)}`)
  const about = { path: cut[0]!.name.startsWith('/') ? cut[0]!.name : undefined }
  // The hub is never silent for longer than from one ping to the next: a silence that is cut later does not hurt it.
  const hurt = cut.filter(({ name, silenceMs, ending }) => name === HUB_NAME || ending.afterMs < silenceMs)
  const says = `cut: ${linesOf(over)}`
  if (hurt.some(({ silenceMs }) => silenceMs === HUB_PING_MS)) {
    return fault('idle-timeout', `${says}; apps say something every 15 s only`, about)
  }
  if (hurt.length === 0)
    return warning('idle-timeout', `${says}; the hub is not hurt: there, something is said every 15 s`, about)
  const natsSays = `${says}; the hub is not hurt, but clients of NATS say something every 2 minutes only`
  // At /nats it is there by default, and few use it.
  const isNamed = hurt.some(({ name }) => name !== NATS)
  return isNamed || idleMs < HUB_PING_MS
    ? fault('idle-timeout', natsSays, about)
    : warning('idle-timeout', natsSays, about)
}

function linesOf(over: readonly (Omit<Watched, 'ending'> & { readonly ending: Ending })[]): string {
  return over.map(({ name, ending }) => `${name} after ${seconds(ending.afterMs)} s${wordsOf(ending)}`).join('; ')
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(ms < 10_000 ? 1 : 0)
}

function wordsOf({ code, reason }: Ending): string {
  return code === undefined ? '' : ` (close code ${code}${reason === '' ? '' : `: ${shown(reason)}`})`
}
