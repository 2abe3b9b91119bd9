import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { KeyPair } from '../../../../src/auth/nats/nkeys.ts'
import { UrlResolver } from '../../../../src/auth/nats/operator/url-resolver.ts'
import { TestAuthority } from '../../../helpers/certificates.ts'
import { temporaryFolder } from '../../../helpers/temp.ts'
import { principalOf, Realm, reasonOf, requestOf } from './realm.ts'

const account = KeyPair.create('account')
const user = KeyPair.create('user')

async function listening(server: http.Server) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const port = (server.address() as AddressInfo).port
  const close = async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  return { port, [Symbol.asyncDispose]: close }
}

test('accounts come from an HTTP server, each once', async () => {
  const realm = new Realm()
  const paths: string[] = []
  await using server = await listening(
    http.createServer((request, response) => {
      paths.push(request.url ?? '')
      const isKnown = ['/jwt/', `/jwt/${account.publicKey}`].includes(request.url ?? '')
      response.writeHead(isKnown ? 200 : 404).end(`${realm.accountJwt(account)}\n`)
    }),
  )
  const resolver = { kind: 'url', url: `http://127.0.0.1:${server.port}/jwt`, tls: undefined } as const
  await using open = await realm.open([], { resolver, preload: {} })
  const login = (issuer: KeyPair) => open.mode.login(requestOf(realm.userJwt(user, issuer), user))
  const results = await Promise.all(Array.from({ length: 10 }, () => login(account)))
  for (const result of results) principalOf(result)
  assert.deepEqual(paths, ['/jwt/', `/jwt/${account.publicKey}`])

  const stranger = KeyPair.create('account')
  for (let attempt = 0; attempt < 5; attempt++) {
    assert.match(
      reasonOf(await login(stranger)),
      /Account JWT lookup error: could not fetch <"http:.*>: 404 Not Found$/,
    )
  }
  assert.equal(paths.length, 3)
})

test('an answer that is too long, goes elsewhere for ever or never comes is given up', async () => {
  await using server = await listening(
    http.createServer((request, response) => {
      if (request.url === '/long') response.end(Buffer.alloc(2 * 1024 * 1024, 'x'))
      else if (request.url === '/round') response.writeHead(302, { location: '/round' }).end()
      else if (request.url === '/away') response.writeHead(302, { location: '/there' }).end()
      else if (request.url === '/there') response.end('found')
      else if (request.url === '/file') response.writeHead(302, { location: 'file:///etc/passwd' }).end()
      else response.write('and then')
    }),
  )
  const resolver = new UrlResolver({ url: `http://127.0.0.1:${server.port}`, tls: undefined })
  await assert.rejects(resolver.fetch('long'), /more than 1048576 bytes/)
  await assert.rejects(resolver.fetch('round'), /stopped after 10 redirects/)
  await assert.rejects(resolver.fetch('file'), /unsupported protocol scheme "file"/)
  assert.equal(await resolver.fetch('away'), 'found')
  await assert.rejects(resolver.fetch('silence'), /timed out/)
  await resolver.close()
})

test('its TLS is checked against the authority of resolver_tls, and shows its certificate', async () => {
  await using folder = await temporaryFolder()
  const authority = await TestAuthority.create(folder)
  const own = await authority.issue({ dnsNames: ['localhost'] })
  await using server = await listening(
    https.createServer({ cert: own.cert, key: own.key, ca: authority.ca, requestCert: true }, (_request, response) => {
      response.end('found')
    }),
  )
  const url = `https://localhost:${server.port}`
  const files = { caFile: authority.caFile, certFile: own.certFile, keyFile: own.keyFile, isInsecure: false }
  const fetched = async (tls: ConstructorParameters<typeof UrlResolver>[0]['tls']) => {
    const resolver = new UrlResolver({ url, tls })
    try {
      return await resolver.fetch('x')
    } finally {
      await resolver.close()
    }
  }
  assert.equal(await fetched(files), 'found')
  await assert.rejects(fetched(undefined), /self-signed certificate|unable to verify|unable to get/)
  await assert.rejects(fetched({ ...files, certFile: undefined, keyFile: undefined }))
  await assert.rejects(
    fetched({ ...files, caFile: folder.join('missing.pem') }),
    /resolver_tls: cannot read ".*": ENOENT/,
  )
})
