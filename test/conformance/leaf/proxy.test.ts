/** Links through an HTTP proxy that is asked to CONNECT. */
import assert from 'node:assert/strict'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { startNatsNode } from '../../helpers/nats-cluster.ts'
import { requireProgram } from '../../helpers/programs.ts'
import { once } from '../../helpers/wait.ts'
import { checkTraffic, connectTo, linked, logged, startSpoke } from './spoke.ts'

const { skip } = requireProgram('nats-server')

/** Lets `user:password` through, to wherever they want. */
async function startProxy(user: string) {
  const asked: string[] = []
  const authorization = `Basic ${Buffer.from(user).toString('base64')}`
  const server = http.createServer().on('connect', (request, socket) => {
    asked.push(request.url ?? '')
    socket.on('error', () => {})
    if (request.headers['proxy-authorization'] !== authorization) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
      return
    }
    const [host, port] = (request.url ?? '').split(':')
    const target = net.connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      target.pipe(socket).pipe(target)
    })
    target.on('error', () => socket.destroy()).on('close', () => socket.destroy())
    socket.on('close', () => target.destroy())
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    asked,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test('a link through a proxy carries what any other does', { skip }, async () => {
  await using hub = await startNatsNode({ leafnodes: true })
  await using proxy = await startProxy('p:hush-hush')
  const block = `proxy { url: "${proxy.url}", username: p, password: "hush-hush" }`
  await using spoke = await startSpoke(hub.webSocketUrl, block)
  await linked(spoke)
  assert.deepEqual(proxy.asked, [`127.0.0.1:${hub.webSocketPort}`])
  await using here = await connectTo(spoke.natsUrl)
  await using there = await connectTo(hub.url)
  await checkTraffic(here.client, there.client, 'up')
  await checkTraffic(there.client, here.client, 'down')
  assert.doesNotMatch(JSON.stringify(spoke.log), /hush/)
})

test('a proxy that does not let us through is named as the trouble', { skip }, async () => {
  await using hub = await startNatsNode({ leafnodes: true })
  await using proxy = await startProxy('p:other')
  const block = `proxy { url: "${proxy.url}", username: p, password: "hush-hush" }`
  await using spoke = await startSpoke(hub.webSocketUrl, block)
  const said = await logged(spoke, 'leaf node server not reached')
  assert.match(said, /proxy CONNECT failed: 407.*check username and password of the proxy/)
  assert.doesNotMatch(JSON.stringify(spoke.log), /hush/)
})
