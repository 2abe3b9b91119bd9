import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type LoadOptions, loadOptions, type Options, type Overrides } from '#config'
import { Broker } from '#core'
import { type AppHubs, ConnectionLimit, type HubPublisher } from '#doors/hub'
import type { ConnectionSnapshot } from '#doors/nats'
import { type Logger, systemClock } from '#kit'
import { clientAddress, type UpgradeHandler } from '#net'
import { ALL_INSTANCES_SAY, ONLY_HERE, VAULT_ACCOUNT } from '#notify'
import { createLogger } from '#ops'
import { checkAccountsOfHubs, openAppHubs } from './services/app-hubs.ts'
import { changeLine, changesBetween } from './services/changes.ts'
import { type MountRules, mountOptions } from './services/mount-options.ts'
import type { NatsAddresses } from './services/nats-listeners.ts'
import { NatsService } from './services/nats-service.ts'
import { openVaultRooms, type VaultRooms } from './services/vault-rooms.ts'
import { openWebListeners, type WebAddresses, type WebListeners } from './services/web-listeners.ts'
import { webRoutes } from './services/web-routes.ts'

/** How long requests and connections under way may take to end before they are cut. */
const CLOSE_GRACE_MS = 3_000

/** Where the settings come from besides `Overrides`. */
export interface StartSources {
  /** In the NATS config language; relative to `cwd`. */
  readonly configFile?: string | undefined
  /** Default: none. The command line hands in `process.env`. */
  readonly env?: LoadOptions['env'] | undefined
  /** What relative paths start from. Default: the working directory. */
  readonly cwd?: string | undefined
  readonly logger?: Logger | undefined
}

/** Where a server listens; `undefined` where it does not. */
export type ServerAddresses = WebAddresses & NatsAddresses

/** A running Belfry. */
export interface Server extends AsyncDisposable {
  readonly options: Options
  readonly addresses: ServerAddresses
  /** The certificate that clients of the local HTTPS listener must trust; `undefined` when there is no such listener. */
  readonly certificateAuthorityFile: string | undefined
  /** Takes an upgrade of somebody else's HTTP server, by the paths of the web listener. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Speaks to the clients of a hub of `hubs {}`. Throws an `Error` when there is none of that name. */
  hub(name: string): HubPublisher
  /**
   * NATS over WebSocket for somebody else's HTTP server, which hands over its upgrades; with rules as a `websocket {}`
   * block has them, save for those of a port. Rejects with a `ConfigError`.
   */
  natsUpgradeHandler(rules?: MountRules): Promise<UpgradeHandler>
  /**
   * Reads the settings again and takes over those of NATS while clients are connected; resolves with a line for each
   * that changed and for each connection that ended because of it. Those of the vault and the web listener hold from
   * the next start. Rejects with a `ConfigError` and changes nothing when that cannot be. With `dryRun` nothing changes
   * either way: the lines are those of a reload, with `would close` for `closed`.
   */
  reload(options?: ReloadOptions): Promise<readonly string[]>
  /**
   * Lets go of clients slowly, over `lame_duck_duration`: those of NATS are told to go elsewhere, then ended one by one,
   * and so are those of the hubs. Everything else goes on. Resolves when the last is gone.
   */
  lameDuck(): Promise<void>
  /**
   * Ends every connection and closes everything: those of the hubs one by one over `hub.drain_window`, where there are
   * any, while requests are still served; then all else within three seconds. Repeated calls wait for the same end.
   */
  close(): Promise<void>
}

export interface ReloadOptions {
  /** Default false. */
  readonly dryRun?: boolean | undefined
}

/**
 * Starts a server. Rejects with a `ConfigError`, a line for each thing that is wrong: a setting, a folder that cannot
 * be used, an address that is taken. Nothing is left open then.
 */
export async function startServer(overrides: Overrides = {}, sources: StartSources = {}): Promise<Server> {
  const { configFile, env = {}, cwd = process.cwd() } = sources
  const load = () => loadOptions({ configFile, env, cwd, overrides })
  const { options, warnings } = load()
  const logger = sources.logger ?? createLogger(options.log)
  for (const warning of warnings) logger.warn({ warning }, 'configuration')

  await using opened = new AsyncDisposableStack()
  const random = (below: number) => Math.floor(Math.random() * below)
  const tools = { broker: new Broker(random), clock: systemClock, logger, random }
  const { ipHeader, trustedProxies } = options.web
  const webAddress = clientAddress({ header: ipHeader, trustedProxies })

  const hubTools = {
    ...tools,
    clientAddress: webAddress,
    hubConnections: new ConnectionLimit(options.hub.maxConnections),
  }
  const vault = await openVaultRooms(options, hubTools)
  opened.defer(() => vault.close())
  opened.defer(async () => vault.hubDoor?.close())
  const { admitsVaultUsers } = options.web
  const nats = await NatsService.open(options, {
    ...tools,
    pushes: () => vault.push?.counts ?? {},
    otherLogins: admitsVaultUsers ? [vault.login.login] : [],
    reloadConfiguration: () => server.reload(),
  })
  if (admitsVaultUsers) {
    vault.followSessions(async (userId) => {
      const isTheirs = (one: ConnectionSnapshot) =>
        one.account === VAULT_ACCOUNT && (userId === undefined || one.authorizedUser === userId)
      await nats.door.recheck(isTheirs)
    })
  }
  opened.defer(() => nats.close(0))
  await joinCluster(options, vault, nats)
  const appHubs = openAppHubs(options, hubTools)
  opened.defer(() => appHubs.drain(0))
  const router = await webRoutes(options, { vault, appHubs, nats, clientAddress: webAddress })
  const web = await openWebListeners(
    options,
    {
      onRequest: (request, response) => {
        if (!router.handleRequest(request, response)) vault.onRequest(request, response)
      },
      onUpgrade: (request, socket, head) => router.handleUpgrade(request, socket, head),
      oldHub: vault.hubDoor?.handlerForAnyPath,
    },
    logger,
  )
  opened.move()

  let current = options
  let closed: Promise<void> | undefined
  const server: Server = {
    get options() {
      return current
    },
    get addresses() {
      return { ...web.addresses, ...nats.addresses }
    },
    certificateAuthorityFile: web.certificateAuthorityFile,
    handleUpgrade: (request, socket, head) => router.handleUpgrade(request, socket, head),
    hub: (name) => appHubs.hub(name),
    natsUpgradeHandler: async (rules = {}) => nats.mount(mountOptions(rules, { cwd, env })),
    async reload({ dryRun = false } = {}) {
      const next = load()
      for (const warning of next.warnings) logger.warn({ warning }, 'configuration')
      checkAccountsOfHubs(options.hubs, next.options.nats)
      const lines = await (dryRun ? nats.rehearse(next.options) : nats.reload(next.options))
      const later = changesBetween(startedWith(options), startedWith(next.options)).map(
        (change) => `${changeLine(change)} (from the next start on)`,
      )
      if (!dryRun) current = { ...next.options, ...startedWith(options) }
      return [...lines, ...later]
    },
    async lameDuck() {
      const { lameDuckDurationMs } = current.nats
      await Promise.all([nats.lameDuck(), vault.hubDoor?.drain(lameDuckDurationMs), appHubs.drain(lameDuckDurationMs)])
    },
    close: () => {
      closed ??= closeAll({ vault, appHubs, nats, web, logger }, options.hub.drainWindowMs)
      return closed
    },
    [Symbol.asyncDispose]: () => server.close(),
  }
  return server
}

/** The account of the vault and those of other instances become one, over the NATS cluster between them. */
async function joinCluster(options: Options, { cluster }: VaultRooms, nats: NatsService): Promise<void> {
  const remote = options.vault.cluster
  if (remote === undefined || cluster === undefined) return
  const denied = {
    denyImports: [...remote.denyImports, ONLY_HERE],
    denyExports: [...remote.denyExports, ONLY_HERE],
  }
  await nats.remotes.add(
    { ...remote, ...denied },
    {
      covers: ALL_INSTANCES_SAY,
      onLink: (link) => (link === undefined ? cluster.linkDown() : cluster.linkUp()),
    },
  )
}

/** Who listens leaves, then the last request ends, then the database may close. */
async function closeAll({ vault, appHubs, nats, web, logger }: Everything, drainWindowMs: number): Promise<void> {
  logger.info({}, 'closing')
  nats.stop()
  // What is changed meanwhile is told to those who are still there; who was sent away is made up for when it returns.
  const lastDevice = Promise.all([vault.hubDoor?.drain(drainWindowMs), appHubs.drain(drainWindowMs)])
  await upTo(drainWindowMs, lastDevice)
  const lastRequest = web.close(CLOSE_GRACE_MS)
  // What the last request changes is told on other machines too.
  const lastWord = lastRequest.then(() => vault.cluster?.close())
  const lastClient = nats.close(CLOSE_GRACE_MS, lastWord)
  await lastDevice
  await lastClient
  await lastRequest
  await vault.close()
  logger.info({}, 'closed')
}

/** Resolves with `end`, but after `ms` at the latest. */
async function upTo(ms: number, end: Promise<unknown>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>()
  const timer = systemClock.after(ms, resolve)
  await Promise.race([end, late])
  timer.cancel()
}

interface Everything {
  readonly vault: VaultRooms
  readonly appHubs: AppHubs
  readonly nats: NatsService
  readonly web: WebListeners
  readonly logger: Logger
}

/** What a reload does not touch. */
function startedWith({ web, vault, hub, hubs, identity, relay, push, oldHub, log }: Options) {
  return { web, vault, hub, hubs, identity, relay, push, oldHub, log }
}

export type { MountRules } from './services/mount-options.ts'
export { type NatsServer, type NatsServerTools, startNatsServer } from './services/nats-server.ts'
