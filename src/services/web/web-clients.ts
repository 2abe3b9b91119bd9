import type { WebOptions } from '#config'
import {
  type ClientAddress,
  type ConcludeClient,
  clientAddress,
  concludeClient,
  type TrustCheck,
  trustCheck,
} from '#net'
import type { ReloadStep } from '../reload/reload-step.ts'

type ProxyOptions = Pick<WebOptions, 'ipHeader' | 'trustedProxies'>

/** Who is at the other end of the web listeners, seen through proxies, by the rules of the moment. */
export class WebClients {
  #rules: ReturnType<typeof readRules>

  /** Throws a `ConfigError` for a list of proxies that is none. */
  constructor(options: ProxyOptions) {
    this.#rules = readRules(options)
  }

  readonly address: ClientAddress = (request) => this.#rules.address(request)

  readonly conclude: ConcludeClient = (request) => this.#rules.conclude(request)

  /** Whether a proxy of this address is believed in what it says of others. */
  readonly isTrusted: TrustCheck = (address) => this.#rules.isTrusted(address)

  /** Other rules, for requests from then on. Throws a `ConfigError`. */
  prepare(options: ProxyOptions): ReloadStep {
    const next = readRules(options)
    return {
      install: () => {
        this.#rules = next
      },
      undo: async () => {},
    }
  }
}

function readRules({ ipHeader: header, trustedProxies }: ProxyOptions) {
  const rules = { header, trustedProxies }
  return {
    address: clientAddress(rules),
    conclude: concludeClient(rules),
    isTrusted: trustCheck(header === undefined ? 'none' : trustedProxies, 'IP_HEADER_TRUSTED_PROXIES'),
  }
}
