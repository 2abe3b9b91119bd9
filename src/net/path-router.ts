import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { contextOf, tellRequestId } from './request-context.ts'
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
  /** By the beginning of the path, which ends with a slash. */
  readonly #folders: (readonly [folder: string, handlers: PathHandlers])[] = []

  /** `path` is compared exactly, without the query. */
  add(path: string, handlers: PathHandlers): void {
    this.#handlers.set(path, handlers)
  }

  /** Every path below `folder`, such as `/push/send` of `/push`, but for those that are somebody's by themselves. */
  addBelow(folder: string, handlers: PathHandlers): void {
    this.#folders.push([`${folder}/`, handlers])
  }

  /** An upgrade to a path that nobody took is answered with 404. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const handler = this.#handlersFor(request)?.onUpgrade
    if (handler === undefined) refuseUpgrade(socket, 404)
    else handler(request, socket, head)
  }

  /** Whether the path is somebody's; only then it is answered. */
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean {
    const handler = this.#handlersFor(request)?.onRequest
    if (handler === undefined) return false
    tellRequestId(request, response)
    handler(request, response)
    return true
  }

  #handlersFor(request: IncomingMessage): PathHandlers | undefined {
    const { path } = requestTarget(request)
    const context = contextOf(request)
    const handlers = this.#handlers.get(path)
    if (handlers !== undefined) {
      if (context !== undefined) context.route = path
      return handlers
    }
    const found = this.#folders.find(([folder]) => path.startsWith(folder))
    if (found !== undefined && context !== undefined) context.route = `${found[0]}*`
    return found?.[1]
  }
}
