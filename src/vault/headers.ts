import type { FastifyReply, FastifyRequest } from 'fastify'
import type { VaultSettings } from './settings.ts'

/** For answers that are data. Whoever answers with a page sets its own policy. */
export const COMMON_HEADERS = {
  'Cache-Control': 'no-cache, no-store, max-age=0',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'self'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
  'Referrer-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'SAMEORIGIN',
  'X-Robots-Tag': 'noindex, nofollow',
  'X-XSS-Protection': '0',
}

/** Pages of the Safari extension and of the desktop app, which are not of our origin. */
const APP_ORIGINS = ['file://', 'bw-desktop-file://bundle']

/** Sets what every answer carries, and answers the questions a browser asks before it calls (CORS preflight). */
export function commonHeaders(settings: VaultSettings) {
  const allowedOrigins = new Set([settings.origin, ...APP_ORIGINS])
  return async (request: FastifyRequest, reply: FastifyReply) => {
    reply.headers(COMMON_HEADERS)
    const { origin } = request.headers
    if (origin !== undefined) reply.header('Vary', 'Origin')
    if (origin !== undefined && allowedOrigins.has(origin)) reply.header('Access-Control-Allow-Origin', origin)
    if (request.method === 'OPTIONS') return preflight(request, reply)
  }
}

function preflight(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return reply
    .headers({
      'Access-Control-Allow-Methods': request.headers['access-control-request-method'] ?? '',
      'Access-Control-Allow-Headers': request.headers['access-control-request-headers'] ?? '',
      'Access-Control-Allow-Credentials': 'true',
      'Content-Type': 'text/plain; charset=utf-8',
    })
    .code(200)
    .send('')
}
