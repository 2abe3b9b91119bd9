/** Users by JWTs of an operator's accounts, in CONNECT and in the cookie. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Operator, type UserOfAccount } from '../../../conformance/auth/operator.ts'
import { type RunningImplementation, table } from './servers.ts'
import { WireClient } from './wire-client.ts'

const operator = new Operator()
const account = operator.account('A')
const main = await operator.memoryConfig({ [account.key]: await account.jwt() })
const CONFIG = `${main}\nwebsocket { listen: "127.0.0.1:-1", no_tls: true, jwt_cookie: "jwt" }`

interface Attempt {
  readonly what: string
  /** In CONNECT. */
  readonly jwt?: UserOfAccount
  readonly isSigned?: boolean
  readonly cookie?: UserOfAccount
  readonly isAccepted: boolean
}

const plain = await account.user('plain')
const bearer = await account.user('bearer', { claims: { bearer_token: true } })
const typed = (...types: string[]) => account.user('typed', { claims: { allowed_connection_types: types as never } })

const COOKIES: readonly Attempt[] = [
  { what: 'in CONNECT, signed', jwt: plain, isSigned: true, isAccepted: true },
  { what: 'in CONNECT, not signed', jwt: plain, isAccepted: false },
  { what: 'in CONNECT, a bearer that is not signed', jwt: bearer, isAccepted: true },
  { what: 'in the cookie, not signed', cookie: plain, isAccepted: false },
  { what: 'in the cookie, a bearer', cookie: bearer, isAccepted: true },
  { what: 'in CONNECT before the cookie', jwt: bearer, isSigned: true, cookie: plain, isAccepted: true },
]

const TYPES: readonly Attempt[] = [
  { what: 'another type', jwt: await typed('STANDARD'), isSigned: true, isAccepted: false },
  { what: 'the type', jwt: await typed('STANDARD', 'WEBSOCKET'), isSigned: true, isAccepted: true },
  { what: 'the type in lower case', jwt: await typed('websocket'), isSigned: true, isAccepted: true },
  {
    what: 'an unknown type beside it',
    jwt: await typed('SOME_NEW_TYPE', 'WEBSOCKET'),
    isSigned: true,
    isAccepted: true,
  },
  { what: 'an unknown type alone', jwt: await typed('SOME_NEW_TYPE'), isSigned: true, isAccepted: false },
]

table(({ start }) => {
  let server: RunningImplementation
  before(async () => {
    server = await start(CONFIG)
  })
  after(() => server?.[Symbol.asyncDispose]())

  const row = (name: string, { what, jwt, isSigned = false, cookie, isAccepted }: Attempt) =>
    test(`${name}: ${what}`, async () => {
      const headers = { Cookie: cookie && `jwt=${cookie.jwt}` }
      using client = await WireClient.connect(server.webSocket, { headers })
      const signature = isSigned && jwt?.pair.sign(Buffer.from(String(client.info.nonce)))
      const fields = {
        verbose: true,
        protocol: 1,
        ...(jwt && { jwt: jwt.jwt }),
        ...(signature && { sig: Buffer.from(signature).toString('base64url') }),
      }
      client.say(`CONNECT ${JSON.stringify(fields)}\r\n`)
      assert.equal(await client.hearThrough('\r\n'), isAccepted ? '+OK\r\n' : "-ERR 'Authorization Violation'\r\n")
      if (!isAccepted) assert.deepEqual(await client.ended(), { code: 1008, reason: 'Authentication Failure' })
    })
  for (const attempt of COOKIES) row('WSJWTCookieUser', attempt)
  for (const attempt of TYPES) row('WSJWTWithAllowedConnectionTypes', attempt)
})
