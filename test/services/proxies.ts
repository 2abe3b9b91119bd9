/** Proxies in front of a server, as its users have them. */
import net from 'node:net'
import { once } from '../helpers/wait.ts'
import type { Address } from '../net/raw-socket.ts'
import { PROXIES, startProxy } from '../proxies/start-proxy.ts'
import { freePorts } from './free-ports.ts'

export const { nginx } = PROXIES

/** What an nginx listens with: a certificate makes it TLS. */
export interface NginxSite {
  readonly tls?: { readonly certFile: string; readonly keyFile: string } | undefined
  /** Where it passes requests on to; one for each path. */
  readonly locations?: Readonly<Record<string, string>>
  /** More of its `server {}` block, as somebody wrote it. */
  readonly rules?: string
}

/** An nginx with one site, which passes upgrades on with the headers that its documentation recommends. */
export async function startNginx({ tls, locations = {}, rules = '' }: NginxSite): Promise<Address & AsyncDisposable> {
  const [port] = (await freePorts(1)) as [number]
  const places = Object.entries(locations).map(
    ([path, url]) => `location ${path} {
      proxy_pass ${url};
      proxy_http_version 1.1;
      proxy_ssl_verify off;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
    }`,
  )
  const config = `map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
    server {
      listen 127.0.0.1:${port} ${tls ? 'ssl' : ''};
      ${tls ? `ssl_certificate ${tls.certFile}; ssl_certificate_key ${tls.keyFile};` : ''}
      ${places.join('\n')}
      ${rules}
    }`
  const proxy = await startProxy({ kind: 'nginx', config, ports: [port] })
  return { host: '127.0.0.1', port, [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose]() }
}

/** A proxy of bytes that writes `header` in front of each connection, as HAProxy and load balancers do. */
export async function startRelay(to: Address, header: Buffer | string): Promise<Address & AsyncDisposable> {
  const sockets = new Set<net.Socket>()
  const relay = net.createServer((client) => {
    const upstream = net.connect(to.port, to.host)
    upstream.write(header)
    client.pipe(upstream).pipe(client)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.once('close', () => {
        client.destroy()
        upstream.destroy()
      })
    }
  })
  relay.listen(0, '127.0.0.1')
  await once(relay, 'listening')
  return {
    host: '127.0.0.1',
    port: (relay.address() as net.AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      relay.close()
      await once(relay, 'close')
    },
  }
}

/** Version 1: a line of text. */
export function proxyHeaderV1(address: string, port: number): string {
  const [family, here] = net.isIPv6(address) ? ['TCP6', '::1'] : ['TCP4', '127.0.0.1']
  return `PROXY ${family} ${address} ${here} ${port} 443\r\n`
}

/** Version 2, for IPv4: signature, version and command, family and transport, length, addresses, ports. */
export function proxyHeaderV2(address: string, port: number): Buffer {
  const fixed = Buffer.from('\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c', 'latin1')
  const ports = Buffer.alloc(4)
  ports.writeUInt16BE(port)
  ports.writeUInt16BE(443, 2)
  return Buffer.concat([fixed, Buffer.from(address.split('.').map(Number)), Buffer.from([127, 0, 0, 1]), ports])
}
