import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type LoadOptions, loadOptions, type Options, type Overrides } from '#config'
import { Broker } from '#core'
import { type AppHubs, ConnectionLimit, type HubPublisher } from '#doors/hub'
import { type Logger, systemClock } from '#kit'
import { type ListenAddress, NO_PROBE, Probe, type UpgradeHandler } from '#net'
import { VAULT_ACCOUNT } from '#notify'
import { type AdjustableLogger, createLogger } from '#ops'
import { openAdminPages } from './services/admin.ts'
import { openAppHubs } from './services/app-hubs.ts'
import { CertificateCare } from './services/certificates/certificate-care.ts'
import { closeAll } from './services/close-all.ts'
import { type ServerStatus, serverStatus } from './services/control/server-status.ts'
import { openMetrics } from './services/metrics/metrics-service.ts'
import { metricsSource } from './services/metrics/metrics-source.ts'
import { type MountRules, mountOptions } from './services/nats/mount-options.ts'
import type { NatsAddresses } from './services/nats/nats-listeners.ts'
import { NatsService } from './services/nats/nats-service.ts'
import { Reloader, type ReloadReport, reportLines } from './services/reload/reload.ts'
import { joinCluster } from './services/vault/join-cluster.ts'
import { openVaultRooms, type VaultRooms } from './services/vault/vault-rooms.ts'
import { openWeb, type Web } from './services/web/open-web.ts'
import { WebClients } from './services/web/web-clients.ts'
import type { WebAddresses } from './services/web/web-listeners.ts'

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
export type ServerAddresses = WebAddresses & NatsAddresses & { readonly metrics: ListenAddress | undefined }

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
   * Reads the settings again and takes over what it can while clients are connected; resolves with a line for each
   * that changed and for each connection that ended because of it. Some hold from the next start on (docs/operating.md).
   * Rejects with a `ConfigError` and changes nothing when that cannot be. With `dryRun` nothing changes
   * either way: the lines are those of a reload, with `would close` for `closed`.
   */
  reload(options?: ReloadOptions): Promise<readonly string[]>
  /** The same, told apart. */
  reloadReport(options?: ReloadOptions): Promise<ReloadReport>
  /** How it is doing. Never rejects. */
  status(): Promise<ServerStatus>
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
  const startMs = systemClock.now()
  const started = load()
  const { options, warnings } = started
  const logger = sources.logger ?? createLogger(options.log)
  for (const warning of warnings) logger.warn({ warning }, 'configuration')

  const clients = new WebClients(options.web)
  const hubConnections = new ConnectionLimit(options.hub.maxConnections)
  const probe = options.web.answersProbes ? new Probe({ clock: systemClock, logger }) : undefined
  const metrics = await openMetrics(options, { source: metricsSource(() => ({ vault, nats, appHubs, web })), logger })

  await using opened = new AsyncDisposableStack()
  const random = (below: number) => Math.floor(Math.random() * below)
  const tools = { broker: new Broker(random), clock: systemClock, logger, random }
  const hubTools = { ...tools, clients, hubConnections }
  const vault: VaultRooms = await openVaultRooms(options, { ...hubTools, onQuery: metrics?.onQuery })
  opened.defer(() => vault.close())
  opened.defer(async () => vault.hubDoor?.close())
  const { admitsVaultUsers } = options.web
  const nats: NatsService = await NatsService.open(options, {
    ...tools,
    probe,
    pushes: () => vault.push?.counts ?? {},
    otherLogins: admitsVaultUsers ? [vault.login.login] : [],
    reloadConfiguration: () => server.reload(),
  })
  opened.defer(() => nats.close(0))
  if (admitsVaultUsers) vault.followSessions((userId) => recheckVaultUsers(nats, userId))
  await joinCluster(options, vault.cluster, nats)
  const appHubs: AppHubs = openAppHubs(options, hubTools)
  opened.defer(() => appHubs.drain(0))

  const controlled = {
    status: () => server.status(),
    reloadReport: (reloadOptions: ReloadOptions) => server.reloadReport(reloadOptions),
    log: 'roomLevels' in logger ? (logger as AdjustableLogger) : undefined,
  }
  const admin = await openAdminPages(options, {
    controlled,
    signingKey: vault.signingKey,
    authorityFile: () => web.certificateAuthorityFile,
    clients,
    clock: systemClock,
    logger,
  })
  const webProbe = probe?.at(clients.conclude) ?? NO_PROBE
  const rooms = { vault, nats, appHubs, admin, metrics, probe: webProbe, clients, logger }
  const { listeners: web, handleUpgrade }: Web = await openWeb(options, rooms)
  opened.defer(() => web.close(0))
  // Who asks reads all of the rooms.
  await metrics?.listen()
  opened.move()

  const reloader = new Reloader(started, load, { nats, web, clients, vault, appHubs, hubConnections, logger })
  const certificates = new CertificateCare({
    intervalMs: options.control.tlsReloadIntervalMs,
    listeners: () => [...web.certified, ...nats.certified],
    clock: systemClock,
    logger,
  })
  let closed: Promise<void> | undefined
  const server: Server = {
    get options() {
      return reloader.options
    },
    get addresses() {
      return { ...web.addresses, ...nats.addresses, metrics: metrics?.address }
    },
    certificateAuthorityFile: web.certificateAuthorityFile,
    handleUpgrade,
    hub: (name) => appHubs.hub(name),
    natsUpgradeHandler: async (rules = {}) => nats.mount(mountOptions(rules, { cwd, env })),
    status: () => serverStatus({ startMs, options: reloader.options, vault, nats, appHubs, web }),
    reload: async (options) => reportLines(await server.reloadReport(options)),
    reloadReport: ({ dryRun = false } = {}) => reloader.reload({ dryRun }),
    async lameDuck() {
      const { lameDuckDurationMs } = reloader.options.nats
      await Promise.all([nats.lameDuck(), vault.hubDoor?.drain(lameDuckDurationMs), appHubs.drain(lameDuckDurationMs)])
    },
    close: () => {
      certificates.close()
      closed ??= closeAll({ vault, appHubs, nats, web, probe, metrics, logger }, reloader.options.hub.drainWindowMs)
      return closed
    },
    [Symbol.asyncDispose]: () => server.close(),
  }
  return server
}

/** NATS clients that came in as users of the vault are looked at again: one of them, or all. */
async function recheckVaultUsers({ door }: NatsService, userId: string | undefined): Promise<void> {
  await door.recheck(
    ({ account, authorizedUser }) => account === VAULT_ACCOUNT && (userId === undefined || authorizedUser === userId),
  )
}

export type { MountRules } from './services/nats/mount-options.ts'
export { type NatsServer, type NatsServerTools, startNatsServer } from './services/nats/nats-server.ts'
export type { ReloadReport } from './services/reload/reload.ts'
