import { connect } from 'node:net'
import tls from 'node:tls'
import { TestAuthority } from './certificates.ts'
import { temporaryFolder } from './temp.ts'
import { startValidationServer } from './validation-server.ts'

/** A validation server behind TLS, which is the only way that a Belfry asks one. This process believes its certificate. */
export async function startSecureValidationServer() {
  await using folder = await temporaryFolder()
  const authority = await TestAuthority.create(folder)
  const plain = await startValidationServer()
  const { port } = new URL(plain.url)
  const server = tls.createServer(await authority.issue(), (socket) => {
    const inner = connect(Number(port), '127.0.0.1')
    socket.pipe(inner).pipe(socket)
    for (const each of [socket, inner]) {
      each.on('error', () => {
        socket.destroy()
        inner.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), authority.ca])
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('it has no port')
  return {
    url: plain.url.replace(/^http:\/\/[^/]+/, `https://localhost:${address.port}`),
    async [Symbol.asyncDispose]() {
      server.close()
      await plain[Symbol.asyncDispose]()
    },
  }
}
