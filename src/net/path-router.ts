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
    handler?.(request, response)
    return handler !== undefined
  }

  #handlersFor(request: IncomingMessage): PathHandlers | undefined {
    const { path } = requestTarget(request)
    return this.#handlers.get(path) ?? this.#folders.find(([folder]) => path.startsWith(folder))?.[1]
  }
}
