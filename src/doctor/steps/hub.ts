/** The notification hub itself, as apps use it. */
import { randomUUID } from 'node:crypto'
import { encodeHandshakeRequest, HubMessageType, messagePackProtocol, parseHandshakeReply } from '#wire/signalr'
import type { Answer } from '../ask.ts'
import { isHtml, page, shown, troubleIn } from '../http-answers.ts'
import type { DoctorSocket } from '../socket.ts'
import { type Finding, fault, ok, skipped, type Walk, warning } from '../walk.ts'
import { elsewhere, wrongAccept } from './paths.ts'

export const HUB = '/notifications/hub'
export const ANONYMOUS_HUB = '/notifications/anonymous-hub'

const HANDSHAKE_TIMEOUT_MS = 10_000
const ANSWER_TIMEOUT_MS = 10_000

/** Apps speak it; the bounds are for what a server may say to us. */
export const protocol = messagePackProtocol(100_000, 1024 * 1024)

/** Long negotiates only clients other than the apps, so that what is wrong with it alone is no fault. */
export async function checkNegotiate(walk: Walk): Promise<Finding> {
  return walk.step('negotiate', `negotiation at ${HUB}/negotiate`, async () => {
    const answer = await walk.ask({ method: 'POST', path: `${HUB}/negotiate?negotiateVersion=1`, body: '' })
    const { status } = answer
    const trouble = elsewhere(answer, HUB)
    if (trouble !== undefined) return trouble
    if (status === 401) return ok('401 without a token, as it should')
    if (status === 200) return ok('200')
    if (status === 404 || status === 405) {
      return ok(`${status}: not there, as in Vaultwarden; apps do not need it`)
    }
    return warning('something-else', `${status} ${page(answer)}`, { path: HUB })
  })
}

/** A hub connection that is through with its handshake. */
export type HubConnection =
  | { readonly socket: DoctorSocket; readonly finding: undefined }
  | { readonly socket: undefined; readonly finding: Finding }

/** Opens the hub of those who wait to be let in: nobody has to log in for it. */
export function openAnonymousHub(walk: Walk, headers: Readonly<Record<string, string>> = {}): Promise<HubConnection> {
  return openHub(walk, { path: `${ANONYMOUS_HUB}?Token=${randomUUID()}`, name: ANONYMOUS_HUB, headers })
}

/** The hub as a page of this very server would open it. */
export async function checkHub(walk: Walk): Promise<Finding> {
  return walk.step('hub', `notification hub at ${ANONYMOUS_HUB}`, async () => {
    const opened = await openAnonymousHub(walk, { Origin: walk.place.url.origin })
    if (opened.socket === undefined) return foreignOrigin(walk, opened.finding)
    using socket = opened.socket
    return await roundTrip(socket, walk.signal)
  })
}

/** Whether it was the origin alone that it was refused for. */
async function foreignOrigin(walk: Walk, finding: Finding): Promise<Finding> {
  if (finding.status !== 'fault' || finding.fault !== 'proxy-login') return finding
  const { socket } = await openAnonymousHub(walk)
  if (socket === undefined) return finding
  socket[Symbol.dispose]()
  const { origin } = walk.place.url
  const says = `browsers on the pages of ${origin} are refused, though it is the server's own address`
  return {
    status: 'fault',
    fault: 'origin-refused',
    says,
    mend: { proxy: 'belfry', where: "in Belfry's environment, then restart it", lines: [`DOMAIN=${origin}`] },
  }
}

export interface HubPlace {
  readonly path: string
  /** The path as it may be shown. */
  readonly name: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Opens a WebSocket and shakes hands with MessagePack, as apps do. Rejects with `NoAnswer`. */
export async function openHub(walk: Walk, { path, name, headers = {} }: HubPlace): Promise<HubConnection> {
  const opened = await walk.open(path, headers)
  if (opened.socket === undefined) {
    return { socket: undefined, finding: refused(opened.answer, name) }
  }
  const { socket } = opened
  const { signal } = walk
  socket.send(encodeHandshakeRequest({ protocol: 'messagepack', version: 1 }).toString())
  const reply = await socket.message(HANDSHAKE_TIMEOUT_MS, signal)
  const objection = reply === undefined ? 'there is no answer' : handshakeObjection(reply)
  if (objection === undefined) return { socket, finding: undefined }
  socket[Symbol.dispose]()
  const says = `the WebSocket is open, but to the handshake ${objection}`
  return { socket: undefined, finding: fault('no-handshake', says, { path: name }) }
}

function handshakeObjection(reply: Buffer): string | undefined {
  try {
    const { error } = parseHandshakeReply(reply).handshake
    return error === undefined ? undefined : `the hub says ${shown(error)}`
  } catch {
    return 'comes something else than an answer'
  }
}

/** Where no probe tells what arrived, the status has to. (`spec/hub.md` §8) */
export function refused(answer: Answer, path: string): Finding {
  const { status } = answer
  const about = { path }
  const trouble = troubleIn(answer)
  if (trouble !== undefined) return elsewhere(answer, path) ?? fault(trouble.fault, trouble.says, about)
  const says = `instead of a 101 comes ${status} ${page(answer)}`
  switch (status) {
    case 101:
      return wrongAccept(path)
    case 200:
      return isHtml(answer) ? elsewhere(answer, path)! : fault('no-101', says, about)
    case 400:
    case 426:
      return fault('no-upgrade', `${says}: the headers Upgrade and Connection do not arrive`, about)
    case 403:
      return fault('proxy-login', says, about)
    case 404:
      return {
        status: 'fault',
        fault: 'hub-off',
        says: `${says}: the hub is switched off, or the headers Upgrade and Connection do not arrive`,
        mend: {
          proxy: 'belfry',
          where: "in the server's environment, then restart it",
          lines: ['ENABLE_WEBSOCKET=true'],
        },
      }
    case 429:
      return fault(
        'too-many-connections',
        `${says}: too many connections of one address; does the server see the proxy's?`,
      )
    case 401:
      return fault('login-failed', says)
    default:
      return fault(status >= 500 ? 'server-error' : 'hub-elsewhere', says, about)
  }
}

/** Asks the hub for something that it does not have: it has to say so. Vaultwarden sends everything back. */
async function roundTrip(socket: DoctorSocket, signal: AbortSignal): Promise<Finding> {
  const startMs = performance.now()
  socket.send(ASK)
  const answer = await socket.message(ANSWER_TIMEOUT_MS, signal)
  const ms = Math.round(performance.now() - startMs)
  if (answer !== undefined) return ok(`handshake done, a message there and back in ${ms} ms`)
  const inVain = socket.inVain(ANSWER_TIMEOUT_MS)
  return fault('hub-silent', `handshake done, but after that the hub says nothing ${inVain}`)
}

const ASK = protocol.encode({
  type: HubMessageType.Invocation,
  invocationId: '1',
  target: 'BelfryDoctor',
  arguments: [],
})

/** The hub of a user: only there shows whether the server takes its own tokens. */
export async function checkLogin(
  walk: Walk,
  fetch: Parameters<NonNullable<Walk['options']['login']>>[1],
): Promise<void> {
  const title = `notification hub of a user at ${HUB}`
  const { login } = walk.options
  const { place } = walk
  if (login === undefined) {
    await walk.step('login', title, () => refusesStrangers(walk))
    return
  }
  if (place.isTls && !place.isTrusted) {
    walk.skip('login', title, 'nobody logs in at a server whose certificate is not trusted')
    return
  }
  await walk.step('login', title, async () => {
    let token: string
    try {
      token = await login(place.url.origin + place.basePath, fetch)
    } catch (error) {
      walk.signal.throwIfAborted()
      return fault('login-failed', shown((error as Error).message))
    }
    const opened = await openHub(walk, { path: HUB, name: HUB, headers: { Authorization: `Bearer ${token}` } })
    if (opened.socket !== undefined) {
      using socket = opened.socket
      return await roundTrip(socket, walk.signal)
    }
    const { finding } = opened
    if (finding.status !== 'fault' || finding.fault !== 'login-failed') return finding
    const says = `${finding.says}: a token that was just given out is refused. Does DOMAIN begin with ${place.url.origin}, and are the clocks right?`
    return {
      status: 'fault',
      fault: 'wrong-issuer',
      says,
      mend: {
        proxy: 'belfry',
        where: "in Belfry's environment, then restart it",
        lines: [`DOMAIN=${place.url.href.replace(/\/$/, '')}`],
      },
    }
  })
}

/** Without an account there is still to be seen that the hub is there, and lets in nobody. */
async function refusesStrangers(walk: Walk): Promise<Finding> {
  const opened = await walk.open(HUB)
  if (opened.socket !== undefined) {
    opened.socket[Symbol.dispose]()
    return skipped('no account was given (--account), and the hub opens without a token')
  }
  if (opened.answer.status === 401 && troubleIn(opened.answer) === undefined) {
    return skipped('no account was given (--account); without a token it answers 401, as it should')
  }
  return refused(opened.answer, HUB)
}
