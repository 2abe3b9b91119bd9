import { randomBytes } from 'node:crypto'
import { mkdir, stat } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import path from 'node:path'
import { authenticatorFor, Sessions, Tokens } from '#auth'
import type { Options } from '#config'
import { Broker, InProcessClient, Turn } from '#core'
import { createHubDoor, type HubDoor } from '#doors/hub'
import { NatsDoor, newServerIdentity } from '#doors/nats'
import { ConfigError, type Logger, systemClock } from '#kit'
import { clientAddress, isLocalRequest, type UpgradeHandler, UpgradeRouter } from '#net'
import { Notifier, VAULT_ACCOUNT } from '#notify'
import { openStore } from '#store'
import { createVaultApp } from '#vault'

/** The Bitwarden server release whose API this is; clients switch features on by it. */
const BITWARDEN_VERSION = '2026.6.0'

/** Longest encrypted note of an item, as Bitwarden's own server has it, and with `increase_note_size_limit`. */
const NOTE_CHARACTERS = 10_000
const INCREASED_NOTE_CHARACTERS = 100_000

/** Everything of a server but its listeners. */
export interface Rooms {
  readonly natsDoor: NatsDoor
  /** Absent when the hub is switched off. */
  readonly hubDoor: HubDoor | undefined
  /** The web listener's HTTP requests. */
  readonly onRequest: RequestListener
  /** The web listener's upgrades. */
  readonly upgrades: UpgradeRouter
  /** Ends all connections of all doors; those that still come are refused. */
  closeDoors(): Promise<void>
  /** Closes what is kept. After `closeDoors`, or before anything came in. */
  close(): Promise<void>
}

/** Builds the rooms and joins them: the only place that knows them all. */
export async function openRooms(options: Options, logger: Logger): Promise<Rooms> {
  const clock = systemClock
  const random = (below: number) => Math.floor(Math.random() * below)
  const natsTurn = new Turn(setImmediate)
  // A change is published in one run for all its devices, so there is nothing to wait for: not even for its HTTP answer.
  const hubTurn = new Turn(queueMicrotask)
  const broker = new Broker(random)
  const address = clientAddress({ header: options.web.ipHeader, trustedProxies: options.web.trustedProxies })

  await useFolder(options.vault.dataFolder)
  const store = await openStore({ databaseFile: options.vault.databaseFile, clock })
  try {
    const tokens = await Tokens.load({ keyFile: options.vault.rsaKeyFile, origin: options.vault.origin, clock })
    const sessions = new Sessions(tokens, store, clock)

    const vaultAccount = broker.account(VAULT_ACCOUNT)
    const vaultClient = new InProcessClient(vaultAccount, (error, subject) =>
      logger.error({ error, subject }, 'in-process subscriber failed'),
    )
    const notifier = new Notifier((subject, payload) => vaultClient.publish(subject, payload))
    const app = await createVaultApp({
      store,
      tokens,
      sessions,
      notifier,
      clock,
      logger: logger.child({ room: 'vault' }),
      settings: vaultSettings(options),
      clientAddress: address,
    })

    const hubDoor = options.web.servesHub
      ? createHubDoor({
          account: vaultAccount,
          turn: hubTurn,
          clock,
          logger,
          authenticate: (token) => sessions.authenticate(token),
          clientAddress: address,
        })
      : undefined
    const natsDoor = new NatsDoor({
      broker,
      identity: newServerIdentity(options.nats.serverName),
      limits: options.nats,
      turn: natsTurn,
      clock,
      logger: logger.child({ door: 'nats' }),
      random,
      randomBytes,
    })

    return {
      natsDoor,
      hubDoor,
      onRequest: (request, response) => app.routing(request, response),
      upgrades: webUpgrades(options, natsDoor, hubDoor),
      async closeDoors() {
        natsDoor.close()
        await hubDoor?.close()
      },
      async close() {
        await app.close()
        await store.close()
      },
    }
  } catch (error) {
    await store.close()
    throw error
  }
}

function webUpgrades({ vault, web }: Options, natsDoor: NatsDoor, hubDoor: HubDoor | undefined): UpgradeRouter {
  const upgrades = new UpgradeRouter()
  if (hubDoor !== undefined) upgrades.add(`${vault.basePath}/notifications/hub`, hubDoor.handleUpgrade)
  if (web.nats !== 'off') {
    const authenticator = authenticatorFor({ main: {} })
    const natsUpgrade: UpgradeHandler = (request, socket, head) => {
      const { localAddress = '', localPort = 0 } = request.socket
      const facts = { host: localAddress, port: localPort, isTls: 'encrypted' in socket }
      natsDoor.acceptUpgrade(request, socket, head, {
        listener: { current: { facts, connectionType: 'WEBSOCKET', authenticator } },
        objection: () =>
          web.nats === 'all' || isLocalRequest(request) ? undefined : 'only for programs on this machine (web.nats)',
      })
    }
    upgrades.add(`${vault.basePath}/nats`, natsUpgrade)
  }
  return upgrades
}

function vaultSettings({ vault }: Options) {
  return {
    domain: vault.domain,
    origin: vault.origin,
    pathPrefix: vault.basePath,
    signupsAllowed: vault.signupsAllowed,
    signupsDomainsWhitelist: vault.signupsDomainsWhitelist,
    invitationsAllowed: vault.invitationsAllowed,
    passwordIterations: vault.passwordIterations,
    loginRateLimit: { seconds: vault.loginRatelimitSeconds, maxBurst: vault.loginRatelimitMaxBurst },
    unauthenticatedRateLimit: {
      seconds: vault.unauthenticatedRatelimitSeconds,
      maxBurst: vault.unauthenticatedRatelimitMaxBurst,
    },
    maxNoteCharacters: vault.increaseNoteSizeLimit ? INCREASED_NOTE_CHARACTERS : NOTE_CHARACTERS,
    serverVersion: BITWARDEN_VERSION,
  }
}

async function useFolder(folder: string): Promise<void> {
  try {
    await makeFolder(folder)
  } catch (error) {
    throw new ConfigError(`Cannot use the data folder "${folder}": ${(error as Error).message}`, { cause: error })
  }
}

/** Level by level: Node's `recursive` never comes back from a file system that takes no folders, /proc for one. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' && (await stat(folder)).isDirectory()) return
    if (code !== 'ENOENT') throw error
    await makeFolder(path.dirname(folder))
    await mkdir(folder, { mode: 0o700 })
  }
}
