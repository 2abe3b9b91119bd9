/** A NATS server with a configuration file, which a test rewrites and has read again. */
import { writeFile } from 'node:fs/promises'
import { loadNatsOptions, type NatsServerOptions } from '#config'
import { type NatsServer, startNatsServer } from '#server'
import { type LoggedEvent, lineOf, recordingLogger } from '../helpers/recording-logger.ts'
import { type TemporaryFolder, temporaryFolder } from '../helpers/temp.ts'
import { until } from '../helpers/wait.ts'
import type { Address } from '../net/raw-socket.ts'

export class ConfiguredServer implements AsyncDisposable {
  readonly folder: TemporaryFolder
  readonly log: readonly LoggedEvent[]
  readonly server: NatsServer

  private constructor(folder: TemporaryFolder, log: readonly LoggedEvent[], server: NatsServer) {
    this.folder = folder
    this.log = log
    this.server = server
  }

  /** On any free port of 127.0.0.1, unless the text names one before its `websocket` blocks. */
  static async start(configText: string): Promise<ConfiguredServer> {
    await using cleanup = new AsyncDisposableStack()
    const folder = cleanup.use(await temporaryFolder())
    const log: LoggedEvent[] = []
    const server = await startNatsServer(await read(folder, configText), {
      logger: recordingLogger((line) => log.push(line)),
    })
    cleanup.move()
    return new ConfiguredServer(folder, log, server)
  }

  get tcp(): Address {
    return this.server.addresses.nats
  }

  get natsUrl(): string {
    return `nats://127.0.0.1:${this.tcp.port}`
  }

  /** Of the block with this number. */
  webSocket(block = 0): Address {
    return this.server.addresses.websockets[block] ?? { host: '127.0.0.1', port: 0 }
  }

  webSocketUrl(block = 0, scheme = 'ws'): string {
    return `${scheme}://127.0.0.1:${this.webSocket(block).port}`
  }

  get monitoringUrl(): string {
    return `http://127.0.0.1:${this.server.addresses.monitoring.http?.port}`
  }

  async monitoring(request: string): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
    const response = await fetch(this.monitoringUrl + request)
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }

  /** Puts `configText` in the file's place and has it read. Resolves with the lines that tell what became of it. */
  async reload(configText: string): Promise<readonly string[]> {
    return this.server.reload(await this.read(configText))
  }

  async rehearse(configText: string): Promise<readonly string[]> {
    return this.server.rehearse(await this.read(configText))
  }

  /** Puts `configText` in the file's place, and reads it as the command does. */
  read(configText: string): Promise<NatsServerOptions> {
    return read(this.folder, configText)
  }

  /** The first event whose JSON has `pattern`, from the beginning or as soon as it comes. */
  logged(pattern: RegExp): Promise<LoggedEvent> {
    const matches = (line: LoggedEvent) => pattern.test(lineOf(line))
    return until(() => this.log.find(matches), `${pattern} in the log`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close()
    await this.folder[Symbol.asyncDispose]()
  }
}

/** One plain `websocket {}` block, on any free port of 127.0.0.1 unless it is named. */
export function block(settings = '', port = -1): string {
  return `{\nlisten: "127.0.0.1:${port}"\nno_tls: true\n${settings}\n}`
}

export function websocket(settings = '', port?: number): string {
  return `websocket ${block(settings, port)}\n`
}

/** Several listeners. */
export function websockets(...blocks: readonly string[]): string {
  return `websocket: [\n${blocks.join('\n')}\n]\n`
}

async function read(folder: TemporaryFolder, configText: string): Promise<NatsServerOptions> {
  const isPlaced = /^(?:listen|port)\b/m.test(configText.split('websocket', 1)[0]!)
  const text = isPlaced ? configText : `listen: "127.0.0.1:-1"\n${configText}`
  await writeFile(folder.join('nats.conf'), text)
  return loadNatsOptions({ configFile: 'nats.conf', env: {}, cwd: folder.path }).options
}
