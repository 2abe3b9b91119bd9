import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createAccount, createCurve, type KeyPair as ForeignKeyPair, fromPublic } from '@nats-io/nkeys'
import { type CalloutOptions, type CalloutTools, createCallout, KeyPair, type LoginRequest } from '#auth'
import { Broker, InProcessClient, type Message, RequestClient } from '#core'
import { FakeClock } from '../../../helpers/fake-clock.ts'
import { loginRequest } from '../login-request.ts'

/** The account of the service. */
export const SERVICE_ACCOUNT = 'AUTH'

/** The claims of a JWT; with `signer`, its signature has to be good to the library of nats-io. */
// biome-ignore lint/suspicious/noExplicitAny: tests read of it what they need.
function claimsOf(token: string, signer: Pick<ForeignKeyPair, 'verify'> | undefined): any {
  const [header = '', claims = '', signature = ''] = token.split('.')
  const signed = Buffer.from(`${header}.${claims}`)
  if (signer !== undefined) assert.ok(signer.verify(signed, Buffer.from(signature, 'base64url')), 'a bad signature')
  assert.deepEqual(JSON.parse(Buffer.from(header, 'base64url').toString()), { typ: 'JWT', alg: 'ed25519-nkey' })
  return JSON.parse(Buffer.from(claims, 'base64url').toString())
}

/** A JWT as the library of nats-io makes it. */
export function signed(claims: object, signer: ForeignKeyPair): string {
  const body = { jti: 'x', iat: 1, iss: signer.getPublicKey(), ...claims }
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${encode({ typ: 'JWT', alg: 'ed25519-nkey' })}.${encode(body)}`
  return `${text}.${Buffer.from(signer.sign(Buffer.from(text))).toString('base64url')}`
}

/** What the service was asked. */
export interface Asked {
  // biome-ignore lint/suspicious/noExplicitAny: the claims of the request.
  readonly claims: any
  readonly message: Message
}

/** Beside what a JWT has anyway; `nats` is what it says, `signer` by default the issuer that the server expects. */
interface JwtFields extends Readonly<Record<string, unknown>> {
  readonly nats?: object
  readonly signer?: ForeignKeyPair
}

export interface WorldOptions {
  readonly options?: Partial<CalloutOptions>
  readonly tools?: Partial<CalloutTools>
  /** Both seal. */
  readonly isSealed?: boolean
  /** The service does not check signatures, which takes the library of nats-io many milliseconds each. */
  readonly isTrusting?: boolean
}

/** A server that asks, and a service that answers as `decide` says. */
export function calloutWorld({ options = {}, tools = {}, isSealed = false, isTrusting = false }: WorldOptions = {}) {
  const broker = new Broker(() => 0)
  const clock = new FakeClock()
  const issuer = createAccount()
  const curve = createCurve()
  const serverKeys = KeyPair.create('server')
  const xkeys = KeyPair.create('curve')
  const service = new InProcessClient(broker.account(SERVICE_ACCOUNT), (error) => assert.fail(error as Error))
  const requests = new RequestClient({ broker, clock, randomBytes })
  const callout = createCallout(
    {
      issuer: issuer.getPublicKey(),
      authUsers: ['auth'],
      account: SERVICE_ACCOUNT,
      xkey: isSealed ? curve.getPublicKey() : undefined,
      allowedAccounts: [],
      ...options,
    },
    {
      clock,
      server: { name: 'bells', host: '0.0.0.0', version: '2.9.25', keys: serverKeys, xkeys },
      ask: (account, request, timeoutMs) => requests.request(account, request, timeoutMs),
      timeoutMs: 2_000,
      hasAccount: (name) => ['A', '$G', SERVICE_ACCOUNT].includes(name),
      ...tools,
    },
  )
  const asked: Asked[] = []
  const server = isTrusting ? undefined : fromPublic(serverKeys.publicKey)

  const userJwt = (userNkey: string, fields: JwtFields = {}) => {
    const { nats, signer = issuer, ...rest } = fields
    const claims = { sub: userNkey, aud: 'A', name: 'bob', ...rest }
    return signed({ ...claims, nats: { type: 'user', version: 2, pub: {}, sub: {}, ...nats } }, signer)
  }
  const response = (userNkey: string, nats: object, fields: JwtFields = {}) => {
    const { signer = issuer, ...rest } = fields
    const claims = { sub: userNkey, aud: serverKeys.publicKey, ...rest }
    return signed({ ...claims, nats: { type: 'authorization_response', version: 2, ...nats } }, signer)
  }
  /** `decide` gets the nkey of the user, and answers with the text of a response; without one, nothing is answered. */
  const serve = (decide: (userNkey: string, asked: Asked) => string | Buffer | undefined): void => {
    service.subscribe('$SYS.REQ.USER.AUTH', (message) => {
      const payload = isSealed ? curve.open(message.payload, xkeys.publicKey) : message.payload
      assert.ok(payload)
      const one = { claims: claimsOf(Buffer.from(payload).toString(), server), message }
      asked.push(one)
      const answer = decide(one.claims.nats.user_nkey, one)
      if (answer !== undefined) service.publish(message.reply, Buffer.from(answer))
    })
  }

  return {
    broker,
    clock,
    callout,
    asked,
    issuer,
    curve,
    xkeys,
    service,
    requests,
    serverId: serverKeys.publicKey,
    login: (fields: Partial<LoginRequest> = {}) => callout.login(loginRequest(fields)),
    userJwt,
    response,
    serve,
    /** Lets everybody in as `fields` of the user JWT say. */
    admit: (fields: JwtFields = {}) => serve((userNkey) => response(userNkey, { jwt: userJwt(userNkey, fields) })),
  }
}

/** The reason of a refusal. */
export async function reasonOf(result: ReturnType<ReturnType<typeof calloutWorld>['login']>): Promise<string> {
  const settled = await result
  assert.ok(!settled.ok, 'it was let in')
  return settled.reason
}
