import { type NatsOptions, type Options, problemOfAccount } from '#config'
import { type Broker, Turn } from '#core'
import { type AppHubs, type ConnectionLimit, createAppHubs } from '#doors/hub'
import { type Clock, ConfigError, type Logger, toByteString } from '#kit'
import { boundedLog, FAILURES } from './bounded-log.ts'
import { hubOrigins } from './hub-origins.ts'
import type { WebClients } from './web/web-clients.ts'

export interface AppHubTools {
  readonly broker: Broker
  readonly clock: Clock
  readonly logger: Logger
  readonly clients: WebClients
  /** Where the connections of all hubs are counted. */
  readonly hubConnections: ConnectionLimit
}

/** The hubs of the operator's own, as they are configured. They need nothing of the vault. */
export function openAppHubs(options: Options, tools: AppHubTools): AppHubs {
  const { broker, clock, logger, clients, hubConnections } = tools
  const { hub, hubs, vault } = options
  const origins = hubOrigins(options, clients.isTrusted)
  return createAppHubs({
    ...hub,
    hubs: Object.entries(hubs).map(([name, { account, subject, allowedOrigins, sameOrigin, ...rest }]) => ({
      ...rest,
      name,
      account: broker.account(account),
      subject: toByteString(subject),
      origins: { ...origins, allowedOrigins, sameOrigin },
    })),
    basePath: vault.basePath,
    // What one read of a publisher's socket brings is handed over together.
    turn: new Turn(queueMicrotask),
    clock,
    logger,
    boundedLogger: boundedLog(logger, clock, FAILURES),
    clientAddress: clients.address,
    connections: hubConnections,
  })
}

/** Throws a `ConfigError` when an account would go, or come back as another, whose subjects a running hub is bound to. */
export function checkAccountsOfHubs(hubs: Options['hubs'], next: NatsOptions): void {
  for (const [name, { account }] of Object.entries(hubs)) {
    const problem = problemOfAccount(account, next)
    if (problem !== undefined) throw new ConfigError(`hub ${name} is there until the next start, but ${problem}`)
  }
}
