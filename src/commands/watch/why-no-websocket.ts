import { randomBytes } from 'node:crypto'
import { type ClientRequest, get as getHttp, type IncomingMessage } from 'node:http'
import { get as getHttps } from 'node:https'

const TIMEOUT_MS = 10_000

/**
 * Asks for the upgrade once more and answers with what stands in its way: a WebSocket client is not told. `undefined`
 * when nothing does any more. `url` is `http:` or `https:`. Never rejects.
 */
export function whyNoWebSocket(url: string, accessToken: string, signal: AbortSignal): Promise<string | undefined> {
  const headers = {
    Authorization: `Bearer ${accessToken}`,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
  }
  return new Promise((resolve) => {
    const get = url.startsWith('https:') ? getHttps : getHttp
    const request: ClientRequest = get(url, {
      headers,
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    })
    const answer = (why?: string) => {
      resolve(why)
      request.destroy()
    }
    request.on('upgrade', () => answer())
    request.on('response', ({ statusCode = 0 }: IncomingMessage) =>
      answer(`the hub answered ${statusCode}${hintOf(statusCode)}`),
    )
    request.on('error', (error) => answer(error.message))
  })
}

/** What it most often is. */
function hintOf(status: number): string {
  switch (status) {
    case 400:
      return ': a proxy in front must pass the headers Upgrade and Connection on, by HTTP/1.1'
    case 404:
      return ': it is off there (ENABLE_WEBSOCKET=false), or a proxy in front sends /notifications/hub elsewhere'
    case 502:
    case 504:
      return ': nothing listens where the proxy in front sends /notifications/hub'
    default:
      return ''
  }
}
