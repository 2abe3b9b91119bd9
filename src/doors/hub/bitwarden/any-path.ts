import type { IncomingMessage } from 'node:http'
import { type PathHandlers, refuseUpgrade, requestTarget } from '#net'
import type { HubEndpoint } from '../endpoint/endpoint.ts'

/** Of a path: the hub's, and what of the hub it is for. */
const HUB_PATH = /^(.*?)\/?(\/negotiate)?$/

/**
 * The hubs of Bitwarden for a listener that has nothing else, as proxy rules of 2020 expect it: whatever the path, it is
 * the users' hub, unless it ends like that of the anonymous one. spec: hub §7.2
 */
export function handlersForAnyPath(hubs: {
  readonly userHub: HubEndpoint
  readonly anonymousHub: HubEndpoint
}): Required<PathHandlers> {
  const users = new Map(hubs.userHub.routes(''))
  const anonymous = new Map(hubs.anonymousHub.routes(''))
  const handlersFor = (request: IncomingMessage): PathHandlers | undefined => {
    const [, path = '', part = ''] = HUB_PATH.exec(requestTarget(request).path) ?? []
    return (path.endsWith('/anonymous-hub') ? anonymous : users).get(part)
  }
  return {
    onUpgrade(request, socket, head) {
      const handler = handlersFor(request)?.onUpgrade
      if (handler === undefined) refuseUpgrade(socket, 404)
      else handler(request, socket, head)
    },
    onRequest(request, response) {
      const handler = handlersFor(request)?.onRequest
      if (handler === undefined) response.writeHead(404, { 'Content-Length': 0 }).end()
      else handler(request, response)
    },
  }
}
