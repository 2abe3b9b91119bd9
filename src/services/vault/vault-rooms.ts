import { randomUUID } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { loadSharedSigningKey, loadSigningKey, ServiceTokens, Sessions, type SigningKey, Tickets, Tokens } from '#auth'
import type { Options } from '#config'
import { type Broker, InProcessClient, Turn } from '#core'
import { type ConnectionLimit, createHubDoor, type HubDoor } from '#doors/hub'
import { type Clock, type Logger, Tally } from '#kit'
import { Notifier, VAULT_ACCOUNT, VAULT_ACCOUNT_DEFINITION } from '#notify'
import type { MetricsSource } from '#ops/metrics'
import { openStore, type StoreTools } from '#store'
import { createMailer, createVaultApp, mailedAddress, startJobs, vaultFiles } from '#vault'
import { hubOrigins } from '../hub-origins.ts'
import { LiveVaultSettings } from '../reload/live-vault-settings.ts'
import type { WebClients } from '../web/web-clients.ts'
import { openWebVault } from '../web/web-vault.ts'
import { askVault } from './ask-vault.ts'
import { useFolder, warnOfFolder } from './folders.ts'
import { hubSessions } from './hub-sessions.ts'
import { type OfficialServer, openOfficialServer } from './official-server.ts'
import { openPush, type PushService } from './push-service.ts'
import { openRelayRoom, type RelayRoom } from './relay-room.ts'
import { openVaultCluster, type VaultCluster } from './vault-cluster.ts'
import { type VaultLogin, vaultLogin } from './vault-login.ts'

/** The vault and the notification hub, without their listeners. */
export interface VaultRooms {
  /** Absent when the hub is switched off. */
  readonly hubDoor: HubDoor | undefined
  readonly onRequest: RequestListener
  /** Absent when no other server is configured. */
  readonly relay: RelayRoom | undefined
  /** Absent when we stand in for no service of one. */
  readonly officialServer: OfficialServer | undefined
  /** Signed-in users as NATS clients. */
  readonly login: VaultLogin
  /**
   * Calls `recheck` with the id of each user whose sessions end; with none, when anybody's may have. It resolves when
   * all concerned have been looked at, and never rejects.
   */
  followSessions(recheck: (userId: string | undefined) => Promise<void>): void
  /** Absent when this instance must be the only one. */
  readonly cluster: VaultCluster | undefined
  /** Of the tokens that this server gives. */
  readonly signingKey: SigningKey
  /** Absent when neither phones nor browsers are told what they are not connected to hear. */
  readonly push: PushService | undefined
  /** What is counted here, for metrics. */
  readonly counted: Pick<MetricsSource, 'notifications' | 'logins' | 'letters' | 'jobs' | 'cluster' | 'ask'>
  /** Rejects when the database does not answer. */
  pingDatabase(): Promise<void>
  /** The vault's settings from now on, as far as they may change under it. */
  takeSettings(inForce: Options): void
  /** Closes what is kept. After the hub door was closed and the last request ended, or before anything came in. */
  close(): Promise<void>
}

export interface VaultTools {
  readonly broker: Broker
  readonly clock: Clock
  readonly logger: Logger
  readonly clients: WebClients
  /** Where the connections of all hubs are counted. */
  readonly hubConnections: ConnectionLimit
  /** Told of each statement of the database. */
  readonly onQuery?: StoreTools['onQuery'] | undefined
}

/** How long letters that are under way may take to end when we close: a mail server may be slow, or not answer at all. */
const LETTERS_GRACE_MS = 1_000

/** Builds the rooms of the vault and joins them. Rejects with a `ConfigError` for a folder that cannot be used. */
export async function openVaultRooms(options: Options, tools: VaultTools): Promise<VaultRooms> {
  const { broker, clock, logger, clients, hubConnections, onQuery } = tools
  // A change is published in one run for all its devices, so there is nothing to wait for: not even for its HTTP answer.
  const hubTurn = new Turn(queueMicrotask)

  await useFolder(options.vault.dataFolder)
  for (const { folder } of [options.vault.attachments, options.vault.sends]) await warnOfFolder(folder, logger)
  const webVault = await openWebVault(options, logger)
  const instance = randomUUID()
  let onOutage = (_sinceMs: number) => {}
  const store = await openStore({
    ...options.vault.database,
    clock,
    logger,
    instance,
    onQuery,
    onOutage: (sinceMs) => onOutage(sinceMs),
  })
  let push: PushService | undefined
  try {
    const { rsaKeyFile: keyFile, origin } = options.vault
    const isShared = options.vault.database.kind === 'postgres'
    const key = await (isShared ? loadSharedSigningKey({ keyFile, store, logger }) : loadSigningKey(keyFile))
    const tokens = new Tokens(key, origin, clock)
    const sessions = new Sessions(tokens, store, clock)
    const live = new LiveVaultSettings(options)
    const { settings } = live
    const files = vaultFiles(settings)
    const mailTools = { url: mailedAddress(settings), logger: logger.child({ room: 'mail' }) }
    const mailer = options.vault.mail && createMailer(options.vault.mail, mailTools)
    const tickets = new Tickets(key, { origin, clock, mailedHours: settings.mailedTicketHours })
    const login = vaultLogin(sessions, clock)

    broker.define([VAULT_ACCOUNT_DEFINITION])
    const vaultAccount = broker.account(VAULT_ACCOUNT)
    const vaultClient = new InProcessClient(vaultAccount, (error, subject) =>
      logger.error({ error, subject }, 'in-process subscriber failed'),
    )
    const hasLink = options.vault.cluster !== undefined
    const cluster =
      hasLink || isShared
        ? openVaultCluster({
            id: instance,
            hasLink,
            account: vaultAccount,
            store,
            clock,
            logger,
            lookUp: (...since) => lookUp(...since),
          })
        : undefined
    const publish = cluster?.say ?? ((subject: string, payload: Buffer) => vaultClient.publish(subject, payload))
    const notifier = new Notifier(publish)
    const logins = new Tally(['ok', 'failed', 'limited'])
    push = await openPush(options, {
      account: vaultAccount,
      instance,
      say: publish,
      isShared,
      hasLink,
      store,
      outgoing: settings.outgoing,
      clock,
      logger,
    })
    const serviceTokens = new ServiceTokens(key, origin, clock)
    const relay = await openRelayRoom(options, { store, serviceTokens, publish, clock, logger })
    const officialServer = openOfficialServer(options, { serviceTokens, publish, clock, logger })
    const app = await createVaultApp({
      store,
      tokens,
      tickets,
      sessions,
      notifier,
      files,
      clock,
      logger: logger.child({ room: 'vault' }),
      settings,
      mailer,
      webPush: push?.webPush,
      webVault,
      clientAddress: clients.address,
      otherGrant: relay?.grant,
      logins,
      shareLimit: cluster?.shareLimit,
    })

    const authenticate = officialServer?.authenticate ?? hubSessions(sessions, store)
    const hubDoor = options.web.servesHub
      ? createHubDoor({
          account: vaultAccount,
          turn: hubTurn,
          clock,
          logger,
          // Who is no user of ours may be one of a server that is relayed here.
          authenticate: async (token) => (await authenticate(token)) ?? relay?.authenticate(token),
          heard: store.heard,
          heardAllUntilMs: cluster?.heardAllUntilMs,
          organizationsOf: (userId) => store.memberships.confirmedOf(userId),
          installationId: options.identity?.installationId,
          say: publish,
          clientAddress: clients.address,
          origins: hubOrigins(options, clients.isTrusted),
          connections: hubConnections,
          ...options.hub,
        })
      : undefined
    let recheckAll = async () => {}
    const lookUp = async (sinceMs: number, tellsAgain: boolean) => {
      // Who cannot be asked about is refused: while the database is away nobody is sent away for it.
      await store.ping()
      await hubDoor?.lookAtAll(sinceMs, tellsAgain)
      // To its end, so that however many they are, all are looked at once at a time.
      await recheckAll()
    }
    onOutage = (sinceMs) => cluster?.databaseWasAway(sinceMs)
    const jobs = startJobs(options.vault.jobs, { store, files, clock, logger, mailer, settings })
    return {
      hubDoor,
      onRequest: (request, response) => app.routing(request, response),
      relay,
      officialServer,
      login,
      followSessions(recheck) {
        recheckAll = () => recheck(undefined)
        login.followSessions(vaultClient, recheck)
      },
      cluster,
      signingKey: key,
      push,
      counted: {
        notifications: () => notifier.told,
        logins: () => logins,
        letters: () => mailer?.counts,
        jobs: () => jobs?.lastRuns ?? [],
        cluster: () => cluster?.health,
        ask: () => askVault({ store, dataFolder: options.vault.dataFolder, pushes: waysOf(options), clock }),
      },
      pingDatabase: async () => void (await store.ping()),
      takeSettings: (inForce) => live.take(inForce),
      async close() {
        const hurry = clock.after(LETTERS_GRACE_MS, () => mailer?.giveUp())
        await jobs?.close()
        await app.close()
        await mailer?.close()
        hurry.cancel()
        await relay?.close()
        await push?.close()
        // Where no link was there to say goodbye on: the start has failed.
        await cluster?.close()
        await store.close()
      },
    }
  } catch (error) {
    await push?.close()
    await store.close()
    throw error
  }
}

/** By which ways devices are told that are not connected. */
function waysOf({ push: { relay, web } }: Options) {
  return { phones: relay !== undefined, browsers: web !== undefined }
}
