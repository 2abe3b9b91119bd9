import type { IncomingMessage } from 'node:http'
import { peerAddress } from './client-address.ts'
import { requestTarget } from './request-target.ts'

/** Headers by which a proxy says that it speaks for somebody else. */
const FORWARDING_HEADERS = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via']

/**
 * Whether a request was made on this very machine, and not through a proxy that runs here, nor by a web page from
 * elsewhere whose name was made to resolve to this machine (DNS rebinding): the peer, the host that was asked for and,
 * from browsers, the page's origin must all be loopback, and nothing may have forwarded it.
 */
export function isLocalRequest(request: IncomingMessage): boolean {
  const { headers } = request
  if (!isLoopbackAddress(peerAddress(request))) return false
  if (FORWARDING_HEADERS.some((name) => headers[name] !== undefined)) return false
  if (!isLoopbackHost(hostOf(`http://${requestTarget(request).host}`))) return false
  return headers.origin === undefined || isLoopbackHost(hostOf(headers.origin))
}

function isLoopbackAddress(address: string): boolean {
  return address === '::1' || address.startsWith('127.')
}

function isLoopbackHost(host: string | undefined): boolean {
  return host === 'localhost' || host === '[::1]' || (host !== undefined && /^127(?:\.\d{1,3}){3}$/.test(host))
}

function hostOf(url: string): string | undefined {
  return URL.parse(url)?.hostname
}
