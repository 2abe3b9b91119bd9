import type { IncomingMessage, ServerResponse } from 'node:http'
import { requestTarget } from '#net'
import { type OriginRules, originAllowed, originOf } from '#wire/websocket'

/** From which pages browsers may use a hub. */
export interface HubOrigins extends OriginRules {
  /** That of DOMAIN, whose pages are always welcome; `undefined` where nobody said it. */
  readonly own?: string | undefined
  /** How a client reached us, as far as proxies are believed. Default: as the request has it. */
  reachedBy?(request: IncomingMessage): ReachedBy
}

export interface ReachedBy {
  /** As in a `Host` header. */
  readonly host: string
  readonly isTls: boolean
}

/**
 * Where the Bitwarden apps say that they come from. Which extension or file it is does not matter: whoever can install
 * one needs no origin.
 */
const APP_ORIGIN = /^(?:(?:chrome|moz|safari-web)-extension:\/\/[^/]*|file:\/\/|bw-desktop-file:\/\/bundle)\/?$/

/** How long browsers may remember the answer to a preflight request: as long as any of them does. */
const PREFLIGHT_MAX_AGE_SECONDS = 7_200

/** Longest origin that is shown; characters. */
const MAX_SHOWN = 128

/** Why a request is refused for the page that sent it, for the log; `undefined` when it is welcome. */
export function originObjection(request: IncomingMessage, rules: HubOrigins): string | undefined {
  const origin = originOf(request.headers)
  if (origin === undefined || origin === rules.own || APP_ORIGIN.test(origin)) return undefined
  const { host, isTls } = (rules.reachedBy ?? directly)(request)
  const objection = originAllowed(origin, host, isTls, rules)
  return objection && `${JSON.stringify(origin.slice(0, MAX_SHOWN))}: ${objection}`
}

function directly(request: IncomingMessage): ReachedBy {
  return { host: requestTarget(request).host, isTls: 'encrypted' in request.socket }
}

/**
 * Lets the page that sent a welcome request read the answer. No cookie of ours lets anybody in, so what may be sent
 * along is of no consequence; SignalR's client insists on being allowed to.
 */
export function shareWithOrigin({ headers }: IncomingMessage, response: ServerResponse): void {
  response.setHeader('Vary', 'Origin')
  if (!headers.origin) return
  response.setHeader('Access-Control-Allow-Origin', headers.origin)
  response.setHeader('Access-Control-Allow-Credentials', 'true')
}

/** A browser asks what it may send (Fetch standard, "CORS-preflight request"): `methods`, and any header. */
export function answerPreflight({ headers }: IncomingMessage, response: ServerResponse, methods: string): void {
  const wanted = headers['access-control-request-headers']
  response.setHeader('Vary', 'Origin, Access-Control-Request-Headers')
  if (wanted) response.setHeader('Access-Control-Allow-Headers', wanted)
  response
    .writeHead(204, {
      Allow: methods,
      'Access-Control-Allow-Methods': methods,
      'Access-Control-Max-Age': PREFLIGHT_MAX_AGE_SECONDS,
    })
    .end()
}
