import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { requestTarget } from './request-target.ts'
import { refuseUpgrade, type UpgradeHandler } from './upgrade.ts'

/** What serves a path. Without `onRequest` its requests are those of nobody in particular. */
export interface PathHandlers {
  readonly onUpgrade?: UpgradeHandler
  readonly onRequest?: RequestListener
}

/** Which door takes which path. */
export class PathRouter {
  readonly #handlers = new Map<string, PathHandlers>()

  /** `path` is compared exactly, without the query. */
  add(path: string, handlers: PathHandlers): void {
    this.#handlers.set(path, handlers)
  }

  /** An upgrade to a path that nobody took is answered with 404. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const handler = this.#handlers.get(requestTarget(request).path)?.onUpgrade
    if (handler === undefined) refuseUpgrade(socket, 404)
    else handler(request, socket, head)
  }

  /** Whether the path is somebody's; only then it is answered. */
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean {
    const handler = this.#handlers.get(requestTarget(request).path)?.onRequest
    handler?.(request, response)
    return handler !== undefined
  }
}
