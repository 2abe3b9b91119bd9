/** How a remote gets to where leaf nodes speak, past somebody who stands in between. */
import assert from 'node:assert/strict'
import net, { type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { TLSSocket } from 'node:tls'
import { TestAuthority } from '../../../../helpers/certificates.ts'
import { temporaryFolder } from '../../../../helpers/temp.ts'
import { once, until } from '../../../../helpers/wait.ts'
import { playHub } from './played-hub.ts'
import { solicit } from './solicitor.ts'

const INFO = { server_name: 'hub', client_id: 1, info_on_connect: true, tls_required: true }

/** A hub with TLS that ends each link at once, after it told of other servers in plain text and in the answer to CONNECT. */
async function hubThatTells(inPlainText: readonly string[], behindTls: readonly string[]) {
  await using cleanup = new AsyncDisposableStack()
  const folder = cleanup.use(await temporaryFolder())
  const authority = await TestAuthority.create(folder)
  const { cert, key } = await authority.issue()
  let visits = 0
  const hub = net.createServer((socket) => {
    visits++
    socket.on('error', () => {})
    socket.write(`INFO ${JSON.stringify({ ...INFO, leafnode_urls: inPlainText })}\r\n`)
    const secure = new TLSSocket(socket, { isServer: true, cert, key })
    secure.on('error', () => {})
    secure.once('data', () => {
      secure.end(`INFO ${JSON.stringify({ ...INFO, connect_info: true, leafnode_urls: behindTls })}\r\n`)
    })
  })
  await once(hub.listen(0, '127.0.0.1'), 'listening')
  cleanup.defer(() => void hub.close())
  const { port } = hub.address() as AddressInfo
  const resources = cleanup.move()
  return {
    url: `tls://bob:hush@localhost:${port}`,
    caFile: authority.caFile,
    visits: () => visits,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

test('whoever is named in front of TLS is not gone to with the credentials of the remote', async () => {
  await using stranger = await playHub((visit) => visit.info())
  await using hub = await hubThatTells([`127.0.0.1:${stranger.port}`], [])
  await using _ = solicit({ urls: hub.url, tls: { caFile: hub.caFile } })
  await until(() => hub.visits() >= 3, 'three attempts')
  assert.equal(stranger.visits.length, 0)
})

test('whoever is named behind TLS is', async () => {
  await using other = await playHub((visit) => visit.info())
  await using hub = await hubThatTells([], [`127.0.0.1:${other.port}`])
  await using _ = solicit({ urls: hub.url, tls: { caFile: hub.caFile } })
  await other.visit(1)
})
