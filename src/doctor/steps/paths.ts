/** What arrives at one path, and whether a WebSocket comes to be there. */
import { type Arrival, PROBE_HEADER } from '#net'
import { type Answer, NoAnswer } from '../ask.ts'
import { isHtml, page, shown, troubleIn } from '../http-answers.ts'
import type { Place } from '../place.ts'
import { arrivalIn, type Finding, fault, ok, skipped, type Walk } from '../walk.ts'
import { wrongPath } from './site.ts'

const ECHO_TIMEOUT_MS = 5_000

/** What is known of a path after its checks. */
export interface PathHealth {
  /** A request that asks for nothing; `undefined` where no probe answers. */
  readonly arrival: Arrival | undefined
  readonly hasFault: boolean
}

/** The two checks of one path: what arrives, and the WebSocket of the probe. */
export async function checkPath(walk: Walk, path: string): Promise<PathHealth> {
  let arrival: Arrival | undefined
  const headers = await walk.step('headers', `what arrives at ${path}`, async () => {
    const plain = await walk.probe(path)
    arrival = plain.arrival
    if (arrival === undefined) return withoutProbe(walk, plain.answer, path)
    if (arrival.path !== walk.place.basePath + path) return wrongPath(arrival, walk.place, path)
    const upgrade = await walk.probe(path, { isUpgrade: true }).catch(noAnswer)
    if (upgrade === undefined)
      return fault('no-101', 'a request with the headers Upgrade and Connection is not answered', { path })
    return upgrade.arrival === undefined ? notUpgraded(upgrade.answer, path) : arrivalFinding(upgrade.arrival, path)
  })
  const title = `WebSocket at ${path}`
  if (headers.status !== 'ok') {
    if (headers.status === 'fault') walk.skip('websocket', title, 'requests do not arrive as they should')
    return { arrival, hasFault: headers.status === 'fault' }
  }
  const socket = await walk.step('websocket', title, () => checkEcho(walk, path))
  return { arrival, hasFault: socket.status === 'fault' }
}

/** The faults of an upgrade that show in what arrived, the one that makes the others unimportant first. */
export function arrivalFinding({ headers, httpVersion, hasWebSocketKey }: Arrival, path: string): Finding {
  const { upgrade = '', connection = '' } = headers
  const about = { path }
  const hasUpgrade = /\bwebsocket\b/i.test(upgrade)
  const hasConnection = /\bupgrade\b/i.test(connection)
  // First: a proxy that speaks it drops the headers because of that, or needs all of the lines at once.
  if (httpVersion === '1.0') {
    const lost = [...(hasUpgrade ? [] : ['Upgrade']), ...(hasConnection ? [] : ['Connection'])].join(' and ')
    const luck = lost === '' ? 'what works, works by luck' : `${lost} did not arrive, either`
    return fault('http-1.0', `requests arrive by HTTP/1.0, which has no upgrades (RFC 9110 §7.8): ${luck}`, about)
  }
  if (!hasUpgrade) {
    const alsoLost = hasConnection ? '' : ', nor does Connection with it'
    return fault('no-upgrade', `the header Upgrade does not arrive${alsoLost}: the proxy drops it`, about)
  }
  if (!hasConnection) {
    const arrives = connection === '' ? 'not at all' : `as "${shown(connection)}"`
    const says = `the header Connection arrives ${arrives} instead of "Upgrade": the proxy sets its own`
    return fault('no-connection', says, about)
  }
  if (!hasWebSocketKey || headers['sec-websocket-version'] === undefined) {
    return fault('websocket-headers-lost', 'Sec-WebSocket-Key or -Version does not arrive: the proxy drops it', about)
  }
  return ok('Upgrade and Connection arrive, by HTTP/1.1')
}

/** The rest of the server is fine, and here no probe answers. */
function withoutProbe(walk: Walk, answer: Answer, path: string): Finding {
  const trouble = elsewhere(answer, path)
  if (trouble !== undefined) return trouble
  // Nobody else has reason to serve the hub; NATS may be left out on purpose.
  if (walk.hasProbe && path.startsWith('/notifications/')) {
    const says = `${answer.status} ${page(answer)} for ${path}, and not from the Belfry at /alive: the proxy answers itself, or sends it somewhere else`
    return fault('hub-elsewhere', says, { path })
  }
  return skipped('nobody tells: only Belfry does, and not with BELFRY_PROBE=false')
}

/** A request without upgrade arrived, one with it did not. */
function notUpgraded(answer: Answer, path: string): Finding {
  const says = `a request with the headers Upgrade and Connection is answered ${answer.status} ${page(answer)} by somebody else`
  return fault('no-101', says, { path })
}

/** The server is alive, but its path leads somewhere else. */
export function elsewhere(answer: Answer, path: string): Finding | undefined {
  const trouble = troubleIn(answer)
  if (trouble?.fault === 'bad-gateway') {
    const says = `${answer.status} for ${path}, while the server is alive: the proxy sends it somewhere else, where nothing answers (port 3012 in rules for Vaultwarden before 1.29)`
    return fault('hub-elsewhere', says, { path })
  }
  if (trouble !== undefined) return fault(trouble.fault, trouble.says, { path })
  if (answer.status === 200 && isHtml(answer)) {
    return fault('hub-elsewhere', `${path} is answered ${page(answer)}: the proxy sends it somewhere else`, { path })
  }
  return undefined
}

async function checkEcho(walk: Walk, path: string): Promise<Finding> {
  const opened = await walk.open(path, { [PROBE_HEADER]: 'websocket' }).catch(noAnswer)
  if (opened === undefined)
    return fault('no-101', 'the server is asked for an upgrade, but its 101 does not come back', { path })
  if (opened.socket === undefined) {
    return opened.answer.status === 101 ? wrongAccept(path) : no101(opened.answer, path)
  }
  using socket = opened.socket
  const sent = `doctor ${Math.random()}`
  const startMs = performance.now()
  socket.send(sent)
  const echo = await socket.message(ECHO_TIMEOUT_MS, walk.signal)
  if (echo?.toString() === sent)
    return ok(`open, a message there and back in ${Math.round(performance.now() - startMs)} ms`)
  const says = `it is open, but a message does not come back ${socket.inVain(ECHO_TIMEOUT_MS)}: something keeps it`
  return fault('silent-websocket', says, { path })
}

/** A 101 that no WebSocket came of. */
export function wrongAccept(path: string): Finding {
  return fault('wrong-accept', 'there is a 101, but with an answer to another request', { path })
}

function noAnswer(error: unknown): undefined {
  if (!(error instanceof NoAnswer)) throw error
}

/** Upgrades arrive, but no 101 comes back. */
function no101(answer: Answer, path: string): Finding {
  const arrival = arrivalIn(answer)
  const arrived = arrival && arrivalFinding(arrival, path)
  if (arrived !== undefined && arrived.status !== 'ok') return arrived
  if (answer.status === 429)
    return fault('too-many-connections', 'too many WebSockets of this address are open', { path })
  const says = `the server is asked for an upgrade, but instead of its 101 comes ${answer.status} ${page(answer)}`
  return fault('no-101', says, { path })
}

/** Whether the server is told the name by which it was asked. */
export function hostFinding({ headers }: Arrival, { url }: Place): Finding {
  const host = headers.host ?? ''
  // `vault.example.com:443` is the same place (RFC 9110 §4.2.3), and `$host:$server_port` in many a configuration.
  if (URL.parse(`${url.protocol}//${host}`)?.host === url.host) return ok(`arrives as ${shown(host)}`)
  const isWithoutPort = host.toLowerCase() === url.hostname
  const says = isWithoutPort
    ? `arrives as ${shown(host)}, without the port ${url.port}: pages of this server count as foreign ones`
    : `arrives as ${shown(host) || 'nothing'} instead of ${url.host}: without DOMAIN clients are told a wrong address`
  return fault('wrong-host', says)
}
