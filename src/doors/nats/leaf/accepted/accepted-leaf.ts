import { isDeepStrictEqual } from 'node:util'
import type { Principal } from '#auth'
import { type Account, isValidSubject, type Requestor } from '#core'
import { quoted } from '#wire/nats'
import type { CloseReason } from '../../close-reason.ts'
import type { ConnectionSnapshot, TlsSnapshot } from '../../connection-snapshot.ts'
import type { UpgradeEntry } from '../../profile.ts'
import { type Applicant, Session, type SessionHost } from '../../session.ts'
import type { LeafConnection, LeafHandshake } from '../connection.ts'
import type { LeafContext } from '../context.ts'
import { LinkRules } from '../link-rules.ts'
import { leafSnapshotOf } from '../snapshot.ts'
import { BEFORE_LEAF_CONNECT, isAtLeast, type LeafConnectOptions, parseLeafConnect } from './connect-options.ts'
import { type LeafInfoFacts, leafInfoFor } from './info.ts'
import type { LeafProfile, LeafProfileHolder } from './profile.ts'

/** nats-server's words: other servers compare them. */
const WRONG_PORT = 'attempted to connect to leaf node port'
const SPACES_IN_CLUSTER = 'cluster name cannot contain spaces'
const TOO_OLD = 'connection rejected since minimum version required is'
const DUPLICATE: CloseReason = 'Duplicate Remote LeafNode Connection'
/** How long nats-server waits before it tries again when it is told that it stands in a loop. */
const LOOP_DELAY = '30s'

export interface AcceptedLeafOptions {
  readonly connection: LeafConnection
  readonly context: LeafContext
  readonly listener: LeafProfileHolder
  /** What INFO gives it to sign. */
  readonly nonce: string
  readonly tls: TlsSnapshot | undefined
  /** Of one that came over WebSocket. */
  readonly upgrade: UpgradeEntry | undefined
  /** Those that were let in, itself included. */
  readonly all: () => Iterable<AcceptedLeaf>
  /** It is let in, and shares an account from now on. */
  onLinked(): void
  onEnd(): void
}

/**
 * A server that came in as a leaf node: greeting, login, the account that it is bound to, farewell. (`spec/nats.md`
 * §5.2, §5.3)
 */
export class AcceptedLeaf implements LeafHandshake, SessionHost, Applicant {
  readonly connection: LeafConnection
  readonly #options: AcceptedLeafOptions
  readonly #profile: LeafProfile
  readonly #session: Session
  /** What it said in CONNECT. */
  options: LeafConnectOptions = BEFORE_LEAF_CONNECT
  /** One of whose leaf nodes it is. */
  #account: Account | undefined
  #principal: Principal | undefined
  #leftFor: CloseReason | undefined

  constructor(options: AcceptedLeafOptions) {
    const { connection, context, listener, nonce, tls } = options
    const { id, carrier, log } = connection
    this.#options = options
    this.connection = connection
    this.#profile = listener.current
    this.#session = new Session({
      host: this,
      applicant: this,
      context,
      profile: this.#profile,
      listener,
      remote: carrier.remote,
      cookies: {},
      nonce,
      client: id,
      tls,
      clock: context.clock,
      pending: context.pendingLogins,
      log,
    })
    log.debug({}, 'leaf node has yet to log in')
  }

  get hasLeft(): boolean {
    return this.connection.hasLeft
  }

  get isLoggingIn(): boolean {
    return this.#session.isLoggingIn
  }

  /** INFO is the first thing that it hears. */
  greet(): void {
    this.connection.output.info(this.info({ nonce: this.#options.nonce }))
  }

  info(said: Pick<LeafInfoFacts, 'nonce' | 'login'>): object {
    return infoOf(this.#options.context, this.connection.id, { profile: this.#profile, ...said })
  }

  /** As `ClientConnection.objection`. */
  async objection(profileOf: (listener: LeafProfileHolder) => LeafProfile): Promise<CloseReason | undefined> {
    const profile = profileOf(this.#options.listener)
    return this.#entryObjection(profile) ?? (await this.#session.objection(profile))?.closeReason
  }

  /** As `ClientConnection.recheck`. */
  async recheck(): Promise<CloseReason | undefined> {
    if (this.hasLeft) return undefined
    const reason = this.#entryObjection(this.#options.listener.current)
    if (reason === undefined) return (await this.#session.recheck()) ? this.#leftFor : undefined
    this.close(reason, reason === 'Authentication Failure' ? 'Authorization Violation' : undefined)
    return reason
  }

  /** It is closed when its account has more leaf nodes than it may have by now: the reason why. */
  endIfTooMany(): CloseReason | undefined {
    return !this.hasLeft && this.#session.endIfTooMany() ? this.#leftFor : undefined
  }

  /** As events tell of it. */
  snapshot(): ConnectionSnapshot {
    const { id, carrier, startMs, lastActivityMs, life, outbox } = this.connection
    const { request, principal } = this.#session.admission ?? {}
    const { name, lang, version } = this.options
    const { address, port } = carrier.remote
    const shown = leafSnapshotOf(this.connection)
    return {
      cid: id,
      kind: 'Leafnode',
      type: this.connection.isWebSocket ? 'websocket' : 'nats',
      ip: address,
      port,
      startMs,
      lastActivityMs,
      rttMs: life.roundTripMs,
      pendingBytes: outbox.pendingBytes,
      inMsgs: shown?.inMsgs ?? 0,
      outMsgs: outbox.messages,
      inBytes: shown?.inBytes ?? 0,
      outBytes: outbox.messageBytes,
      stalls: 0,
      subscriptionCount: shown?.subscriptionCount ?? 0,
      subscriptions: () => shown?.subscriptions() ?? [],
      name,
      lang,
      version,
      authorizedUser: principal?.name || undefined,
      account: this.#account?.name ?? '',
      details: principal?.details,
      nkey: request?.nkey || undefined,
      permissions: principal?.permissions,
      expiry: principal?.expiry,
      tls: this.#options.tls,
    }
  }

  // --- LeafHandshake --------------------------------------------------------------------------------------------

  /** It offers compression, which it will do without. */
  onInfo(): void {}

  onConnect(json: string): void {
    const options = this.connection.link === undefined ? parseLeafConnect(json) : undefined
    if (options === undefined) {
      this.close('Protocol Violation')
      return
    }
    this.options = options
    // Only clients have a language. nats-server finds out when they have logged in; nobody learns anything by it before.
    if (options.lang !== '') this.#turnAway('Incorrect Port', WRONG_PORT)
    else if (options.gateway !== '') {
      const text = `Rejecting connection from gateway ${quoted(options.gateway)} on the leafnode port`
      this.#turnAway('Wrong Gateway', text)
    } else this.#session.logIn(() => this.#connected(options))
  }

  onUninvited(): void {
    this.#session.refuse('no CONNECT')
  }

  onError(text: string): void {
    this.connection.log.error({ reason: text }, 'leaf node reports an error')
    // It has found our loop subject among what comes back to it.
    if (text.includes('Loop detected')) this.close('Protocol Violation')
  }

  onLoop(): void {
    const account = quoted(this.#account?.name ?? '')
    this.#turnAway(
      'Protocol Violation',
      `Loop detected for leafnode account=${account}. Delaying attempt to reconnect for ${LOOP_DELAY}`,
    )
  }

  onEnd(reason: CloseReason): void {
    const { context, onEnd } = this.#options
    this.#leftFor = reason
    // Who hears of it finds the account without it.
    const last = this.#session.admission && { ...this.snapshot(), stopMs: context.clock.now(), reason }
    this.#session.end()
    if (last !== undefined) context.observer?.left(last)
    // Strangers come and go as often as they like.
    const level = last === undefined ? 'debug' : 'info'
    this.connection.log[level]({ reason }, 'leaf node closed')
    onEnd()
  }

  requestor(): Requestor {
    const { name, lang, version } = this.options
    const { id, startMs, carrier, life } = this.connection
    const { request, principal } = this.#session.admission ?? {}
    const { jwt, issuerKey, nameTag, tags } = principal?.details ?? {}
    return {
      rttMs: life.roundTripMs,
      startMs,
      host: carrier.remote.address,
      id,
      user: request?.nkey || principal?.name,
      name,
      lang,
      version,
      server: this.#options.context.identity.name,
      jwt,
      issuerKey,
      nameTag,
      tags,
      kind: 'Leafnode',
    }
  }

  // --- SessionHost ----------------------------------------------------------------------------------------------

  began(): void {}

  admitted(): void {}

  wait(): void {
    this.connection.wait()
  }

  goOn(work: () => void): void {
    this.connection.goOn(work)
  }

  guard(work: () => void): void {
    this.connection.guard(work)
  }

  close(reason: CloseReason, errorText?: string): void {
    this.connection.close(reason, errorText)
  }

  // --- Applicant ------------------------------------------------------------------------------------------------

  /** A link stays in its account: `restrict` ends one that would have to move. */
  enter(account: Account): boolean {
    if (this.#account !== undefined) return true
    if (!account.enter('leaf')) return false
    this.#account = account
    return true
  }

  leave(): void {
    this.#account?.leave('leaf')
    this.#account = undefined
  }

  get isOneTooMany(): boolean {
    if (this.#account === undefined) return false
    const { connectionCount, leafNodeCount, limits } = this.#account
    const { maxConnections = Number.POSITIVE_INFINITY, maxLeafNodes = Number.POSITIVE_INFINITY } = limits
    return connectionCount > maxConnections || leafNodeCount > maxLeafNodes
  }

  startOver(): void {}

  /** Other rights, or another account, need a link of their own: it makes one at once, and learns of them then. */
  restrict(principal: Principal): boolean {
    const before = this.#principal
    this.#principal = principal
    if (before === undefined) return true
    const account = this.#options.context.broker.account(principal.account)
    const isSame = account === this.#account && isDeepStrictEqual(before.permissions, principal.permissions)
    if (!isSame) this.close('Client Closed')
    return isSame
  }

  // --------------------------------------------------------------------------------------------------------------

  #connected(options: LeafConnectOptions): void {
    const { minVersion, isolatesInterest } = this.#options.listener.current
    const { broker, limits } = this.#options.context
    const account = this.#account
    if (account === undefined) return
    const permissions = this.#principal?.permissions
    const login = { account: account.name, isSystemAccount: account.name === broker.systemAccount, permissions }
    if (options.account !== '' || options.newAccount) this.#session.refuse('CONNECT names an account')
    else if (options.cluster.includes(' ')) this.#turnAway('Protocol Violation', SPACES_IN_CLUSTER)
    else if (minVersion !== undefined && !isAtLeast(options.version, minVersion)) {
      // It takes the refusal for one only when it has been told that its CONNECT arrived.
      this.connection.output.info(this.info({ login }))
      this.#turnAway('Minimum Version Required', `${TOO_OLD} ${quoted(minVersion)}`)
    } else {
      this.#replaceFormer(account)
      this.#options.onLinked()
      this.connection.output.info(this.info({ login }))
      this.connection.establish(account, {
        otherSide: {
          name: options.name,
          cluster: options.cluster,
          account: options.remoteAccount,
          takesHeaders: options.headers && limits.supportsHeaders,
        },
        isHub: !options.isHub,
        isIsolated: isolatesInterest || options.isolate,
        rules: LinkRules.ofGuest(permissions, options.deniedExports.filter(isValidSubject)),
      })
      this.connection.log.info({}, 'leaf node connected')
    }
  }

  /** Of the same server for the same account; the connection may have broken unnoticed. */
  #replaceFormer(account: Account): void {
    const { name, cluster, remoteAccount } = this.options
    if (name === '' || remoteAccount === '') return
    for (const { connection } of [...this.#options.all()]) {
      const { link } = connection
      if (connection === this.connection || connection.hasLeft || link?.account !== account) continue
      const { otherSide } = link
      if (otherSide.name !== name || otherSide.cluster !== cluster || otherSide.account !== remoteAccount) continue
      connection.log.error({ reason: DUPLICATE }, 'leaf node refused')
      connection.close(DUPLICATE, DUPLICATE)
      this.connection.log.warn({}, 'Replacing connection from same server')
    }
  }

  #turnAway(reason: CloseReason, text: string): void {
    this.connection.log.turnedAway(text, 'leaf node refused')
    this.close(reason, text)
  }

  #entryObjection({ objection }: LeafProfile): CloseReason | undefined {
    const { upgrade, tls } = this.#options
    return objection?.({ upgrade, peerCertificate: tls?.peerCertificate })
  }
}

export function infoOf(
  { identity, limits }: Pick<LeafContext, 'identity' | 'limits'>,
  connectionId: number,
  said: Pick<LeafInfoFacts, 'profile' | 'nonce' | 'login'>,
): object {
  const { maxPayloadBytes, supportsHeaders } = limits
  return leafInfoFor({ identity, connectionId, maxPayloadBytes, supportsHeaders, ...said })
}
