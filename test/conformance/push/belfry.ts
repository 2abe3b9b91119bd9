import assert from 'node:assert/strict'
import path from 'node:path'
import { freePort, type RunningProgram, startProgram } from '../../helpers/processes.ts'
import type { PushRelay } from '../../helpers/push-relay.ts'
import type { PushService } from '../../helpers/push-service.ts'
import { type TemporaryFolder, temporaryFolder } from '../../helpers/temp.ts'
import { within } from '../../helpers/wait.ts'

export const INSTALLATION = { installationId: '8a5ad1a9-cf1c-4a7b-9ba5-2f6ad1bb2d63', installationKey: 'a relay’s key' }

export interface BelfryOptions {
  /** Those of `INSTALLATION`. */
  readonly relay: Pick<PushRelay, 'relayUri' | 'identityUri'>
  readonly service: Pick<PushService, 'host' | 'port' | 'caFile'>
  /** Besides. */
  readonly env?: Readonly<Record<string, string>>
}

/** `belfry serve` in a process of its own, on ports and data that it keeps, which pushes to a relay and a push service. */
export class Belfry implements AsyncDisposable {
  readonly url: string
  /** `https://localhost:port`, for clients that take nothing else. */
  readonly secureUrl: string
  readonly #folder: TemporaryFolder
  readonly #env: Readonly<Record<string, string>>
  #program: RunningProgram | undefined
  /** What those before said that have ended. */
  #saidBefore = ''

  static async start(options: BelfryOptions): Promise<Belfry> {
    const [folder, ...ports] = await Promise.all([temporaryFolder(), freePort(), freePort(), freePort()])
    const belfry = new Belfry(options, folder, ports)
    try {
      await belfry.start()
      return belfry
    } catch (error) {
      await folder[Symbol.asyncDispose]()
      throw error
    }
  }

  private constructor(options: BelfryOptions, folder: TemporaryFolder, [port, httpsPort, natsPort]: number[]) {
    const { relay, service, env } = options
    this.url = `http://127.0.0.1:${port}`
    this.secureUrl = `https://localhost:${httpsPort}`
    this.#folder = folder
    this.#env = {
      DATA_FOLDER: folder.join('data'),
      ROCKET_ADDRESS: '127.0.0.1',
      ROCKET_PORT: String(port),
      BELFRY_HTTPS: `127.0.0.1:${httpsPort}`,
      BELFRY_NATS_PORT: String(natsPort),
      BELFRY_HUB_DRAIN_WINDOW: '0s',
      // The least that is allowed, and as often as one likes.
      PASSWORD_ITERATIONS: '100000',
      LOGIN_RATELIMIT_MAX_BURST: '10000',
      UNAUTHENTICATED_RATELIMIT_MAX_BURST: '10000',
      PUSH_ENABLED: 'true',
      PUSH_INSTALLATION_ID: INSTALLATION.installationId,
      PUSH_INSTALLATION_KEY: INSTALLATION.installationKey,
      PUSH_RELAY_URI: relay.relayUri,
      PUSH_IDENTITY_URI: relay.identityUri,
      PUSH_SERVICE: `${service.host} ${service.port}`,
      // Where OpenSSL has the authorities of the system.
      SSL_CERT_FILE: service.caFile,
      NODE_OPTIONS: `--import=${path.join(import.meta.dirname, 'lead-to-service.ts')} --disable-warning=ExperimentalWarning`,
      ...env,
    }
  }

  get dataFolder(): string {
    return this.#folder.join('data')
  }

  /** Who signed the certificate of `secureUrl`. */
  get certificateAuthorityFile(): string {
    return path.join(this.dataFolder, 'tls', 'ca.pem')
  }

  /** Everything that it has said since its first start. */
  get log(): string {
    return this.#saidBefore + (this.#program?.output ?? '')
  }

  async start(): Promise<void> {
    this.#program = await startProgram({
      command: path.resolve(import.meta.dirname, '../../../bin/belfry'),
      args: ['serve'],
      cwd: this.#folder.path,
      env: this.#env,
      ready: /Stop with Ctrl-C/,
      readyDeadlineMs: 60_000,
    })
  }

  /** Resolves when it has ended as it should on that signal. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const program = this.#program!
    program.child.kill(signal)
    const exit = await within(program.exited, 'Belfry to end', 20_000)
    this.#saidBefore += program.output
    this.#program = undefined
    assert.deepEqual(exit, signal === 'SIGTERM' ? { code: 0, signal: null } : { code: null, signal })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program?.stop('SIGKILL')
    await this.#folder[Symbol.asyncDispose]()
  }
}
