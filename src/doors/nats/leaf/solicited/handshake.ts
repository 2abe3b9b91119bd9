import type { Account, Permissions, Requestor } from '#core'
import { fromByteString, type Timer, toByteString } from '#kit'
import { connectLine } from '#wire/nats'
import type { CloseReason } from '../../close-reason.ts'
import { PROTOCOL_VERSION } from '../../info.ts'
import type { LeafConnection, LeafHandshake } from '../connection.ts'
import type { LeafDoor } from '../door.ts'
import type { LeafLink } from '../link.ts'
import { LinkRules } from '../link-rules.ts'
import { type LeafLogin, loginFields } from './credentials.ts'
import { type HubInfo, readHubInfo } from './hub-info.ts'
import { failureOfComplaint, LeafFailure, type LeafFailureCode } from './leaf-failure.ts'
import type { LeafRemoteOptions } from './remote-options.ts'

/** How long the other side may take to answer CONNECT, where it said that it does. (spec: nats §5.6) */
const ANSWER_MS = 2_000

/** The shortest time in which it is told anew again what is wanted here, when the other side changes what may be. */
const RETELL_MS = 1_000

/** What JetStream of one server says is not for that of another. (nats-server: `denyAllClientJs`, `denyAllJs`) */
const OF_JETSTREAM = ['$JS.API.>', '$KV.>', '$OBJ.>']
const OF_JETSTREAM_SERVERS = ['$JSC.>', '$NRG.>']

export interface SolicitedOptions {
  readonly connection: LeafConnection
  readonly door: Pick<LeafDoor, 'context' | 'connections'>
  readonly options: LeafRemoteOptions
  readonly account: Account
  readonly login: LeafLogin
  readonly covers?: readonly string[] | undefined
  /** The other side told where it is to be had. */
  onInfo(info: HubInfo): void
  /** What is wanted here was told. */
  onLink(link: LeafLink): void
  /** Called once, last. */
  onEnd(failure: LeafFailure): void
}

/** How a server that we connected to becomes the other side of a link. (spec: nats §5.3, §5.6) */
export class SolicitedHandshake implements LeafHandshake {
  readonly #options: SolicitedOptions
  /** `greeting`: INFO is waited for; `answer`: another one, after CONNECT. */
  #state: 'greeting' | 'answer' | 'linked' | 'ended' = 'greeting'
  #timer: Timer | undefined
  #info: HubInfo | undefined
  #link: LeafLink | undefined
  /** As they are in force, as text: who says the same again and again costs nothing. */
  #permissions = ''
  /** Just now it was told anew what is wanted here. */
  #resting: Timer | undefined
  #mustRetell = false
  #failure: LeafFailure | undefined

  constructor(options: SolicitedOptions) {
    this.#options = options
    const { firstInfoTimeoutMs } = options.options
    this.#within(firstInfoTimeoutMs, () => {
      this.#fail('SILENT', `the other side said nothing within ${firstInfoTimeoutMs} ms`, {
        reason: 'Stale Connection',
      })
    })
  }

  get hubMaxPayloadBytes(): number {
    return this.#info?.maxPayloadBytes ?? 0
  }

  onInfo(json: string): void {
    const info = readHubInfo(json)
    if (info === undefined) this.#fail('PROTOCOL', 'its INFO is no JSON object')
    else if (this.#state === 'greeting') this.#greeted(info)
    else if (this.#state !== 'ended') this.#toldMore(info)
  }

  onConnect(): void {
    this.#fail('PROTOCOL', 'the other side waits to be connected to as well: it sent CONNECT')
  }

  onUninvited(): void {}

  onError(text: string): void {
    const failure = failureOfComplaint(text)
    if (failure === undefined) {
      this.#connection.log.refused(text)
      return
    }
    const { expiresAtMs } = this.#options.login
    const hasExpired = expiresAtMs !== undefined && expiresAtMs <= this.#context.clock.now()
    const expiry = hasExpired
      ? `the credentials expired at ${new Date(expiresAtMs).toISOString()}: exchange them`
      : undefined
    this.#failure = new LeafFailure(failure.code, failure.message, {
      hint: (failure.code === 'LOGIN' && expiry) || failure.hint,
    })
    // The other side is about to close the connection, most likely.
    this.#connection.close(failure.code === 'LOGIN' ? 'Authentication Failure' : 'Protocol Violation')
  }

  onLoop(): void {
    const text = `Loop detected for leafnode account="${this.#options.account.name}". Delaying attempt to reconnect for 30s`
    const hint = 'the two servers are linked in this account in another way too: take one of the remotes away'
    this.#fail('LOOP', text, { told: text, hint })
  }

  onViolation(text: string): void {
    this.#failure = new LeafFailure('PERMISSIONS', text, { hint: 'check deny_imports and deny_exports of the remote' })
  }

  onEnd(reason: CloseReason): void {
    if (this.#state === 'ended') return
    const wasLinked = this.#state === 'linked'
    this.#state = 'ended'
    this.#timer?.cancel()
    this.#resting?.cancel()
    if (wasLinked) this.#options.account.leave('leaf')
    this.#options.onEnd(this.#failure ?? endOf(reason, wasLinked))
  }

  requestor(): Requestor {
    const { id, startMs, life, carrier } = this.#connection
    return {
      kind: 'Leafnode',
      id,
      startMs,
      rttMs: life.roundTripMs,
      host: carrier.remote.address,
      server: this.#info?.serverName,
    }
  }

  get #connection(): LeafConnection {
    return this.#options.connection
  }

  get #context() {
    return this.#options.door.context
  }

  #greeted(info: HubInfo): void {
    if (info.wrongPort !== undefined) {
      const hint = `${info.wrongPort} of ${info.serverName}: the URL has to lead to the one of its leafnodes block`
      this.#fail('WRONG_PORT', 'attempted to connect to wrong port', { reason: 'Incorrect Port', hint })
      return
    }
    if (info.cluster.includes(' ')) {
      this.#fail('PROTOCOL', 'cluster name cannot contain spaces', { told: 'cluster name cannot contain spaces' })
      return
    }
    this.#info = info
    this.#options.onInfo(info)
    this.#sendConnect(info)
    this.#permissions = JSON.stringify(info.permissions)
    this.#state = 'answer'
    if (!info.answers) {
      this.#establish(info)
      return
    }
    this.#within(ANSWER_MS, () => {
      const text = 'Stale Leaf Node Connection - Closing'
      this.#fail('SILENT', `no answer to CONNECT within ${ANSWER_MS} ms`, { told: text, reason: 'Stale Connection' })
    })
  }

  #sendConnect(info: HubInfo): void {
    const { account, login, options } = this.#options
    const { identity, limits } = this.#context
    const line = connectLine({
      version: PROTOCOL_VERSION,
      server_id: identity.id,
      name: identity.name,
      // A cluster of one, as each nats-server by itself is: servers of the hub's cluster then do not tell us what we told
      // another of them before. Without it our own loop subject would come back after a failover, while the server that
      // was left is not yet missed there. The id, since a name may be another server's too, or have blanks.
      cluster: identity.id,
      headers: limits.supportsHeaders,
      ...loginFields(login, info.nonce),
      is_hub: options.isHub || undefined,
      deny_pub: options.denyImports.length > 0 ? options.denyImports.map(fromByteString) : undefined,
      remote_account: fromByteString(account.name),
      isolate: options.requestsIsolation || undefined,
    })
    this.#connection.outbox.appendText(toByteString(line))
    this.#connection.log.sent('CONNECT')
  }

  #toldMore(info: HubInfo): void {
    this.#options.onInfo(info)
    const permissions = info.permissions ?? this.#info?.permissions
    const said = JSON.stringify(permissions)
    const hasChanged = said !== this.#permissions
    this.#permissions = said
    if (this.#state === 'answer' && info.isAnswer) this.#establish({ ...info, permissions })
    else if (hasChanged && this.#link !== undefined) {
      this.#link.restrict(this.#rules(permissions))
      this.#retell()
    }
    if (this.#info !== undefined) this.#info = { ...this.#info, permissions }
  }

  /** At once, and then no more than once a second: a short INFO may change what is told of very much. */
  #retell(): void {
    if (this.#resting !== undefined) {
      this.#mustRetell = true
      return
    }
    this.#mustRetell = false
    this.#link?.retell()
    this.#resting = this.#context.clock.after(RETELL_MS, () => {
      this.#resting = undefined
      if (this.#mustRetell) this.#connection.guard(() => this.#retell())
    })
  }

  #establish({ permissions, account: remoteAccount }: HubInfo): void {
    const { account, options, covers, onLink } = this.#options
    const { serverName, cluster, takesHeaders } = this.#info!
    if (this.#hasGuestOf(cluster)) {
      this.onLoop()
      return
    }
    if (!account.enter('leaf')) {
      const text = 'maximum account active connections exceeded'
      const hint =
        'its account here has as many leaf nodes or connections as it may have: max_leafnodes, max_connections'
      this.#fail('FULL', text, { told: text, reason: 'Maximum Account Connections Exceeded', hint })
      return
    }
    this.#timer?.cancel()
    this.#state = 'linked'
    this.#link = this.#connection.establish(account, {
      otherSide: {
        name: serverName,
        cluster,
        account: remoteAccount,
        takesHeaders: takesHeaders && this.#context.limits.supportsHeaders,
      },
      isHub: options.isHub,
      isIsolated: options.isolates,
      rules: this.#rules(permissions),
      ...(covers && { covers }),
    })
    onLink(this.#link)
  }

  /** A server of that cluster is our guest: what we tell this one would come back by it. (nats-server: `ErrLeafNodeLoop`) */
  #hasGuestOf(cluster: string): boolean {
    if (cluster === '') return false
    const { account, door } = this.#options
    return [...door.connections()].some(
      ({ link }) => link?.isHub && link.account === account && link.cluster === cluster,
    )
  }

  /** What we are told, and what this side denies besides: its own lists, and what JetStream says to itself. */
  #rules({ publish, subscribe }: Permissions = {}): LinkRules {
    const { account, options } = this.#options
    const isSystem = account.name === this.#context.broker.systemAccount
    const ofJetStream = isSystem ? [...OF_JETSTREAM, ...OF_JETSTREAM_SERVERS] : OF_JETSTREAM
    return LinkRules.ofHost({
      publish: { allow: publish?.allow, deny: [...(publish?.deny ?? []), ...options.denyExports, ...ofJetStream] },
      subscribe: {
        allow: subscribe?.allow,
        deny: [...(subscribe?.deny ?? []), ...options.denyImports, ...ofJetStream],
      },
    })
  }

  #within(ms: number, late: () => void): void {
    this.#timer?.cancel()
    this.#timer = this.#context.clock.after(ms, late)
  }

  #fail(code: LeafFailureCode, message: string, { hint, told, reason = 'Protocol Violation' }: Failing = {}): void {
    this.#failure = new LeafFailure(code, message, { hint })
    this.#connection.close(reason, told)
  }
}

interface Failing {
  readonly hint?: string
  /** What the other side is told. */
  readonly told?: string
  readonly reason?: CloseReason
}

function endOf(reason: CloseReason, wasLinked: boolean): LeafFailure {
  if (wasLinked) return new LeafFailure('LOST', reason)
  if (reason !== 'Client Closed' && reason !== 'Read Error') return new LeafFailure('PROTOCOL', reason)
  return new LeafFailure('PROTOCOL', 'the other side closed the connection before there was a link', {
    hint: 'its log says why',
  })
}
