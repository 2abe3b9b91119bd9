/** An operator with a system account, accounts and users, and their JWTs: made by NATS' own library. */
import { createPrivateKey, sign } from 'node:crypto'
import {
  type Account,
  createAccount,
  createOperator,
  createUser,
  encodeAccount,
  encodeOperator,
  encodeUser,
  fmtCreds,
  type KeyPair,
  type User,
  type UserEncodingOptions,
} from '@nats-io/jwt'
import { credsAuthenticator, jwtAuthenticator } from '@nats-io/nats-core'
import type { Credentials } from './carriers.ts'

/** RFC 8410 §7: what stands before the 32 bytes of a private Ed25519 key. */
const PKCS8_START = Buffer.from('302e020100300506032b657004220420', 'hex')

/** The same key, whose signatures take Node no time; in JavaScript they take the library ten milliseconds each. */
export function swift(pair: KeyPair): KeyPair {
  const rawSeed = (pair as KeyPair & { getRawSeed(): Uint8Array }).getRawSeed()
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_START, rawSeed]), format: 'der', type: 'pkcs8' })
  const publicKey = pair.getPublicKey()
  return Object.assign(pair, {
    getPublicKey: () => publicKey,
    sign: (data: Uint8Array) => new Uint8Array(sign(null, data, key)),
  })
}

type Dates = Pick<UserEncodingOptions, 'exp' | 'nbf'>

/** Without these the library leaves no room for anything. */
const UNLIMITED = {
  subs: -1,
  data: -1,
  payload: -1,
  imports: -1,
  exports: -1,
  wildcards: true,
  conn: -1,
  leaf: -1,
} as const

export const nowSeconds = () => Math.floor(Date.now() / 1000)

export interface UserOptions extends Dates {
  readonly claims?: Partial<User>
  /** Of the account; default: its own. */
  readonly signer?: KeyPair
  /** Whether the signer's template says what it may do. */
  readonly isScoped?: boolean
  readonly pair?: KeyPair
}

/** A user JWT with the key it is for. */
export class UserOfAccount {
  readonly jwt: string
  readonly pair: KeyPair

  constructor(jwt: string, pair: KeyPair) {
    this.jwt = jwt
    this.pair = pair
  }

  get key(): string {
    return this.pair.getPublicKey()
  }

  get seed(): Uint8Array {
    return this.pair.getSeed()
  }

  /** As most programs show it. */
  get credentials(): Credentials {
    return { authenticator: jwtAuthenticator(this.jwt, this.seed) }
  }

  /** As a file has it. */
  get file(): Uint8Array {
    return fmtCreds(this.jwt, this.pair)
  }

  get fromFile(): Credentials {
    return { authenticator: credsAuthenticator(this.file) }
  }

  /** The JWT alone. */
  get bearer(): Credentials {
    return { authenticator: jwtAuthenticator(this.jwt) }
  }
}

export class OperatorAccount {
  readonly name: string
  readonly pair = swift(createAccount())
  readonly #operator: KeyPair

  constructor(name: string, operator: KeyPair) {
    this.name = name
    this.#operator = operator
  }

  get key(): string {
    return this.pair.getPublicKey()
  }

  /** As the operator signs it, or `signer`. */
  jwt(claims: Partial<Account> = {}, { signer = this.#operator, ...dates }: Dates & { signer?: KeyPair } = {}) {
    const limited = { ...claims, limits: { ...UNLIMITED, ...claims.limits } }
    return encodeAccount(this.name, this.pair, limited, { ...dates, signer })
  }

  async user(name: string, options: UserOptions = {}): Promise<UserOfAccount> {
    const { claims, signer, isScoped = false, pair = swift(createUser()), ...dates } = options
    const encoding = { ...dates, scopedUser: isScoped, ...(signer && { signer }) }
    return new UserOfAccount(await encodeUser(name, pair, this.pair, claims, encoding), pair)
  }
}

export class Operator {
  readonly pair = swift(createOperator())
  readonly systemAccount = new OperatorAccount('SYS', this.pair)

  account(name: string): OperatorAccount {
    return new OperatorAccount(name, this.pair)
  }

  /** Always the same: a server does not take another by a reload. */
  readonly jwt = encodeOperator('O', this.pair)

  /** One who may administer servers. */
  readonly administrator = this.systemAccount.user('administrator')

  /** The settings of a server; `resolver` are those of its resolver. */
  async config(resolver: string, more = ''): Promise<string> {
    return `operator: ${await this.jwt}\nsystem_account: ${this.systemAccount.key}\nresolver: ${resolver}\n${more}`
  }

  /** … whose resolver is its memory, with these accounts and the system account. */
  async memoryConfig(accounts: Readonly<Record<string, string>>, more = ''): Promise<string> {
    return this.config(
      'MEMORY',
      `${preload({ ...accounts, [this.systemAccount.key]: await this.systemAccount.jwt() })}\n${more}`,
    )
  }
}

export function preload(accounts: Readonly<Record<string, string>>): string {
  const lines = Object.entries(accounts).map(([key, jwt]) => `${key}: ${jwt}`)
  return `resolver_preload: {\n${lines.join('\n')}\n}`
}
