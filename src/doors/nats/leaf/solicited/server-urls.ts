import { isIP } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import type { LeafRemoteOptions, SolicitedUrl } from './remote-options.ts'

/** Of the servers that another one tells of, as many are kept. */
const MAX_DISCOVERED = 64

export type ServerUrlsOptions = Pick<LeafRemoteOptions, 'urls' | 'randomizes' | 'tls'> & {
  /** A whole number from 0 up to, not including, its argument. */
  readonly random: (below: number) => number
}

/** Where one remote is to be had, as it is configured and as servers there tell of each other. (nats-server: `pickNextURL`) */
export class ServerUrls {
  readonly #configured: readonly SolicitedUrl[]
  readonly #isSecure: boolean
  #urls: readonly SolicitedUrl[]
  /** Place of the one that was answered last; -1: before the first. */
  #at = -1
  #discovered: readonly SolicitedUrl[] = []
  /** For certificates of servers that are known by their address. */
  #rememberedName: string | undefined

  constructor({ urls, randomizes, tls, random }: ServerUrlsOptions) {
    this.#configured = urls
    this.#isSecure = tls !== undefined || urls.some(({ scheme }) => scheme === 'wss' || scheme === 'tls')
    this.#urls = randomizes ? shuffled(urls, random) : urls
    this.#remember(this.#urls)
  }

  get count(): number {
    return this.#urls.length
  }

  /** The name that a certificate of a server with an address may have instead. */
  get rememberedName(): string | undefined {
    return this.#rememberedName
  }

  /** The certificate of a server was right, but not for that name. */
  forgetName(): void {
    this.#rememberedName = undefined
  }

  /** The one after that which was answered last. */
  next(): SolicitedUrl {
    this.#at = (this.#at + 1) % this.#urls.length
    return this.#urls[this.#at]!
  }

  /**
   * `addresses` are all that there are by now, as `host:port`, besides those that are configured; what is none is left
   * out. They come before those, as in nats-server. Servers say so each time that they are connected to: who says nothing
   * new does not come first again, or one that lets nobody in would be the only one that is ever tried.
   */
  discovered(addresses: readonly string[]): void {
    const found = addresses.slice(0, MAX_DISCOVERED).flatMap((address) => this.#found(address) ?? [])
    if (isDeepStrictEqual(found, this.#discovered)) return
    const current = this.#urls[this.#at]
    this.#at = found.findIndex((one) => isDeepStrictEqual(one, current))
    this.#discovered = found
    this.#urls = [...found, ...this.#configured]
    this.#remember(found)
  }

  /** `undefined` also for one that is configured. */
  #found(address: string): SolicitedUrl | undefined {
    const { ipv6, name, port } = HOST_AND_PORT.exec(address)?.groups ?? {}
    const host = ipv6 ?? name
    if (host === undefined || Number(port) > 65_535 || Number(port) === 0) return undefined
    if (ipv6 !== undefined && isIP(ipv6) !== 6) return undefined
    if (this.#configured.some((one) => one.host === host && one.port === Number(port))) return undefined
    const isWebSocket = this.#configured[0]!.scheme.startsWith('ws')
    const scheme = isWebSocket ? (this.#isSecure ? 'wss' : 'ws') : this.#isSecure ? 'tls' : 'nats'
    return { scheme, host, port: Number(port), path: '', user: undefined, password: undefined }
  }

  #remember(urls: readonly SolicitedUrl[]): void {
    this.#rememberedName ??= urls.find(({ host }) => isIP(host) === 0)?.host
  }
}

/** RFC 1035 §2.3.4: a name has at most 253 characters. */
const HOST_AND_PORT = /^(?:\[(?<ipv6>[\da-f:.]{2,45})\]|(?<name>[\w.-]{1,253})):(?<port>\d{1,5})$/i

function shuffled<T>(items: readonly T[], random: (below: number) => number): readonly T[] {
  const left = [...items]
  return items.map(() => left.splice(random(left.length), 1)[0]!)
}
