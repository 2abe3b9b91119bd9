/** An auth callout service as people write it: NATS' client library, NATS' JWT library. */
import {
  type AuthorizationRequest,
  type ClaimsData,
  decode,
  encodeAuthorizationResponse,
  encodeUser,
  fromPublic,
  type KeyPair,
  type User,
} from '@nats-io/jwt'
import type { Msg, NatsConnection } from '@nats-io/nats-core'

export type Request = ClaimsData<AuthorizationRequest>['nats'] & {
  readonly user_nkey: string
  readonly server_id: NonNullable<AuthorizationRequest['server_id']>
}

/** Whom it lets in, and as what; a text is why not; `undefined` leaves the server waiting. */
export type Decision = Admission | string | undefined

export interface Admission {
  readonly account: string
  readonly name?: string
  readonly claims?: Partial<User>
  readonly exp?: number
  /** Instead of the user that the server asks about. */
  readonly userKey?: string
  /** Instead of the service's issuer. */
  readonly issuer?: KeyPair
  /** Instead of the server that asks. */
  readonly serverKey?: string
  /** In operator mode the account that signs for its user; the user is placed there. */
  readonly accountKey?: KeyPair
}

export interface ServiceOptions {
  readonly issuer: KeyPair
  readonly decide: (request: Request) => Decision
  /** When requests come sealed and answers go sealed. */
  readonly xkey?: KeyPair
}

export class CalloutService {
  readonly requests: Request[] = []
  readonly #options: ServiceOptions

  private constructor(options: ServiceOptions) {
    this.#options = options
  }

  /** Resolves when it is there. */
  static async start(connection: NatsConnection, options: ServiceOptions): Promise<CalloutService> {
    const service = new CalloutService(options)
    connection.subscribe('$SYS.REQ.USER.AUTH', { callback: (_error, message) => void service.#answer(message) })
    await connection.flush()
    return service
  }

  async #answer(message: Msg): Promise<void> {
    const { decide, xkey } = this.#options
    const serverCurve = message.headers?.get('Nats-Server-Xkey') ?? ''
    const plain = xkey ? xkey.open(message.data, serverCurve) : message.data
    if (plain === null) throw new Error('The request cannot be opened')
    const request = decode<AuthorizationRequest>(Buffer.from(plain).toString()).nats as Request
    this.requests.push(request)
    const decision = decide(request)
    if (decision === undefined) return
    const answer = Buffer.from(await this.#response(request, decision))
    message.respond(xkey ? xkey.seal(answer, serverCurve) : answer)
  }

  async #response(request: Request, decision: Admission | string): Promise<string> {
    const { issuer } = this.#options
    const user = fromPublic(request.user_nkey)
    const server = fromPublic(request.server_id.id)
    if (typeof decision === 'string') return encodeAuthorizationResponse(user, server, issuer, { error: decision }, {})
    const { account, name = 'from callout', claims = {}, exp, accountKey } = decision
    const signer = decision.issuer ?? accountKey ?? issuer
    const subject = decision.userKey === undefined ? user : fromPublic(decision.userKey)
    const audience = decision.serverKey === undefined ? server : fromPublic(decision.serverKey)
    const jwt = await encodeUser(name, subject, signer, claims, {
      ...(accountKey === undefined && { aud: account }),
      ...(exp !== undefined && { exp }),
    })
    return encodeAuthorizationResponse(user, audience, issuer, { jwt }, {})
  }
}
