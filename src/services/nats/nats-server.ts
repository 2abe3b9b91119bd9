import type { NatsServerOptions } from '#config'
import { Broker } from '#core'
import { type Logger, systemClock } from '#kit'
import { Probe } from '#net'
import type { ProtocolTrace } from '#ops'
import type { NatsAddresses } from './nats-listeners.ts'
import { NatsService } from './nats-service.ts'

/** How long connections may take to end before they are cut. */
const CLOSE_GRACE_MS = 3_000

/** A NATS server and nothing else: no vault, no hub, no data folder. */
export interface NatsServer extends AsyncDisposable {
  readonly addresses: NatsAddresses
  /** Public nkey of type N. */
  readonly serverId: string
  /** As `NatsService.reload`. */
  reload(options: NatsServerOptions, configDigest?: string): Promise<readonly string[]>
  /** As `NatsService.rehearse`. */
  rehearse(options: NatsServerOptions): Promise<readonly string[]>
  /** Lets go of its clients slowly. Resolves when the last is gone. */
  lameDuck(): Promise<void>
  /** Ends every connection and closes everything, within five seconds; repeated calls wait for the same end. */
  close(): Promise<void>
}

export interface NatsServerTools {
  readonly logger: Logger
  readonly trace?: ProtocolTrace | undefined
  /** `sha256:…` of the configuration file, for monitoring. */
  readonly configDigest?: string | undefined
  /** Reads the configuration anew, for operators who ask for it over NATS. Rejects with what is wrong. */
  readonly reloadConfiguration?: (() => Promise<unknown>) | undefined
}

/** Rejects with a `ConfigError` for what is wrong with files and addresses; nothing is left open then. */
export async function startNatsServer(options: NatsServerOptions, tools: NatsServerTools): Promise<NatsServer> {
  const random = (below: number) => Math.floor(Math.random() * below)
  const probe = new Probe({ clock: systemClock, logger: tools.logger })
  const service = await NatsService.open(options, {
    ...tools,
    broker: new Broker(random),
    clock: systemClock,
    random,
    probe,
  })
  let closed: Promise<void> | undefined
  const close = () => {
    probe.close()
    closed ??= service.close(CLOSE_GRACE_MS)
    return closed
  }
  return {
    get addresses() {
      return service.addresses
    },
    serverId: service.identity.id,
    reload: (next, configDigest) => service.reload(next, configDigest),
    rehearse: (next) => service.rehearse(next),
    lameDuck: () => service.lameDuck(),
    close,
    [Symbol.asyncDispose]: close,
  }
}
