import http, { type Server } from 'node:http'
import https from 'node:https'
import net from 'node:net'
import { Listener } from '#net'
import type { TestCertificate } from '../../helpers/certificates.ts'
import type { Address } from '../raw-socket.ts'

export interface ConnectProxy extends AsyncDisposable {
  readonly address: Address
  readonly url: string
  /** `host:port` of every way that was asked for, and what else the request said. */
  readonly asked: readonly { readonly target: string; readonly headers: http.IncomingHttpHeaders }[]
}

export interface ConnectProxyOptions {
  /** `user:password` that is demanded. */
  readonly credentials?: string
  readonly certificate?: TestCertificate
}

/** An HTTP proxy that can do nothing but `CONNECT`. */
export async function startConnectProxy({ credentials, certificate }: ConnectProxyOptions = {}): Promise<ConnectProxy> {
  const asked: { target: string; headers: http.IncomingHttpHeaders }[] = []
  const server: Server = certificate === undefined ? http.createServer() : https.createServer(certificate)
  server.on('connect', ({ url = '', headers }, client, head) => {
    asked.push({ target: url, headers })
    const expected = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`
    if (headers['proxy-authorization'] !== expected) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n')
      return
    }
    const { hostname, port } = new URL(`http://${url}`)
    const server = net.connect(Number(port), hostname.replace(/^\[(.*)\]$/, '$1'))
    server.on('error', () => client.destroy())
    client.on('error', () => server.destroy())
    server.on('connect', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      if (head.length > 0) server.write(head)
      server.pipe(client).pipe(server)
    })
  })
  const listener = await Listener.open(server, { host: '127.0.0.1', port: 0 })
  const scheme = certificate === undefined ? 'http' : 'https'
  return {
    address: listener.address,
    url: `${scheme}://localhost:${listener.address.port}`,
    asked,
    [Symbol.asyncDispose]: () => listener.close(0),
  }
}
