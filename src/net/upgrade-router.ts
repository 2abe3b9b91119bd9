import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { requestTarget } from './request-target.ts'
import { refuseUpgrade, type UpgradeHandler } from './upgrade.ts'

/** Which door takes which path's upgrades. */
export class UpgradeRouter {
  readonly #handlers = new Map<string, UpgradeHandler>()

  /** `path` is compared exactly, without the query. */
  add(path: string, handler: UpgradeHandler): void {
    this.#handlers.set(path, handler)
  }

  /** An upgrade to a path that nobody took is answered with 404. */
  handle(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const handler = this.#handlers.get(requestTarget(request).path)
    if (handler === undefined) refuseUpgrade(socket, 404)
    else handler(request, socket, head)
  }
}
