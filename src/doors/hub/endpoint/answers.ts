import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { refuseUpgrade } from '#net'
import type { Refusal } from '../hub.ts'

/** Nothing that a hub answers may be kept. spec: hub §1.10 */
export const NO_CACHE = {
  'Cache-Control': 'no-cache, no-store',
  Pragma: 'no-cache',
  Expires: 'Thu, 01 Jan 1970 00:00:00 GMT',
} as const

/** Ends a request that gets no WebSocket, with the error body that Bitwarden's clients read. spec: vault §2.3 */
export function refuse(socket: Duplex, status: number, message: string): void {
  refuseUpgrade(socket, status, { headers: { 'Content-Type': 'application/json' }, body: errorBody(message) })
}

/** The same for a request that asked for no WebSocket. */
export function refuseRequest(response: ServerResponse, { status, message }: Refusal): void {
  answer(response, status, 'application/json', errorBody(message))
}

/** What stands between a SignalR client and its connection is said in ASP.NET's words, as text. spec: hub §1.2 */
export interface Objection {
  readonly status: number
  readonly text: string
}

export function objectToUpgrade(socket: Duplex, { status, text }: Objection): void {
  refuseUpgrade(socket, status, { body: text })
}

export function answerText(response: ServerResponse, { status, text }: Objection): void {
  answer(response, status, 'text/plain', text)
}

export function answerJson(response: ServerResponse, body: string): void {
  answer(response, 200, 'application/json', body)
}

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  const length = Buffer.byteLength(body)
  response.writeHead(status, { ...NO_CACHE, 'Content-Type': type, 'Content-Length': length }).end(body)
}

function errorBody(message: string): string {
  return JSON.stringify({
    message,
    validationErrors: { '': [message] },
    errorModel: { message, object: 'error' },
    error: '',
    error_description: '',
    exceptionMessage: null,
    exceptionStackTrace: null,
    innerExceptionMessage: null,
    object: 'error',
  })
}
