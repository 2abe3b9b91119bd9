import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import tls, { type TLSSocket } from 'node:tls'
import { tlsSnapshotOf } from '../../../src/doors/nats/connection-snapshot.ts'
import { TestAuthority } from '../../helpers/certificates.ts'
import { temporaryFolder } from '../../helpers/temp.ts'
import { once, within } from '../../helpers/wait.ts'

test('the chain of a client certificate ends with the authority, which is not sent', async () => {
  await using folder = await temporaryFolder()
  const authority = await TestAuthority.create(folder)
  const [ours, theirs] = [await authority.issue(), await authority.issue({ subject: 'CN=bell' })]
  const server = tls.createServer({ ...ours, ca: authority.ca, requestCert: true })
  await using cleanup = new AsyncDisposableStack()
  cleanup.defer(() => void server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const secured = Promise.withResolvers<TLSSocket>()
  server.once('secureConnection', secured.resolve)
  const client = tls.connect({ port, host: '127.0.0.1', ...theirs, ca: authority.ca, servername: 'localhost' })
  cleanup.defer(() => void client.destroy())
  const socket = await within(secured.promise, 'the handshake')
  cleanup.defer(() => void socket.destroy())
  const chain = tlsSnapshotOf(socket)?.peerChain() ?? []
  assert.deepEqual(
    chain.map((der) => new X509Certificate(der).toString()),
    [theirs.cert, authority.ca].map((pem) => new X509Certificate(pem).toString()),
  )
})
