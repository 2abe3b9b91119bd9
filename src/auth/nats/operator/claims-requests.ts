import type { Logger } from '#kit'
import {
  type AccountClaims,
  type Decoded,
  decodeGenericJwt,
  decodeJwt,
  type GenericClaims,
  problemsOf,
} from '../jwt/index.ts'
import { isPublicKey } from '../nkeys.ts'
import type { Accounts } from './accounts.ts'
import type { DirectoryResolver } from './directory-resolver.ts'
import type { Trust } from './trust.ts'

export interface ClaimsRequestsOptions {
  readonly trust: Trust
  readonly accounts: Accounts
  /** `undefined`: other resolvers keep nothing of what they are told. */
  readonly directory: DirectoryResolver | undefined
  readonly logger: Logger
  readonly nowMs: () => number
  /** Who answers: `server` in what it says. */
  readonly stamp: () => object
}

/** What is answered where a request is known by its subject. */
type Outcome = { readonly account?: string | undefined; readonly message: string; readonly error?: string | undefined }

const ACCOUNT_SUBJECT = /^\$SYS\.(?:REQ\.ACCOUNT\.([^.]+)\.CLAIMS\.(UPDATE|LOOKUP)|ACCOUNT\.([^.]+)\.CLAIMS\.UPDATE)$/

/** Answers what tools ask and tell about the JWTs of accounts, in the system account. Words and codes are nats-server's. */
export class ClaimsRequests {
  readonly #options: ClaimsRequestsOptions

  constructor(options: ClaimsRequestsOptions) {
    this.#options = options
  }

  /**
   * `undefined`: no answer is due. `PACK` is answered by one message for each JWT, which `tell` gets, and by an empty one
   * at the end. Never rejects.
   */
  async answer(subject: string, payload: Buffer, tell?: (answer: Buffer) => void): Promise<Buffer | undefined> {
    try {
      return await this.#answer(subject, payload, tell)
    } catch (error) {
      this.#options.logger.error({ subject, err: error }, 'request about account JWTs failed')
      return undefined
    }
  }

  async #answer(subject: string, payload: Buffer, tell?: (answer: Buffer) => void): Promise<Buffer | undefined> {
    const [match, named, verb, namedOld] = ACCOUNT_SUBJECT.exec(subject) ?? []
    const { directory } = this.#options
    if (match !== undefined) {
      const account = named ?? namedOld ?? ''
      if (verb !== 'LOOKUP') return this.#told(await this.#update(payload.toString('utf8'), account))
      // A cache has no say in what there is.
      if (directory?.mode !== 'full' || !isPublicKey(account, 'account')) return undefined
      return Buffer.from((await directory.lookup(account)) ?? '')
    }
    if (directory === undefined) return undefined
    switch (subject) {
      case '$SYS.REQ.CLAIMS.UPDATE':
        return this.#told(await this.#update(payload.toString('utf8'), undefined))
      case '$SYS.REQ.CLAIMS.DELETE':
        return this.#told(await this.#delete(payload.toString('utf8'), directory))
      case '$SYS.REQ.CLAIMS.LIST':
        return this.#list(directory)
      case '$SYS.REQ.CLAIMS.PACK':
        return directory.mode === 'full' ? this.#pack(payload, directory, tell) : undefined
      default:
        return undefined
    }
  }

  async #update(token: string, named: string | undefined): Promise<Outcome> {
    const { accounts, directory, trust } = this.#options
    const failed = `jwt update ${directory?.mode === 'cache' ? 'cache ' : ''}resulted in error`
    if (token === '' && directory === undefined) {
      return { account: named, message: 'jwt update error', error: 'request body is empty' }
    }
    const decoded = decodeJwt(token.trim(), 'account')
    if (!decoded.ok) return { account: this.#named(named), message: failed, error: decoded.reason }
    const { claims } = decoded
    const account = named ?? claims.subject
    const refusal = this.#refusal(claims, account)
    if (refusal !== undefined) return { account, message: failed, error: refusal }
    if (accounts.claims(account) === undefined && directory?.mode !== 'full') {
      // Whoever could not find it a moment ago may find it now.
      accounts.forgetFailure(account)
      return { account, message: directory === undefined ? 'jwt update skipped' : 'jwt update cache skipped' }
    }
    if (directory === undefined) {
      const error = accounts.update(account, token.trim())
      return error === undefined ? { account, message: 'jwt updated' } : { account, message: failed, error }
    }
    const errors = problemsOf(claims, this.#options.nowMs()).filter(({ kind }) => kind === 'error')
    if (errors.length > 0) {
      const message = directory.mode === 'cache' ? 'jwt update cache validation failed' : 'jwt validation failed'
      return { account, message, error: `validation errors: [${errors.map(({ text }) => text).join(' ')}]` }
    }
    // nats-server keeps it whoever signed it, and finds out when somebody wants to log in.
    if (!trust.isTrusted(claims.issuer)) return { account, message: failed, error: 'account validation failed' }
    try {
      await directory.save(account, token.trim())
    } catch (error) {
      return { account, message: failed, error: (error as Error).message }
    }
    return { account, message: directory.mode === 'cache' ? 'jwt updated cache' : 'jwt updated' }
  }

  /** What is said of whose JWT it is, where that JWT tells nothing. */
  #named(named: string | undefined): string | undefined {
    return named === undefined || this.#options.directory?.mode === 'full' ? 'n/a' : named
  }

  #refusal(claims: AccountClaims, account: string): string | undefined {
    const { trust, directory } = this.#options
    if (claims.subject !== account) return 'subject does not match jwt content'
    const { operator } = trust
    const isByOperator = operator?.usesSigningKeysOnly && claims.issuer === operator.subject
    return directory !== undefined && isByOperator ? 'operator requires issuer to be a signing key' : undefined
  }

  async #delete(token: string, directory: DirectoryResolver): Promise<Outcome> {
    const decoded = decodeGenericJwt(token.trim())
    const subject = decoded.ok ? decoded.claims.subject : ''
    const accounts = this.#toDelete(decoded, directory)
    if (typeof accounts === 'string') {
      return { message: `delete accounts request by ${subject} failed`, error: accounts }
    }
    const errors: string[] = []
    for (const account of accounts) {
      try {
        if (await directory.delete(account)) this.#options.accounts.remove(account)
      } catch (error) {
        errors.push((error as Error).message)
      }
    }
    const message = `deleted ${accounts.length - errors.length} accounts`
    if (errors.length === 0) return { message }
    return { message: `${message}, failed for ${errors.length}`, error: errors.join('\n') }
  }

  /** Which accounts, or why not. */
  #toDelete(decoded: Decoded<GenericClaims>, directory: DirectoryResolver): readonly string[] | string {
    const { trust } = this.#options
    if (!decoded.ok) return decoded.reason
    const { subject, issuer, data } = decoded.claims
    if (!directory.allowsDelete) return 'delete must be enabled in server config'
    if (subject !== issuer) return 'not self signed'
    const { operator } = trust
    const isOperator = operator?.subject === issuer && !operator.usesSigningKeysOnly
    if (!isOperator && !operator?.signingKeys.includes(issuer)) return 'not trusted'
    const accounts = data.raw('accounts')
    if (!Array.isArray(accounts)) return 'malformed request'
    for (const account of accounts) {
      if (typeof account !== 'string' || !isPublicKey(account, 'account')) return 'malformed request'
      if (account === trust.systemAccount) return 'not allowed to delete system account'
    }
    return accounts
  }

  async #list(directory: DirectoryResolver): Promise<Buffer> {
    const data: string[] = []
    for await (const [account] of directory.all()) data.push(account)
    return Buffer.from(JSON.stringify({ data, server: this.#options.stamp() }))
  }

  async #pack(
    theirHash: Buffer,
    directory: DirectoryResolver,
    tell: ((answer: Buffer) => void) | undefined,
  ): Promise<Buffer> {
    if (!theirHash.equals(directory.hash)) {
      for await (const [account, token] of directory.all()) tell?.(Buffer.from(`${account}|${token}`))
    }
    return Buffer.alloc(0)
  }

  #told({ account, message, error }: Outcome): Buffer {
    const { logger, stamp } = this.#options
    if (error === undefined) logger.debug({ account }, message)
    else logger.error({ account, reason: error }, message)
    const server = stamp()
    return Buffer.from(
      JSON.stringify(
        error === undefined
          ? { server, data: { account, code: 200, message } }
          : { server, error: { account, code: 500, description: `${message} - ${error}` } },
      ),
    )
  }
}
