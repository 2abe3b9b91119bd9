import { ConfigError } from '#kit'
import type { DoctorOptions } from './options.ts'
import { Place } from './place.ts'
import type { Check, DoctorReport } from './report.ts'
import { checkClientAddress } from './steps/client-address.ts'
import { ANONYMOUS_HUB, checkHub, checkLogin, checkNegotiate, HUB } from './steps/hub.ts'
import { checkIdle } from './steps/idle.ts'
import { checkNats, checkNatsOfWeb, NATS } from './steps/nats.ts'
import { checkPath, hostFinding } from './steps/paths.ts'
import { reach } from './steps/reach.ts'
import { checkAlive, checkHttp, checkServer } from './steps/site.ts'
import { askForStream, checkStream } from './steps/stream.ts'
import { checkTls } from './steps/tls.ts'
import { trustingFetch } from './trusting-fetch.ts'
import { Walk } from './walk.ts'

const NATS_SCHEMES = ['ws:', 'wss:', 'nats:', 'tls:']

/**
 * Walks from the outside in to a server, as a client would, and tells what is found on the way: each check as it ends,
 * and all of them at the end. Whatever is wrong with the server is told in the report; rejects with a `ConfigError` for
 * options that make no sense, and with the reason of the signal. Takes a second or two and `idleMs`; with a server that
 * does not answer each step has an end, after ten seconds at most for each request.
 */
export async function runDoctor(
  options: DoctorOptions,
  onCheck: (check: Check) => void = () => {},
): Promise<DoctorReport> {
  const url = addressOf(options.url)
  const nats = (options.nats ?? []).map(natsAddressOf)
  const walk = new Walk(new Place(url, options.ca), options, onCheck)
  if (await siteAnswers(walk)) await examine(walk, nats)
  else for (const one of nats) await checkNats(walk, one)
  return walk.report()
}

/** From the name to a server that is alive. What cannot be looked at any more is skipped. */
async function siteAnswers(walk: Walk): Promise<boolean> {
  for (let moves = 0; ; moves++) {
    if (!(await reach(walk))) return skipRest(walk, 'it cannot be reached')
    if (!(await checkTls(walk))) return skipRest(walk, 'there is no TLS')
    const answer = await checkHttp(walk)
    if (answer === 'nowhere') return skipRest(walk, 'there is no HTTP')
    if (answer === 'here') break
    if (moves > 1) return skipRest(walk, 'it leads from one address to the next')
  }
  return (await checkAlive(walk)) || skipRest(walk, 'the server does not answer')
}

function skipRest(walk: Walk, why: string): false {
  walk.skip('hub', 'everything behind that', why)
  return false
}

async function examine(walk: Walk, nats: readonly URL[]): Promise<void> {
  await checkServer(walk)
  const negotiated = await checkNegotiate(walk)
  const isElsewhere = negotiated.status === 'fault'
  if (isElsewhere) walk.skip('headers', `what arrives at ${HUB}`, 'it is sent somewhere else')
  const hubPath = isElsewhere ? undefined : await checkPath(walk, HUB)
  const arrival = hubPath?.arrival
  const hasProbe = arrival !== undefined
  // Goes on beside the others. Where no WebSocket comes to be, it is what SignalR falls back to.
  const stream = hasProbe ? askForStream(walk, HUB) : undefined
  if (arrival !== undefined) {
    await walk.step('host', 'the header Host', async () => hostFinding(arrival, walk.place))
    await checkClientAddress(walk, HUB)
  }

  const anonymousPath = await checkPath(walk, ANONYMOUS_HUB)
  const hub = anonymousPath.hasFault ? undefined : await checkHub(walk)
  if (hub === undefined)
    walk.skip('hub', `notification hub at ${ANONYMOUS_HUB}`, 'requests do not arrive as they should')
  if (hubPath?.hasFault === false) await checkLogin(walk, trustingFetch(walk))
  else walk.skip('login', `notification hub of a user at ${HUB}`, 'requests do not arrive as they should')

  const hasNats = await checkNatsOfWeb(walk)
  const places: Place[] = []
  for (const url of nats) {
    const place = await checkNats(walk, url)
    if (place !== undefined) places.push(place)
  }

  await checkStream(walk, HUB, stream)
  const paths = [
    ...(hasProbe && hubPath?.hasFault === false ? [HUB] : []),
    ...(anonymousPath.arrival !== undefined && !anonymousPath.hasFault ? [ANONYMOUS_HUB] : []),
    ...(hasProbe && hasNats ? [NATS] : []),
  ]
  await checkIdle(walk, { hub: hub?.status === 'ok', paths, nats: places })
}

/** Throws a `ConfigError` for what is no address of a server. */
function addressOf(text: string): URL {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    const isName = URL.canParse(`https://${text}`) && !text.includes('://')
    throw new ConfigError(`"${text}" is no http:// or https:// address${isName ? `; try https://${text}` : ''}`)
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new ConfigError(`"${url.origin}" is to be given without a user, a query or a fragment`)
  }
  return url
}

function natsAddressOf(text: string): URL {
  const url = URL.parse(text)
  if (url === null || !NATS_SCHEMES.includes(url.protocol) || url.hostname === '') {
    throw new ConfigError(`--nats: "${text}" is no ws://, wss://, nats:// or tls:// address`)
  }
  if (url.username !== '' || url.password !== '')
    throw new ConfigError('--nats: the address is to be given without a user')
  return url
}
