/** NATS over TCP through proxies that say by the PROXY protocol who the client is. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import { TestAuthority } from '../helpers/certificates.ts'
import { temporaryFolder } from '../helpers/temp.ts'
import { once, until } from '../helpers/wait.ts'
import { RawSocket } from '../net/raw-socket.ts'
import { ConfiguredServer } from '../services/configured-server.ts'
import { freePorts } from '../services/free-ports.ts'
import { printed } from './site.ts'
import { checkProxy, PROXIES, type ProxyKind, startProxy } from './start-proxy.ts'

const BEHIND = 'http: "127.0.0.1:-1"\nproxy_protocol: true\ntrusted_proxies: ["127.0.0.1"]\n'

const WAYS: readonly (readonly [kind: ProxyKind, version: string])[] = [
  ['haproxy', 'v1'],
  ['haproxy', 'v2'],
  ['nginx', 'v1'],
]

/** What the proxy's file is to say, for a server and ports of this machine. */
async function configOf(kind: ProxyKind, to: { readonly port: number }, more: readonly string[] = []) {
  await using folder = await temporaryFolder()
  const { cert, key } = await (await TestAuthority.create(folder)).issue()
  const [port, webPort, plainPort] = (await freePorts(3)) as [number, number, number]
  const places = ['--listen', `127.0.0.1:${webPort}`, '--redirect', `127.0.0.1:${plainPort}`]
  const nats = ['--nats-tcp', `127.0.0.1:${port}=127.0.0.1:${to.port}`, ...more]
  const config = await printed([kind, '--domain', `https://localhost:${webPort}`, ...places, ...nats])
  return { config, port, pem: `${cert}\n${key}` }
}

/** Of Debian's package, unless nginx has it built in. */
const STREAM_MODULE = '/usr/lib/nginx/modules/ngx_stream_module.so'
const lacksModule = process.env.BELFRY_REQUIRE_PROGRAMS !== '1' && !existsSync(STREAM_MODULE)

for (const [kind, version] of WAYS) {
  const hint =
    kind === 'nginx' && lacksModule && 'nginx has no stream module; on Debian: apt-get install libnginx-mod-stream'
  describe(`${kind}, version ${version.slice(1)}`, { skip: PROXIES[kind].skip || hint }, () => {
    test('the client has its own address in INFO and /connz, and messages arrive', async () => {
      await using server = await ConfiguredServer.start(BEHIND)
      await using folder = await temporaryFolder()
      const printedConfig = await configOf(kind, server.tcp, ['--proxy-protocol', version])
      // The same file has the web site, whose certificate has to be there.
      await writeFile(folder.join('site.pem'), printedConfig.pem)
      const config = printedConfig.config.replaceAll(/\/etc\/haproxy\/certs\/\S+/g, folder.join('site.pem'))
      const { code, output } = await checkProxy(kind, config)
      assert.equal(code, 0, output)
      assert.doesNotMatch(output, /warn|alert|error/i)
      const { port } = printedConfig
      await using _ = await startProxy({ kind, config, ports: [port] })
      const clients: RawSocket[] = []
      for (const localAddress of ['127.0.0.2', '127.0.0.3']) {
        const socket = connect({ port, host: '127.0.0.1', localAddress, allowHalfOpen: true })
        await once(socket, 'connect')
        const client = new RawSocket(socket)
        clients.push(client)
        const info = JSON.parse((await client.readThrough('\r\n')).slice('INFO '.length))
        assert.equal(info.client_ip, localAddress)
        client.write('CONNECT {"verbose":false}\r\nSUB greetings 1\r\nPING\r\n')
        await client.readThrough('PONG\r\n')
      }
      clients[0]!.write('PUB greetings 5\r\nhello\r\n')
      for (const client of clients)
        assert.equal(await client.readThrough('hello\r\n'), 'MSG greetings 1 5\r\nhello\r\n')
      // Whoever tried the port before is among the connections for a moment.
      await until(async () => {
        const { body } = await server.monitoring('/connz')
        const ips = (body.connections as { ip: string }[]).map(({ ip }) => ip)
        return ips.join() === '127.0.0.2,127.0.0.3'
      }, 'both addresses in /connz')
      for (const client of clients) client.socket.destroy()
    })
  })
}
