/**
 * The servers of these suites: for each implementation one with plain listeners and one with TLS, from the same text.
 * nats-server's 2.9.10 is Debian's; BELFRY_TEST_NATS_SERVER names the newest.
 */
import { describe, type TestContext, test } from 'node:test'
import { FORGIVING_BELFRY } from '../../doors/nats/forgiving-belfry.ts'
import {
  IMPLEMENTATIONS,
  type Implementation,
  type RunningImplementation,
} from '../../doors/nats/websocket-table/servers.ts'
import { TestAuthority, type TestCertificate } from '../../helpers/certificates.ts'
import { type TemporaryFolder, temporaryFolder } from '../../helpers/temp.ts'
import { CARRIERS, type Carrier, type Credentials, type Joined } from './carriers.ts'

export {
  type Differing,
  expectationOf,
  type Implementation,
  newerRow,
  type RunningImplementation,
} from '../../doors/nats/websocket-table/servers.ts'

export interface SiteConfig {
  readonly main?: string
  /** Options of `websocket {}`. */
  readonly webSocket?: string
  /** Of `tls {}`, where there is one: `verify_and_map: true`. */
  readonly tls?: string
}

/** An authority, and the certificate of the servers that it issued. */
export class Certificates implements AsyncDisposable {
  readonly folder: TemporaryFolder
  readonly authority: TestAuthority
  readonly server: TestCertificate

  private constructor(folder: TemporaryFolder, authority: TestAuthority, server: TestCertificate) {
    this.folder = folder
    this.authority = authority
    this.server = server
  }

  static async create(): Promise<Certificates> {
    const folder = await temporaryFolder()
    const authority = await TestAuthority.create(folder)
    return new Certificates(folder, authority, await authority.issue())
  }

  get ca(): string {
    return this.authority.ca
  }

  block(more = ''): string {
    const { certFile, keyFile } = this.server
    return `tls { cert_file: "${certFile}", key_file: "${keyFile}", ca_file: "${this.authority.caFile}", ${more} }`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.folder[Symbol.asyncDispose]()
  }
}

/** One form of authentication, with and without TLS. */
export class Sites implements AsyncDisposable {
  readonly plain: RunningImplementation
  readonly secure: RunningImplementation
  readonly #certificates: Certificates

  private constructor(plain: RunningImplementation, secure: RunningImplementation, certificates: Certificates) {
    this.plain = plain
    this.secure = secure
    this.#certificates = certificates
  }

  static start(implementation: Implementation, config: SiteConfig, certificates: Certificates): Promise<Sites> {
    return Sites.startEach(implementation, { plain: config, secure: config }, certificates)
  }

  /** For what two servers may not share: a folder. */
  static async startEach(
    { start }: Implementation,
    config: { readonly plain: SiteConfig; readonly secure: SiteConfig },
    certificates: Certificates,
  ): Promise<Sites> {
    const [plain, secure] = await Promise.all([
      start(plainText(config.plain)),
      start(secureText(config.secure, certificates)),
    ])
    return new Sites(plain, secure, certificates)
  }

  get both(): readonly RunningImplementation[] {
    return [this.plain, this.secure]
  }

  at(carrier: Carrier): RunningImplementation {
    return carrier.isTls ? this.secure : this.plain
  }

  /** What a client needs to trust the server comes with what it has to show. */
  over(carrier: Carrier, credentials: Credentials = {}): [Carrier, RunningImplementation, Credentials] {
    return [carrier, this.at(carrier), { ...credentials, ...(carrier.isTls && { ca: this.#certificates.ca }) }]
  }

  async join(carrier: Carrier, credentials: Credentials = {}): Promise<Joined> {
    const [, site, shown] = this.over(carrier, credentials)
    return await carrier.join(site, shown)
  }

  /** Over every carrier at once. */
  joinAll(credentials: Credentials, carriers = CARRIERS): Promise<readonly { carrier: Carrier; joined: Joined }[]> {
    return Promise.all(carriers.map(async (carrier) => ({ carrier, joined: await this.join(carrier, credentials) })))
  }

  /** Resolves with what went wrong with either, `undefined` when nothing. */
  async reload(config: SiteConfig): Promise<string | undefined> {
    const plain = await this.plain.reload(plainText(config))
    return plain ?? (await this.secure.reload(secureText(config, this.#certificates)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.both.map((server) => server[Symbol.asyncDispose]()))
  }
}

/** All that `rows` describe, for every implementation; these are asked at once, since mostly they wait. */
export function table(rows: (implementation: Implementation) => void): void {
  describe('each implementation', { concurrency: true }, () => {
    for (const implementation of [FORGIVING_BELFRY, ...IMPLEMENTATIONS.filter(({ name }) => name !== 'belfry')]) {
      const { name, skip } = implementation
      describe(name, { skip, concurrency: 1 }, () => rows(implementation))
    }
  })
}

/** A test for each carrier. */
export function overEach(
  name: string,
  run: (carrier: Carrier, context: TestContext) => Promise<void>,
  carriers: readonly Carrier[] = CARRIERS,
): void {
  for (const carrier of carriers) test(`${name} over ${carrier.name}`, (context) => run(carrier, context))
}

export function plainText({ main = '', webSocket = '' }: SiteConfig): string {
  return `${main}\nwebsocket { listen: "127.0.0.1:-1", no_tls: true\n${webSocket}\n}`
}

function secureText({ main = '', webSocket = '', tls = '' }: SiteConfig, certificates: Certificates): string {
  const block = certificates.block(tls)
  return `${main}\n${block}\nwebsocket { listen: "127.0.0.1:-1"\n${block}\n${webSocket}\n}`
}
