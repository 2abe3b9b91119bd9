import type { LoadedOptions, Options } from '#config'
import type { AppHubs, ConnectionLimit } from '#doors/hub'
import type { Logger } from '#kit'
import type { AdjustableLogger } from '#ops'
import { checkAccountsOfHubs } from '../app-hubs.ts'
import type { NatsService } from '../nats/nats-service.ts'
import type { VaultRooms } from '../vault/vault-rooms.ts'
import type { WebClients } from '../web/web-clients.ts'
import type { WebListeners } from '../web/web-listeners.ts'
import { changeLine, changesBetween } from './changes.ts'
import { optionsInForce, settingChanges, settingsInForce } from './live-settings.ts'
import { inSteps, type ReloadStep } from './reload-step.ts'

/** What a reload has done, or would do: lines for people. */
export interface ReloadReport {
  /** What counts from now on. */
  readonly applied: readonly string[]
  /** What is other than at the start, and counts from the next one on. */
  readonly atNextStart: readonly string[]
  /** Connections that ended for it. */
  readonly closed: readonly string[]
  /** What works, but not as written. */
  readonly warnings: readonly string[]
}

/** What a reload changes. */
export interface Reloadable {
  readonly nats: NatsService
  readonly web: WebListeners
  readonly clients: WebClients
  readonly vault: VaultRooms
  readonly appHubs: AppHubs
  readonly hubConnections: ConnectionLimit
  readonly logger: Logger | AdjustableLogger
}

/** Takes over a configuration that has changed, while everybody stays connected. */
export class Reloader {
  readonly #load: () => LoadedOptions
  readonly #started: LoadedOptions
  readonly #parts: Reloadable
  #settings: LoadedOptions['settings']
  #options: Options
  /** Settled when what was asked of it so far is done. Never rejects. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(started: LoadedOptions, load: () => LoadedOptions, parts: Reloadable) {
    this.#started = started
    this.#load = load
    this.#parts = parts
    this.#settings = started.settings
    this.#options = started.options
  }

  /** Those in force. */
  get options(): Options {
    return this.#options
  }

  /**
   * Reads the configuration and takes over what can be; everything that can fail comes first. Rejects with a
   * `ConfigError` when it cannot be used, and has changed nothing then. With `dryRun` nothing changes in any case. One that
   * is asked for while another is under way waits for it.
   */
  reload({ dryRun }: { readonly dryRun: boolean }): Promise<ReloadReport> {
    const done = this.#turn.then(() => this.#reload(dryRun))
    this.#turn = done.catch(() => {})
    return done
  }

  async #reload(dryRun: boolean): Promise<ReloadReport> {
    const next = this.#load()
    const { nats, logger } = this.#parts
    for (const warning of next.warnings) logger.warn({ warning }, 'configuration')
    checkAccountsOfHubs(this.#started.options.hubs, next.options.nats)
    const options = optionsInForce(this.#started.options, next.options)
    const { live, later } = settingChanges(this.#settings, next.settings)
    const hubs = changesBetween(this.#started.options.hubs, next.options.hubs, 'hubs').map(changeLine)
    const certificates: string[] = []
    const step = await inSteps(async (add) => {
      const { web, clients } = this.#parts
      const listener = await web.prepare(options.web)
      certificates.push(...listener.changes.map(changeLine))
      add(listener.step)
      add(clients.prepare(options.web))
      add(this.#rest(options))
    })
    const lines = await this.#takeOver(step, () => (dryRun ? nats.rehearse(next.options) : nats.reload(next.options)))
    if (dryRun) await step.undo()
    else {
      step.install()
      this.#options = options
      this.#settings = settingsInForce(this.#started.settings, next.settings)
    }
    const isClosed = (line: string) => /^(?:closed|would close) /.test(line)
    const report = {
      applied: [...lines.filter((line) => !isClosed(line)), ...live, ...certificates],
      atNextStart: [...later, ...hubs],
      closed: lines.filter(isClosed),
      warnings: next.warnings,
    }
    const { applied, atNextStart, closed } = report
    if (!dryRun) logger.info({ applied, atNextStart, closed }, 'configuration reloaded')
    return report
  }

  /** NATS takes over by itself, or not at all. */
  async #takeOver(step: ReloadStep, nats: () => Promise<readonly string[]>): Promise<readonly string[]> {
    try {
      return await nats()
    } catch (error) {
      await step.undo()
      throw error
    }
  }

  /** What cannot fail. */
  #rest(options: Options): ReloadStep {
    const { vault, appHubs, hubConnections, logger } = this.#parts
    const { log } = this.#options
    return {
      install: () => {
        hubConnections.max = options.hub.maxConnections
        vault.hubDoor?.keepTimes(options.hub)
        appHubs.keepTimes(options.hub)
        vault.takeSettings(options)
        if (!('level' in logger)) return
        // What was set while it ran stays, unless the configuration has changed.
        if (log.level !== options.log.level) logger.level = options.log.level
        if (!isSame(log.roomLevels, options.log.roomLevels)) logger.roomLevels = options.log.roomLevels
      },
      undo: async () => {},
    }
  }
}

/** All of it, as `Server.reload` tells it. */
export function reportLines({ applied, closed, atNextStart }: ReloadReport): readonly string[] {
  return [...applied, ...closed, ...atNextStart.map((line) => `${line} (from the next start on)`)]
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
