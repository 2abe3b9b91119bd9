import type { AccountDefinition } from '#core'
import { silentLogger } from '#kit'
import type { LoginRequest, LoginResult, Principal } from '../../../../src/auth/nats/authenticator.ts'
import { encodeJwt, type WireClaims } from '../../../../src/auth/nats/jwt/index.ts'
import { KeyPair } from '../../../../src/auth/nats/nkeys.ts'
import { type OperatorMode, type OperatorTools, openOperatorMode } from '../../../../src/auth/nats/operator/index.ts'
import type { OperatorOptions } from '../../../../src/auth/nats/options.ts'
import { FakeClock } from '../../../helpers/fake-clock.ts'

type Fields = Readonly<Record<string, unknown>>
type Standard = Partial<Pick<WireClaims, 'name' | 'exp' | 'nbf' | 'sub'>>

const UNLIMITED = {
  subs: -1,
  data: -1,
  payload: -1,
  imports: -1,
  exports: -1,
  wildcards: true,
  conn: -1,
  leaf: -1,
}

/** An operator with what it takes to issue JWTs, and a clock by which they are issued. */
export class Realm {
  readonly clock = new FakeClock()
  readonly operator = KeyPair.create('operator')

  get nowSeconds(): number {
    return Math.floor(this.clock.now() / 1000)
  }

  operatorJwt(nats: Fields = {}): string {
    return this.#encode(this.operator.publicKey, { type: 'operator', ...nats }, this.operator)
  }

  accountJwt(account: KeyPair, nats: Fields = {}, standard: Standard = {}, signer = this.operator): string {
    const fields = { type: 'account' as const, limits: UNLIMITED, ...nats }
    return this.#encode(account.publicKey, fields, signer, { name: 'A', ...standard })
  }

  userJwt(user: KeyPair, issuer: KeyPair, nats: Fields = {}, standard: Standard = {}): string {
    const fields = { type: 'user' as const, subs: -1, data: -1, payload: -1, ...nats }
    return this.#encode(user.publicKey, fields, issuer, { name: 'u', ...standard })
  }

  activationJwt(importer: KeyPair, issuer: KeyPair, nats: Fields, standard: Standard = {}): string {
    return this.#encode(importer.publicKey, { type: 'activation', ...nats }, issuer, standard)
  }

  genericJwt(signer: KeyPair, nats: Fields, sub = signer.publicKey): string {
    return this.#encode(sub, { type: 'generic', ...nats } as never, signer)
  }

  /** In memory, with these accounts, unless `options` say otherwise. */
  async open(tokens: readonly string[], options: Partial<OperatorOptions> = {}, tools: Partial<OperatorTools> = {}) {
    const subjectOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).sub
    const definitions = new Map<string, AccountDefinition>()
    const changed: string[] = []
    const mode = await openOperatorMode(
      {
        operators: [this.operatorJwt()],
        trustedKeys: [],
        systemAccount: undefined,
        resolver: { kind: 'memory' },
        preload: Object.fromEntries(tokens.map((token) => [subjectOf(token), token])),
        defaultSentinel: undefined,
        pinnedAccounts: [],
        ...options,
      },
      {
        clock: this.clock,
        logger: silentLogger,
        define: (definition) => void definitions.set(definition.name, definition),
        forget: (account) => void definitions.delete(account),
        changed: (account) => void changed.push(account),
        ...tools,
      },
    )
    const opened: OpenRealm = { mode, definitions, changed, [Symbol.asyncDispose]: () => mode.close() }
    return opened
  }

  #encode(sub: string, nats: WireClaims['nats'], signer: KeyPair, standard: Standard = {}): string {
    return encodeJwt({ sub, ...standard, nats }, signer, this.clock.now())
  }
}

export interface OpenRealm extends AsyncDisposable {
  readonly mode: OperatorMode
  readonly definitions: ReadonlyMap<string, AccountDefinition>
  /** Accounts of which it was said that their connections are to be rechecked. */
  readonly changed: string[]
}

const NONCE = 'K6Y8Uus4K9Ps2Rg'

/** A client that shows `jwt` and signs the nonce. */
export function requestOf(jwt: string, user: KeyPair | undefined, fields: Partial<LoginRequest> = {}): LoginRequest {
  return {
    user: '',
    password: '',
    token: '',
    jwt,
    nkey: '',
    signature: user?.sign(NONCE).toString('base64url') ?? '',
    nonce: NONCE,
    connectionType: 'STANDARD',
    address: '192.0.2.1',
    port: 4711,
    peerCertificate: undefined,
    client: { id: 1, name: '', lang: '', version: '', protocol: 1, tls: undefined },
    ...fields,
  }
}

export function principalOf(result: LoginResult): Principal {
  if (!result.ok) throw new Error(`refused: ${result.reason}`)
  return result.principal
}

export function reasonOf(result: LoginResult): string {
  if (result.ok) throw new Error(`let in as ${result.principal.name}`)
  return result.reason
}
