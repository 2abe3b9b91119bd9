import type { EventEmitter } from 'node:events'
import type { NatsServerOptions } from '#config'
import { ConfigError, type Logger } from '#kit'
import { goFileError, NatsLog, type NatsLogSurroundings, type ProtocolTrace } from '#ops'
import { changeLine, changesBetween } from '../../services/reload/changes.ts'
import {
  hasPlainPassword,
  listenErrorText,
  listeningLines,
  listeningUrls,
  type NatsServerAddresses,
} from './announce.ts'
import {
  portsFileContent,
  portsFilePath,
  removePidFile,
  removePortsFile,
  writePidFile,
  writePortsFile,
} from './process-files.ts'

/** How long a clean end may take before the rest is cut. */
const CLOSE_DEADLINE_MS = 5_000

/** A NATS server that listens. */
export interface RunningNatsServer {
  readonly addresses: NatsServerAddresses
  readonly serverId: string
  /** Takes up new options; resolves with a line for each that changed, rejects with a `ConfigError` and changes nothing. */
  reload(options: NatsServerOptions, configDigest: string | undefined): Promise<readonly string[]>
  /** Lets go of its clients slowly; resolves when the last was told to go. */
  lameDuck(): Promise<void>
  close(): Promise<void>
}

export type StartNatsServer = (
  options: NatsServerOptions,
  tools: {
    readonly logger: Logger
    readonly trace: ProtocolTrace
    /** `sha256:…` of the configuration file, which monitoring shows. */
    readonly configDigest: string | undefined
    /** Reads the configuration anew, for operators who ask for it over NATS. Rejects with what is wrong. */
    readonly reloadConfiguration: () => Promise<void>
  },
) => Promise<RunningNatsServer>

/** What was read: the options, what the operator should know of them, and which version of the file they come from. */
export interface LoadedOptions {
  readonly options: NatsServerOptions
  readonly warnings: readonly string[]
  /** `sha256:…` of the configuration file. */
  readonly digest?: string | undefined
}

/** Signals as `kill` knows them, and as the log of nats-server calls them. */
const SIGNAL_NAMES = {
  SIGHUP: 'hangup',
  SIGINT: 'interrupt',
  SIGQUIT: 'quit',
  SIGTERM: 'terminated',
  SIGUSR1: 'user defined signal 1',
  SIGUSR2: 'user defined signal 2',
} as const
type SignalName = keyof typeof SIGNAL_NAMES

export interface ServerProcessOptions {
  readonly loaded: LoadedOptions
  /** As it was given; `undefined` when there is none, and nothing to reload then. */
  readonly configFile: string | undefined
  /** Lines for the log, of flags that have no effect. */
  readonly flagWarnings: readonly string[]
  /** Named in the first lines of the log. */
  readonly version: string
  readonly start: StartNatsServer
  /** Reads the configuration again. @throws ConfigError */
  readonly load: () => LoadedOptions
  /** Where signals arrive, and `exit`: the process, or what stands for it. */
  readonly signals: EventEmitter
  readonly pid: number
  readonly log?: NatsLogSurroundings
}

/**
 * The life of `nats-server` as a process, from its first log line to its exit code: files that name it, signals,
 * reload, lame duck mode.
 */
export class ServerProcess {
  readonly #given: ServerProcessOptions
  readonly #log: NatsLog
  readonly #ended = Promise.withResolvers<number>()
  /** Signals wait for each other, and for the start. */
  #work: Promise<void> = Promise.resolve()
  #options: NatsServerOptions
  #server: RunningNatsServer | undefined
  #portsFile: string | undefined
  #pidFile: string | undefined
  #isLameDuck = false
  #isClosing = false
  /** A reload that waits reads the file of the moment it begins, so one is enough for any number of signals. */
  #reloadWaits = false

  /** @throws ConfigError when the log file cannot be opened. */
  constructor(given: ServerProcessOptions) {
    this.#given = given
    this.#options = given.loaded.options
    this.#log = new NatsLog(this.#options.log, given.log)
  }

  /** Runs until a signal ends it; resolves with the exit code of the process. */
  async run(): Promise<number> {
    const { signals } = this.#given
    const onSignal = (name: SignalName) => this.#onSignal(name)
    const onExit = () => this.#removeFiles()
    for (const name of Object.keys(SIGNAL_NAMES)) signals.on(name, onSignal)
    signals.on('exit', onExit)
    try {
      this.#work = this.#start()
      return await this.#ended.promise
    } finally {
      for (const name of Object.keys(SIGNAL_NAMES)) signals.off(name, onSignal)
      signals.off('exit', onExit)
      this.#removeFiles()
      this.#log.close()
    }
  }

  async #start(): Promise<void> {
    const { start, version, configFile, loaded, flagWarnings } = this.#given
    this.#log.write('INF', 'Starting nats-server')
    this.#log.write('INF', `  Version:  ${version}`)
    for (const warning of flagWarnings) this.#log.write('WRN', warning)
    if (hasPlainPassword(this.#options)) this.#log.write('WRN', 'Plaintext passwords detected, use nkeys or bcrypt')
    if (configFile !== undefined)
      this.#log.write('INF', `Using configuration file: ${configFile}${inBrackets(loaded.digest)}`)
    try {
      this.#makePidFile()
      this.#server = await start(this.#options, {
        logger: this.#log.logger,
        trace: this.#log.trace,
        configDigest: loaded.digest,
        reloadConfiguration: () => this.#reloadAsked(),
      })
    } catch (error) {
      const text = error instanceof ConfigError ? listenErrorText(error, this.#options) : undefined
      this.#log.write('FTL', text ?? textOf(error))
      this.#ended.resolve(1)
      return
    }
    const { addresses, serverId } = this.#server
    this.#log.write('INF', `  Name:     ${this.#options.nats.serverName ?? serverId}`)
    this.#log.write('INF', `  ID:       ${serverId}`)
    for (const [level, text] of listeningLines(addresses, this.#options)) this.#log.write(level, text)
    await this.#makePortsFile()
    this.#log.write('INF', 'Server is ready')
  }

  #onSignal(name: SignalName): void {
    this.#log.write('INF', `Trapped ${JSON.stringify(SIGNAL_NAMES[name])} signal`)
    switch (name) {
      case 'SIGINT':
        this.#shutdown()
        break
      case 'SIGTERM':
        // Whoever drains the server tells it to end as well, and lame duck mode does end it.
        if (!this.#isLameDuck) this.#shutdown()
        break
      case 'SIGQUIT':
        // Go shows its goroutines and ends so; there is nothing of that kind to show.
        this.#ended.resolve(2)
        break
      case 'SIGUSR1':
        this.#log.reopen()
        break
      case 'SIGUSR2':
        this.#afterStart((server) => this.#enterLameDuck(server))
        break
      case 'SIGHUP':
        if (!this.#reloadWaits) this.#afterStart((server) => this.#reload(server))
        this.#reloadWaits = true
        break
    }
  }

  /** Lame duck mode takes minutes, in which the other signals count. */
  async #enterLameDuck(server: RunningNatsServer): Promise<void> {
    if (this.#isLameDuck || this.#isClosing) return
    this.#isLameDuck = true
    this.#log.write('INF', 'Entering lame duck mode, stop accepting new clients')
    void server
      .lameDuck()
      .catch((error: unknown) => this.#log.write('ERR', `Lame duck mode failed: ${textOf(error)}`))
      .then(() => this.#shutdown())
  }

  async #reload(server: RunningNatsServer): Promise<void> {
    this.#reloadWaits = false
    if (this.#isClosing) return
    await this.#takeUpConfiguration(server).catch(() => {})
  }

  /** In its turn among the signals. */
  #reloadAsked(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#afterStart((server) => this.#takeUpConfiguration(server).then(resolve, reject))
    return promise
  }

  /** Rejects with what is wrong, which is in the log as well. */
  async #takeUpConfiguration(server: RunningNatsServer): Promise<void> {
    try {
      const { configFile, load } = this.#given
      if (configFile === undefined) {
        throw new ConfigError('can only reload config when a file is provided using -c or --config')
      }
      const { options, warnings, digest } = load()
      for (const line of warnings) this.#log.write('WRN', line)
      const changes = await this.#take(options, (taken) => server.reload(taken, digest))
      await this.#moveFiles()
      for (const change of changes) this.#log.write('INF', `Reloaded: ${change}`)
      this.#log.write('INF', `Reloaded server configuration${inBrackets(digest)}`)
    } catch (error) {
      this.#log.write('ERR', `Failed to reload server configuration: ${textOf(error)}`)
      throw error
    }
  }

  /** Either all takes the new options, or nothing does. Resolves with a line for each change. */
  async #take(
    options: NatsServerOptions,
    reload: (options: NatsServerOptions) => Promise<readonly string[]>,
  ): Promise<string[]> {
    const before = this.#options
    // The log first: that its file cannot be opened is found out before anything else has changed.
    this.#log.configure(options.log)
    try {
      const changes = await reload(options)
      this.#options = options
      return [...changes, ...changesBetween(ownOptions(before), ownOptions(options)).map(changeLine)]
    } catch (error) {
      this.#log.configure(before.log)
      throw error
    }
  }

  async #moveFiles(): Promise<void> {
    try {
      this.#makePidFile()
    } catch (error) {
      this.#log.write('ERR', textOf(error))
    }
    await this.#makePortsFile()
  }

  /** Also when the start is not over yet, once it is. */
  #shutdown(): void {
    if (this.#isClosing) return
    this.#isClosing = true
    this.#log.write('INF', 'Initiating Shutdown...')
    const deadline = setTimeout(() => {
      this.#log.write('WRN', `Not everything was closed within ${CLOSE_DEADLINE_MS / 1000} s`)
      this.#ended.resolve(0)
    }, CLOSE_DEADLINE_MS)
    void this.#work
      .then(() => this.#server?.close())
      .catch((error: unknown) => this.#log.write('ERR', `Shutdown failed: ${textOf(error)}`))
      .then(() => {
        clearTimeout(deadline)
        this.#log.write('INF', 'Server Exiting..')
        this.#ended.resolve(0)
      })
  }

  #afterStart(work: (server: RunningNatsServer) => Promise<void>): void {
    this.#work = this.#work
      .then(() => this.#server && work(this.#server))
      .catch((error: unknown) => this.#log.write('ERR', textOf(error)))
  }

  #makePidFile(): void {
    const { pid } = this.#given
    const { pidFile } = this.#options.process
    if (this.#pidFile !== undefined && this.#pidFile !== pidFile) removePidFile(this.#pidFile, pid)
    if (pidFile !== undefined) {
      try {
        writePidFile(pidFile, pid)
      } catch (error) {
        throw new ConfigError(`Could not write pidfile: ${goFileError(error)}`, { cause: error })
      }
    }
    this.#pidFile = pidFile
  }

  /** Whoever waits for this file finds every listener up. A folder that is not there costs the file, not the server. */
  async #makePortsFile(): Promise<void> {
    const { portsFileFolder } = this.#options.process
    const file = portsFileFolder && portsFilePath(portsFileFolder, this.#given.pid)
    if (this.#portsFile !== undefined && this.#portsFile !== file) removePortsFile(this.#portsFile)
    this.#portsFile = file
    if (file === undefined || this.#server === undefined) return
    try {
      writePortsFile(file, await portsFileContent(listeningUrls(this.#server.addresses, this.#options)))
    } catch (error) {
      this.#log.write('ERR', `Error writing ports file (${file}): ${goFileError(error)}`)
    }
  }

  #removeFiles(): void {
    if (this.#portsFile !== undefined) removePortsFile(this.#portsFile)
    if (this.#pidFile !== undefined) removePidFile(this.#pidFile, this.#given.pid)
  }
}

/** What the process takes up itself; of the rest the server tells what changed. */
function ownOptions({ log, process }: NatsServerOptions) {
  return { log, process }
}

function inBrackets(digest: string | undefined): string {
  return digest === undefined ? '' : ` (${digest})`
}

/** What the operator can mend is one text; anything else is a bug and shows where it happened. */
function textOf(error: unknown): string {
  if (error instanceof ConfigError) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
